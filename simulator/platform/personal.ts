/**
 * Protected customer data, level 2 (name, address, phone, e-mail): what an app without approval sees as null.
 * Country and province stay, as they name nobody.
 */
export const personalFields: Record<string, ReadonlySet<string>> = {
  Customer: new Set(['email', 'firstName', 'lastName', 'displayName', 'phone', 'defaultPhoneNumber', 'addresses', 'addressesV2', 'note']),
  CustomerEmailAddress: new Set(['emailAddress', 'marketingUnsubscribeUrl', 'openTrackingUrl']),
  MailingAddress: new Set(['address1', 'address2', 'city', 'company', 'firstName', 'lastName', 'name', 'phone', 'zip', 'formatted', 'latitude', 'longitude']),
  Order: new Set(['email', 'phone', 'billingAddress', 'shippingAddress', 'displayAddress', 'clientIp']),
}

const personalKeys = new Set([
  'email', 'contact_email', 'email_address', 'phone', 'first_name', 'last_name', 'addresses', 'default_address',
  'shipping_address', 'billing_address', 'note', 'client_details', 'browser_ip',
])

/** A webhook's payload without them: the keys are missing, at any depth. */
export function withoutPersonalFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPersonalFields)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !personalKeys.has(key)).map(([key, inner]) => [key, withoutPersonalFields(inner)]))
}
