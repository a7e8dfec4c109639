import { and, eq, ne } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { deliveries, links, messages, suppressions } from '../db/schema.ts'
import { confirmationFault, domainFault } from '../domains/may-send.ts'
import { addressHash } from '../lib/crypto.ts'
import { invalid } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { isAddress } from '../mail/check.ts'
import { getSettings } from '../shops/shops.ts'
import { wakeSending } from './wake.ts'

export interface SingleMail {
  kind: 'confirmation' | 'test'
  subject: string
  /** May hold `[[link:n]]` and `[[footer]]`; a footer is added where none is asked for. A test may hold merge tags. */
  html: string
  text: string
  language: string
  /** Who gets it. A test goes to an address and belongs to nobody: its subscriberId is not used. */
  to: { subscriberId: string; email: string }
  links?: { n: number; url: string; label: string }[]
}

/**
 * Makes a message for one person with its delivery row and its job, in the ambient transaction. An address on the blocked list
 * gets nothing; its row says why. Throws `invalid` when the address is none, the shop has no sender yet, or its domain may not be used for this.
 * @returns the id of the message.
 */
export async function queueSingle(app: Pick<App, 'db' | 'clock' | 'queue' | 'settings' | 'mail'>, shopId: string, mail: SingleMail): Promise<string> {
  const email = mail.to.email.trim()
  if (!isAddress(email)) throw invalid('This is not an e-mail address.', { to: 'is not an e-mail address' })
  const settings = await getSettings(app, shopId)
  if (!settings.senderEmail || !settings.senderName) throw invalid('Please fill in the sender in the settings first.', { sender: 'is not complete' })
  const fault = mail.kind === 'test' ? await domainFault(app, settings) : await confirmationFault(app, settings)
  if (fault) throw invalid(fault, { sender: 'has a domain that is not verified' })
  const now = app.clock.now()
  const id = newId(now)
  await app.db.transaction(async () => {
    await app.db.insert(messages).values({
      shopId, id, kind: mail.kind, subject: mail.subject, preheader: '', html: mail.html, text: mail.text, language: mail.language,
      fromName: settings.senderName, fromEmail: settings.senderEmail, replyTo: settings.replyTo, way: 'individual', createdAt: now,
    })
    await insertAll(app.db, links, (mail.links ?? []).map((link) => ({ shopId, messageId: id, ...link })))
    const ofAddress = and(eq(suppressions.shopId, shopId), eq(suppressions.addressHash, addressHash(app.settings.keys, shopId, email)))
    const blocked = await app.db
      .select({ reason: suppressions.reason })
      .from(suppressions)
      // Who asked to be forgotten may come back by a form; only their answer to this mail lifts the tombstone.
      .where(mail.kind === 'confirmation' ? and(ofAddress, ne(suppressions.reason, 'erased')) : ofAddress)
      .orderBy(suppressions.reason)
      .limit(1)
    const reason = blocked[0] && (blocked[0].reason === 'manual' ? 'suppressed' : blocked[0].reason)
    await app.db.insert(deliveries).values({
      shopId, messageId: id, subscriberId: mail.kind === 'test' ? newId(now) : mail.to.subscriberId, email, state: reason ? 'suppressed' : 'pending', reason: reason ?? null,
      attempts: 0, createdAt: now, updatedAt: now,
    })
    if (!reason) await wakeSending(app, shopId, id)
  })
  return id
}
