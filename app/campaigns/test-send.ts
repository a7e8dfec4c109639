import { and, count, eq, gt } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockRows } from '../db/open.ts'
import { messages, shopSettings } from '../db/schema.ts'
import { queueSingle } from '../deliveries/queue-single.ts'
import { after, HOUR } from '../lib/clock.ts'
import { tooMany } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import { mergeShop, personalise } from '../templates/merge.ts'
import { audienceOf } from './audience.ts'
import { samplePeople } from './rehearsal.ts'
import { compileFor, samplePerson } from './render.ts'
import { findCampaign } from './state.ts'

const perHour = 10

/** Sends a campaign as it is now to one address of the merchant's choice, filled in as for a person of its audience. At most 10 an hour and shop. */
export async function sendTest(app: App, shop: Shop, id: string, to: string): Promise<void> {
  const campaign = await findCampaign(app, shop.id, id)
  const settings = await getSettings(app, shop.id)
  const words = { subject: campaign.subject.trim() || campaign.name, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const compiled = await compileFor(app, shop, words, settings)
  const audience = await audienceOf(app, shop, campaign.audience)
  const [person] = audience ? await samplePeople(app, shop.id, audience.where) : []
  const filled = personalise({ ...compiled, subject: words.subject, preheader: words.preheader }, person ?? samplePerson, mergeShop(shop))
  await app.db.transaction(async () => {
    // One at a time: of requests that come together each must see the others' mails.
    await lockRows(app.db.select({ id: shopSettings.shopId }).from(shopSettings).where(eq(shopSettings.shopId, shop.id)))
    const [recent] = await app.db
      .select({ tests: count() })
      .from(messages)
      .where(and(eq(messages.shopId, shop.id), eq(messages.kind, 'test'), gt(messages.createdAt, after(app.clock.now(), -HOUR))))
    if ((recent?.tests ?? 0) >= perHour) throw tooMany(`You sent ${perHour} test mails within an hour. Please wait a little.`)
    await queueSingle(app, shop.id, { kind: 'test', subject: `[Test] ${filled.subject}`, html: filled.html, text: filled.text, language: shop.locale, to: { subscriberId: '', email: to }, links: compiled.links })
  })
}
