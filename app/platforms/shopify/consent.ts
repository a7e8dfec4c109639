import { z } from 'zod'
import type { App } from '../../app.ts'
import { GiveUp } from '../../jobs/queue.ts'
import type { Shop } from '../../shops/shops.ts'
import type { Platform, StoreConsent } from '../platform.ts'
import { globalId, plainId } from './api.ts'
import { createCustomerDocument, customerByEmailDocument, customerByIdDocument, writeConsentDocument } from './documents.ts'
import { graphql } from './graphql.ts'
import { consentOf } from './nodes.ts'

type Change = Parameters<Platform['writeConsent']>[1]
interface Known {
  id: string
  consent: StoreConsent
}

const text = z.string().nullish()
const known = z
  .object({ id: z.string(), defaultEmailAddress: z.object({ emailAddress: text, marketingState: text, marketingOptInLevel: text, marketingUpdatedAt: text }).nullish() })
  .nullish()
const faults = z.array(z.object({ field: z.array(z.string()).nullish(), message: z.string(), code: z.string().nullish() }))
const created = z.object({ customerCreate: z.object({ customer: z.object({ id: z.string() }).nullish(), userErrors: faults }).nullish() })
const written = z.object({ customerEmailMarketingConsentUpdate: z.object({ customer: z.object({ id: z.string() }).nullish(), userErrors: faults }).nullish() })

/**
 * Tells the store what a person decided with us, with the true time of the decision (platform notes 6.2, 6.3): a time within
 * the last day starts the merchant's own automations, so it must not be "now" for something that happened earlier.
 * Never lowers a confirmed opt-in to a single one, never writes over a newer decision that the store knows.
 */
export async function writeConsent(app: App, shop: Shop, change: Change): Promise<{ platformId: string | null }> {
  const customer = await find(app, shop, change)
  if (!customer) {
    if (change.state === 'unsubscribed') return { platformId: null } // the store does not know the person: nothing to withdraw there
    return { platformId: await create(app, shop, change) }
  }
  const platformId = plainId(customer.id)
  if (isSettled(customer.consent, change)) return { platformId }
  const input = { customerId: customer.id, emailMarketingConsent: consentInput(app, change, customer.consent) }
  const { customerEmailMarketingConsentUpdate: reply } = await graphql(app, shop, writeConsentDocument, { input }, written)
  if (!reply || reply.userErrors.length > 0) throw new GiveUp(`the store refuses the consent (${reply?.userErrors.map((f) => f.code ?? 'unknown').join(', ') ?? 'no answer'})`)
  return { platformId }
}

/** True when the store knows the same or something that must stand. */
export function isSettled(store: StoreConsent, change: Pick<Change, 'state' | 'level' | 'at'>): boolean {
  const sameState = store.state === change.state
  if (sameState && (change.state !== 'subscribed' || store.level === change.level || store.level === 'confirmed')) return true
  // A newer decision in the store stands; on a tie the lower state does.
  const newer = store.updatedAt !== null && store.updatedAt.getTime() > change.at.getTime()
  const tie = store.updatedAt !== null && store.updatedAt.getTime() === change.at.getTime()
  const lowered = store.state === 'unsubscribed' || store.state === 'invalid' || store.state === 'redacted'
  if (change.state === 'unsubscribed') return lowered
  return store.state === 'redacted' || (lowered && (newer || tie)) || (store.state === 'subscribed' && change.state === 'pending')
}

async function find(app: App, shop: Shop, change: Change): Promise<Known | null> {
  if (change.platformId) {
    const { customer } = await graphql(app, shop, customerByIdDocument, { id: globalId('Customer', change.platformId) }, z.object({ customer: known }))
    if (customer) return asKnown(customer)
  }
  return byEmail(app, shop, change.email)
}

async function byEmail(app: App, shop: Shop, email: string): Promise<Known | null> {
  const { customerByIdentifier } = await graphql(app, shop, customerByEmailDocument, { email }, z.object({ customerByIdentifier: known }))
  return customerByIdentifier ? asKnown(customerByIdentifier) : null
}

async function create(app: App, shop: Shop, change: Change): Promise<string> {
  const input = {
    email: change.email,
    ...(change.firstName ? { firstName: change.firstName } : {}),
    ...(change.locale ? { locale: change.locale } : {}),
    emailMarketingConsent: consentInput(app, change, null),
  }
  const { customerCreate: reply } = await graphql(app, shop, createCustomerDocument, { input }, created)
  if (reply?.customer) return plainId(reply.customer.id)
  // Somebody made the customer in between: the next attempt of this job finds it.
  if (reply?.userErrors.some((fault) => /taken/i.test(fault.message))) throw new Error('the customer was made by somebody else meanwhile')
  throw new GiveUp(`the store refuses the customer (${reply?.userErrors.map((fault) => (fault.field ?? []).join('.')).join(', ') ?? 'no answer'})`)
}

function consentInput(app: App, change: Change, store: StoreConsent | null): Record<string, string> {
  const levels = { single: 'SINGLE_OPT_IN', confirmed: 'CONFIRMED_OPT_IN' } as const
  // Waiting for a confirmation is only possible with confirmed opt-in; a withdrawal keeps the level that is there.
  const level = change.state === 'pending' ? 'confirmed' : change.state === 'unsubscribed' && store && store.level !== 'unknown' ? store.level : change.level
  const at = change.at < app.clock.now() ? change.at : app.clock.now() // the store refuses a time in the future
  return { marketingState: change.state.toUpperCase(), marketingOptInLevel: levels[level], consentUpdatedAt: at.toISOString() }
}

function asKnown(customer: NonNullable<z.infer<typeof known>>): Known {
  const at = customer.defaultEmailAddress
  return { id: customer.id, consent: consentOf(at?.marketingState, at?.marketingOptInLevel, at?.marketingUpdatedAt ? new Date(at.marketingUpdatedAt) : null) }
}
