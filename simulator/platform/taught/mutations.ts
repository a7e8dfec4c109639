import { createCustomer, setConsent, updateCustomer, type Marketing } from '../../actions/customers.ts'
import { numberOf } from '../../format.ts'
import type { SimCustomer } from '../../types.ts'
import { accessDenied, badRequest, invalidId, NotTaught, type UserError } from '../faults.ts'
import { field, plain, type Args, type Context, type Taught } from './teach.ts'

interface ConsentInput { marketingState: Marketing['state']; marketingOptInLevel?: Marketing['level'] | null; consentUpdatedAt?: string | null }
interface CustomerInput {
  email?: string | null
  firstName?: string | null
  lastName?: string | null
  locale?: string | null
  tags?: string[] | null
  note?: string | null
  emailMarketingConsent?: ConsentInput | null
}

const writable = new Set(['SUBSCRIBED', 'UNSUBSCRIBED', 'PENDING'])
const taughtInput = new Set(['email', 'firstName', 'lastName', 'locale', 'tags', 'note', 'emailMarketingConsent'])

/** What an app may change in the store. Each change goes through the same actions as a change by hand, and so sends the same news. */
export const mutationFields: Taught = {
  Mutation: {
    customerCreate: field(['input'], (_, args, context) => create(args.input as CustomerInput, context)),
    customerEmailMarketingConsentUpdate: field(['input'], (_, args, context) => consent(args.input as { customerId: string; emailMarketingConsent: ConsentInput }, context)),
    tagsAdd: field(['id', 'tags'], (_, args, context) => changeTags(args, context, (own, tags) => [...new Set([...own, ...tags])])),
    tagsRemove: field(['id', 'tags'], (_, args, context) => changeTags(args, context, (own, tags) => own.filter((tag) => !tags.includes(tag)))),
  },
  CustomerCreatePayload: plain('customer', 'userErrors'),
  CustomerEmailMarketingConsentUpdatePayload: plain('customer', 'userErrors'),
  CustomerEmailMarketingConsentUpdateUserError: plain('field', 'message', 'code'),
  TagsAddPayload: plain('node', 'userErrors'),
  TagsRemovePayload: plain('node', 'userErrors'),
}

function create(input: CustomerInput, { world, store }: Context): { customer: SimCustomer | null; userErrors: UserError[] } {
  for (const name of Object.keys(input)) if (!taughtInput.has(name)) throw new NotTaught(`CustomerInput.${name}`)
  const email = input.email?.trim() || null
  const errors: UserError[] = []
  if (!email && !input.firstName && !input.lastName) errors.push({ field: null, message: 'A name, phone number, or email address must be present' })
  if (email && email.length > 255) errors.push({ field: ['email'], message: 'Email is too long (maximum is 255 characters)' })
  else if (email && !/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(email)) errors.push({ field: ['email'], message: 'Email is invalid' })
  if (email && store.customersByEmail.has(email.toLowerCase())) errors.push({ field: ['email'], message: 'Email has already been taken' })
  if ((input.tags?.length ?? 0) > 250) errors.push({ field: ['tags'], message: 'Tags cannot be more than 250' })
  if ((input.note?.length ?? 0) > 5000) errors.push({ field: ['note'], message: 'Note is too long (maximum is 5000 characters)' })
  const wish = input.emailMarketingConsent
  if (wish) {
    if (!email) errors.push({ field: ['emailMarketingConsent'], message: 'An email address is required to set the email marketing consent state.' })
    errors.push(...consentErrors(wish, world.clock.now()).map(({ field: place, message }) => ({ field: place?.slice(1) ?? null, message })))
  }
  if (errors.length > 0) return { customer: null, userErrors: errors }
  const customer = createCustomer(world, store, {
    email,
    firstName: input.firstName ?? null,
    lastName: input.lastName ?? null,
    tags: input.tags ?? [],
    ...(input.locale ? { locale: input.locale } : {}),
    ...(wish ? { marketing: { state: wish.marketingState, level: wish.marketingOptInLevel ?? 'SINGLE_OPT_IN', at: timeOf(wish, world.clock.now()) } } : {}),
  })
  return { customer, userErrors: [] }
}

function consent(input: { customerId: string; emailMarketingConsent: ConsentInput }, { world, store }: Context): { customer: SimCustomer | null; userErrors: UserError[] } {
  const id = numberOf('Customer', input.customerId)
  if (id === null) throw invalidId()
  const wish = input.emailMarketingConsent
  const now = world.clock.now()
  const errors = consentErrors(wish, now)
  const customer = store.customers.get(id)
  if (!customer) return { customer: null, userErrors: [{ field: ['input', 'customerId'], message: 'Customer not found', code: 'INVALID' }] }
  if (!customer.email && !errors.some((error) => error.code === 'MISSING_ARGUMENT')) errors.unshift(missingLevel)
  if (errors.length > 0) return { customer: null, userErrors: errors }
  return { customer: setConsent(world, store, id, wish.marketingState, wish.marketingOptInLevel!, timeOf(wish, now)), userErrors: [] }
}

const missingLevel: UserError = { field: ['input', 'emailMarketingConsent', 'marketingOptInLevel'], message: 'Marketing opt in level must exist', code: 'MISSING_ARGUMENT' }

function consentErrors(wish: ConsentInput, now: Date): UserError[] {
  if (!writable.has(wish.marketingState)) throw badRequest(`Cannot specify ${wish.marketingState} as a marketing state input`)
  const errors: UserError[] = []
  if (!wish.marketingOptInLevel) errors.push(missingLevel)
  if (timeOf(wish, now) > now) {
    errors.push({ field: ['input', 'emailMarketingConsent', 'consentUpdatedAt'], message: 'Consent updated at must not be in the future', code: 'INVALID' })
  }
  if (wish.marketingState === 'PENDING' && wish.marketingOptInLevel && wish.marketingOptInLevel !== 'CONFIRMED_OPT_IN') {
    errors.push({
      field: ['input', 'emailMarketingConsent', 'marketingOptInLevel'],
      message: 'Marketing opt in level must be confirmed opt-in for pending consent state', code: 'INVALID',
    })
  }
  return errors
}

const timeOf = (wish: ConsentInput, now: Date): Date => (wish.consentUpdatedAt ? new Date(wish.consentUpdatedAt) : now)

function changeTags(args: Args, { world, store, scopes }: Context, change: (own: string[], tags: string[]) => string[]): unknown {
  const id = numberOf('Customer', String(args.id))
  if (id === null) throw new NotTaught(`tags of ${String(args.id)}; only customers`)
  if (!scopes.has('write_customers')) throw accessDenied('tagsAdd', { scopes: ['write_customers'], words: '`write_customers` access scope.' })
  const customer = store.customers.get(id)
  if (!customer) return { node: null, userErrors: [{ field: ['id'], message: 'Customer does not exist' }] }
  const changed = updateCustomer(world, store, id, { tags: change(customer.tags, (args.tags as string[]).flatMap((tag) => tag.split(',')).map((tag) => tag.trim())) })
  return { node: { ...changed, __typename: 'Customer' }, userErrors: [] }
}
