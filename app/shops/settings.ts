import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { shopSettings } from '../db/schema.ts'
import { invalid } from '../lib/errors.ts'
import type { settingsInput } from './contract.ts'

/**
 * Stores the merchant's settings. Attesting the store's records is a statement with a time: it covers the records that are there at
 * that time and is not taken back by sending false (who may be mailed because of it is derived, see consent/mailable.ts). Saving a
 * complete sender confirms it. Soft opt-in counts from the moment it is switched on; switched off, nobody may be mailed because of it.
 */
export async function saveSettings(app: App, shopId: string, input: z.infer<typeof settingsInput>): Promise<void> {
  const { attestRecords, senderName, senderEmail, replyTo, postalAddress, softOptIn, ...rest } = input
  for (const [field, value] of Object.entries({ senderName, senderEmail, replyTo }))
    if (/[\r\n\0]/.test(value)) throw invalid('A line break does not belong here.', { [field]: 'must be one line' })
  const now = app.clock.now()
  const complete = Boolean(senderName && senderEmail && postalAddress)
  await app.db.transaction(async () => {
    await app.db
      .update(shopSettings)
      .set({ ...rest, senderName, senderEmail, replyTo, postalAddress, senderConfirmedAt: complete ? now : null, updatedAt: now })
      .where(eq(shopSettings.shopId, shopId))
    if (softOptIn) {
      const { on, wording, family } = softOptIn
      await app.db
        .update(shopSettings)
        .set({ softOptInSince: on ? sql`coalesce(${shopSettings.softOptInSince}, ${sql.param(now, shopSettings.softOptInSince)})` : null, softOptInWording: wording || null, softOptInFamily: family || null })
        .where(eq(shopSettings.shopId, shopId))
    }
    if (attestRecords) await app.db.update(shopSettings).set({ recordsAttestedAt: now }).where(eq(shopSettings.shopId, shopId))
  })
}
