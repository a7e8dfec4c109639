import { and, eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { standingOf } from '../consent/mailable.ts'
import { historiesOf, recordConsent } from '../consent/record.ts'
import { suppressions } from '../db/schema.ts'
import { dayIn } from '../lib/clock.ts'
import { addressHash } from '../lib/crypto.ts'
import { invalid } from '../lib/errors.ts'
import { isAddress } from '../mail/check.ts'
import type { Shop } from '../shops/shops.ts'
import type { agreedHow, PersonAdded, personAddedReply } from './contract.ts'
import { findByEmail } from './find.ts'
import { statusOf } from './status.ts'
import { upsertSubscribers } from './upsert.ts'
import { sentenceOf } from './words.ts'

/**
 * The merchant adds somebody by hand. What the merchant says of how they agreed fills an empty ledger as the merchant's record, with what they can
 * show for it; it never changes what the person or anybody else said before. Of somebody who is here already, only what was unknown is filled in.
 * @throws 422 that names the field: no address, a day that has not come, somebody who asked to be forgotten.
 */
export async function addByHand(app: Pick<App, 'db' | 'clock' | 'settings'>, shop: Shop, input: PersonAdded, userId: string): Promise<z.infer<typeof personAddedReply>> {
  if (!isAddress(input.email)) throw invalid('Enter a whole e-mail address.', { email: 'is not an e-mail address' })
  const { basis } = input
  if (basis && basis.on > dayIn(shop.timezone, app.clock.now())) throw invalid('They cannot have agreed on a day that has not come.', { 'basis.on': 'lies in the future' })
  return app.db.transaction(async () => {
    await mustNotBeForgotten(app, shop.id, input.email)
    const known = await findByEmail(app, shop.id, input.email)
    const names = { firstName: known?.firstName ? null : input.firstName || null, lastName: known?.lastName ? null : input.lastName || null }
    if (!known || names.firstName || names.lastName) await upsertSubscribers(app, shop.id, [{ email: input.email, ...names, source: 'manual' }])
    const person = known ?? (await findByEmail(app, shop.id, input.email))
    if (!person) throw invalid('This person could not be added.', { email: 'could not be added' })
    const written = basis
      ? await recordConsent(app, shop.id, [{
          subscriberId: person.id, purpose: 'email_marketing', act: 'imported', basis: 'merchant_record', method: 'merchant', source: `Added by hand: ${howWords[basis.how]}`,
          evidence: { how: basis.how, on: basis.on, note: basis.note, userId }, occurredAt: during(basis.on, shop.timezone, app.clock.now()),
        }])
      : 0
    const history = (await historiesOf(app, shop.id, [person.id])).get(`${person.id} email_marketing`) ?? []
    const status = statusOf((await standingOf(app, shop.id, [person.id])).get(person.id) ?? null)
    const came = known ? 'They are here already' : 'Added'
    const kept = basis && written === 0 ? ', and what is written down of their consent stands' : ''
    return { id: person.id, added: !known, sentence: `${came}${kept}. ${sentenceOf(status, history, shop)}` }
  })
}

const howWords: Record<z.infer<typeof agreedHow>, string> = { paper: 'agreed on paper', phone: 'agreed on the phone', in_person: 'agreed in person' }

/** A moment of that day, where the shop is, that has been. */
function during(day: string, zone: string, now: Date): Date {
  const hours = ['12:00', '00:00', '23:59'].map((hour) => new Date(`${day}T${hour}:00Z`))
  const at = hours.find((one) => dayIn(zone, one) === day) ?? hours[0]!
  return at < now ? at : now
}

async function mustNotBeForgotten(app: Pick<App, 'db' | 'settings'>, shopId: string, email: string): Promise<void> {
  const hash = addressHash(app.settings.keys, shopId, email)
  const tombs = await app.db.$count(suppressions, and(eq(suppressions.shopId, shopId), eq(suppressions.addressHash, hash), eq(suppressions.reason, 'erased')))
  if (tombs > 0) throw invalid('Whoever has this address asked to be forgotten. Only they themselves can come back, by a sign-up form.', { email: 'asked to be forgotten' })
}
