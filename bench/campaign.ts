import type { App } from '../app/app.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { progressOf } from '../app/deliveries/progress.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import type { Shop } from '../app/shops/shops.ts'
import type { Newsletter } from './newsletter.ts'
import type { Sink } from './sink.ts'
import { addCampaign } from './store.ts'

const longest = 10 * 60_000 // milliseconds for one turn

export interface Sent {
  messageId: string
  /** From the freeze to the last accepted mail. */
  seconds: number
  frozenSeconds: number
  statements: number
}

/** One campaign to everybody of the shop through the real engine, from the freeze until nobody waits any more. The mail itself is drawn before. */
export async function sendCampaign(app: App, shop: Shop, letter: Newsletter, way: 'shared' | 'individual'): Promise<Sent> {
  const messageId = await addCampaign(app, shop, letter, way)
  const [statements, from] = [app.db.statements(), performance.now()]
  await freeze(app, shop.id, messageId, null)
  const frozen = performance.now()
  do {
    await sendDeliveries(app, { shopId: shop.id, messageId })
    if (performance.now() - from > longest) throw new Error('the send takes too long')
  } while ((await progressOf(app, shop.id, [messageId])).get(messageId)!.waiting > 0)
  return { messageId, seconds: (performance.now() - from) / 1000, frozenSeconds: (frozen - from) / 1000, statements: app.db.statements() - statements }
}

/** Everybody got it once, and the ledger says so. Throws otherwise. */
export async function checkSent(app: App, shop: Shop, messageId: string, count: number, sink: Sink): Promise<{ doubled: number; lost: number; sinkCpu: number }> {
  const [seen, progress] = [await sink.counts(), (await progressOf(app, shop.id, [messageId])).get(messageId)!]
  if (seen.distinct !== count || seen.doubles !== 0 || seen.unread !== 0 || progress.accepted !== count)
    throw new Error(`of ${count} people the sink saw ${seen.distinct}, ${seen.doubles} of them again, and ${progress.accepted} are accepted`)
  return { doubled: seen.doubles, lost: count - seen.distinct, sinkCpu: seen.cpuSeconds }
}

export const hundredths = (value: number): number => Math.round(value * 100) / 100
export const sendGridEnv = (port: number): Record<string, string> => ({
  MAIL_PROVIDER: 'sendgrid', SENDGRID_URL: `http://127.0.0.1:${port}`, SENDGRID_API_KEY: 'SG.bench', SENDGRID_WEBHOOK_KEY: 'unused', MAIL_PER_SECOND: '1000000',
})
