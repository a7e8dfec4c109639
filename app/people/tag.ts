import { setImmediate as breathe } from 'node:timers/promises'
import { and, count, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { subscribers, subscriberTags } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import type { Tagged, TagInput } from '../subscribers/contract.ts'
import { isStores } from '../subscribers/tags.ts'
import { whoFits } from './filter.ts'
import { findPage } from './page.ts'

const batch = 2_000

/**
 * Gives people a tag or takes it away, set-wise, 2,000 in a transaction. People of another shop are nobody. A tag that the store gave stays, because the next
 * news from the store would bring it back.
 */
export async function tagPeople(app: Pick<App, 'db' | 'clock'>, shop: Shop, { tag, action, people }: TagInput): Promise<Tagged> {
  let [changed, kept] = [0, 0]
  for await (const ids of 'ids' in people ? some(people.ids) : fitting(app, shop, people.filter)) {
    const given = jsonRows(ids.map((id) => [id]))
    const these = sql`(select ${given.text(0)} from ${given.from})`
    const theirs = and(eq(subscriberTags.shopId, shop.id), eq(subscriberTags.tag, tag), inArray(subscriberTags.subscriberId, these))
    const has = sql`exists (select 1 from subscriber_tags t where t.shop_id = ${shop.id} and t.subscriber_id = ${subscribers.id} and t.tag = ${tag}${action === 'remove' ? sql` and t.own` : sql``})`
    await app.db.transaction(async () => {
      // Something about them changes: that explains later why they came into a segment, or left it (campaigns/explain.ts).
      await app.db.update(subscribers).set({ updatedAt: app.clock.now() }).where(and(eq(subscribers.shopId, shop.id), inArray(subscribers.id, these), action === 'add' ? sql`not ${has}` : has))
      if (action === 'add') {
        const here = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shop.id), inArray(subscribers.id, these))).orderBy(subscribers.id)
        changed += await insertAll(app.db, subscriberTags, here.map(({ id }) => ({ shopId: shop.id, subscriberId: id, tag, own: true })), { target: ['shopId', 'subscriberId', 'tag'] })
      } else {
        changed += (await app.db.delete(subscriberTags).where(and(theirs, eq(subscriberTags.own, true))).returning({ id: subscriberTags.subscriberId })).length
        const [row] = await app.db.select({ n: count() }).from(subscriberTags).where(and(theirs, isStores))
        kept += row?.n ?? 0
      }
    })
    await breathe() // others are answered meanwhile
  }
  return { changed, kept, sentence: sentence(tag, action, changed, kept) }
}

async function* some(ids: string[]): AsyncGenerator<string[]> {
  yield [...new Set(ids)]
}

async function* fitting(app: Pick<App, 'db' | 'clock'>, shop: Shop, filter: Extract<TagInput['people'], { filter: unknown }>['filter']): AsyncGenerator<string[]> {
  const who = await whoFits(app, shop, filter)
  for (let before: string | null = null; ; ) {
    const { ids, next }: { ids: string[]; next: string | null } = await findPage(app, shop.id, who, before, batch)
    if (ids.length > 0) yield ids
    if (next === null) return
    before = next
  }
}

function sentence(tag: string, action: TagInput['action'], changed: number, kept: number): string {
  const people = (n: number): string => (n === 1 ? '1 person' : `${n.toLocaleString('en')} people`)
  if (action === 'add') return changed === 0 ? `They all have “${tag}” already.` : `“${tag}” was given to ${people(changed)}.`
  const taken = changed > 0 || kept === 0 ? [changed === 0 ? `None of them has “${tag}”.` : `“${tag}” was taken from ${people(changed)}.`] : []
  return [...taken, ...(kept > 0 ? [`${people(kept)} ${kept === 1 ? 'has' : 'have'} it from your store: remove it there, or the next news from there would bring it back.`] : [])].join(' ')
}
