import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../../app/app.ts'
import { resume } from '../../app/campaigns/commands.ts'
import { tryMove } from '../../app/campaigns/state.ts'
import { campaigns, subscribers } from '../../app/db/schema.ts'
import type { SendProgress } from '../../app/deliveries/contract.ts'
import { freeze } from '../../app/deliveries/freeze.ts'
import { progressOf } from '../../app/deliveries/progress.ts'
import { wakeSending } from '../../app/deliveries/wake.ts'
import { signLink } from '../../app/lib/tokens.ts'
import type { Shop } from '../../app/shops/shops.ts'
import { addCampaign, addPeople } from '../store.ts'
import type { Plan } from './args.ts'
import { letter } from './letter.ts'

/** What is sent in a run, and how it stands. */
export interface Sending {
  audience: number
  messageIds: string[]
  /** All campaigns of the run together. */
  progress(): Promise<SendProgress>
  /** Resumes what was paused, as its owner would. @returns whether everything is sent. */
  mind(mayResume: boolean): Promise<boolean>
  /** Some people who are in it, each with the address behind the link by which they leave. */
  someWays(count: number, random: () => number): { email: string; path: string }[]
}

/** Freezes the audience and hands it over. Where the provider can merge, most people are reached by shared calls and one in fifty alone: two campaigns at once. */
export async function beginSending(app: App, shop: Shop, plan: Plan): Promise<Sending> {
  const ids = await addPeople(app, shop.id, plan.recipients)
  const few = sql`(${subscribers.email} like '%07@example.org' or ${subscribers.email} like '%57@example.org')`
  const parts = plan.provider === 'sendgrid' ? ([['shared', sql`not ${few}`], ['individual', few]] as const) : ([['individual', null]] as const)
  const messageIds: string[] = []
  let audience = 0
  for (const [way, where] of parts) {
    const messageId = await addCampaign(app, shop, letter, way)
    // So many calls that each kill finds some of them under way.
    const size = Math.min(1_000, Math.max(20, Math.ceil(plan.recipients / Math.max(100, plan.kills * 8))))
    audience += (await freeze(app, shop.id, messageId, where, size)).audience
    await wakeSending(app, shop.id, messageId)
    messageIds.push(messageId)
  }
  if (audience !== plan.recipients) throw new Error(`${plan.recipients} people were meant and ${audience} frozen`)
  // Nobody can press a link of a mail that they have not got: they leave by one that came before.
  const earlier = await addCampaign(app, shop, letter)
  await tryMove(app, shop.id, earlier, 'finish')
  return {
    audience,
    messageIds,
    async progress() {
      const all = await progressOf(app, shop.id, messageIds)
      const sum = { everybody: 0, excluded: 0, audience: 0, waiting: 0, accepted: 0, refused: 0, suppressed: 0, uncertain: 0, held: 0 }
      for (const one of all.values()) for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += one[name]
      return sum
    },
    async mind(mayResume) {
      const found = await app.db.select({ id: campaigns.id, status: campaigns.status }).from(campaigns).where(and(eq(campaigns.shopId, shop.id), inArray(campaigns.id, messageIds))).orderBy(campaigns.id)
      for (const { id, status } of found) if (status === 'paused' && mayResume) await resume(app, shop, id)
      return found.every(({ status }) => status === 'sent')
    },
    someWays: (count, random) =>
      Array.from({ length: count }, () => {
        const i = Math.floor(random() * ids.length)
        return { email: `person${i}@example.org`, path: `/u/${signLink(app.settings.keys, 'unsubscribe', { shopId: shop.id, messageId: earlier, subscriberId: ids[i]! })}` }
      }),
  }
}
