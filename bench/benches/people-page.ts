import { sql } from 'drizzle-orm'
import type { App } from '../../app/app.ts'
import { insertAll } from '../../app/db/insert-all.ts'
import { tablesWereFilled } from '../../app/db/statistics.ts'
import { consentEntries, shops, subscribers, subscriberTags, suppressions } from '../../app/db/schema.ts'
import { addressHash } from '../../app/lib/crypto.ts'
import { newId } from '../../app/lib/ids.ts'
import { listPeople } from '../../app/people/list.ts'
import type { Shop } from '../../app/shops/shops.ts'
import { subscriberQuery } from '../../app/subscribers/contract.ts'
import type { OpenBench } from '../bench.ts'
import { hundredths } from '../campaign.ts'
import { openStore, type Store } from '../store.ts'

const small = 10_000
const rounds = 6

/**
 * How much longer a page of the list of people takes in a shop of 1,000,000 than in one of 10,000, each in its own file: the 95th percentile
 * over searches of all kinds (rare, common, a single letter, nobody), each filter (rare, common, nobody), several together, and pages far down.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 1_000_000
  const [few, many] = [await fill(small), await fill(count)]
  const last: Record<'few' | 'many', Measured | null> = { few: null, many: null }
  return {
    unit: 'pages',
    bar: 3,
    ratioOf: 'time',
    limit: async () => 1000 / (last.few = await measure(few)).p95,
    product: async () => 1000 / (last.many = await measure(many)).p95,
    detail: () => ({
      people: count, people_small: small, queries: queries(0).length + 2, p50_ms_small: hundredths(last.few?.p50 ?? 0), p95_ms_small: hundredths(last.few?.p95 ?? 0), p50_ms: hundredths(last.many?.p50 ?? 0),
      p95_ms: hundredths(last.many?.p95 ?? 0), slowest_ms: hundredths(last.many?.slowest ?? 0), slowest: last.many?.which ?? '', slowest_small_ms: hundredths(last.few?.slowest ?? 0), slowest_small: last.few?.which ?? '',
    }),
    close: async () => {
      await few.store.close()
      await many.store.close()
    },
  }
}

interface Filled {
  store: Store
  count: number
  /** Ids after which pages far down begin: page 1,000, or the last one of a small shop, and the middle. */
  cursors: string[]
}

/** What is asked. `far` is another person of the shop each time, so that nothing is asked twice. */
const queries = (far: number): Record<string, string>[] => [
  {}, { search: 'a' }, { search: 'an' }, { search: 'anna' }, { search: 'kamorita' }, { search: 'soneluka' }, { search: 'anna kamo' }, { search: `anna.kamo${far}` }, { search: `x${far}` }, { search: `kamori` },
  { search: 'mail.example' }, { search: '@rare' }, { search: `rare${far % 500}.example` }, { search: 'nobody-at-all' }, { search: 'zz' },
  { status: 'subscribed' }, { status: 'unsubscribed' }, { status: 'pending' }, { status: 'none' }, { status: 'bounced' }, { status: 'complained' }, { status: 'blocked' }, { status: 'restricted' }, { status: 'expired' },
  { tag: 'vip' }, { tag: 'wholesale' }, { tag: 'rare' }, { tag: 'nobody' }, { country: 'US' }, { country: 'LI' }, { country: 'XX' }, { language: 'de' }, { language: 'is' }, { source: 'manual' }, { source: 'shopify' },
  { ordered: 'yes' }, { ordered: 'no' }, { status: 'subscribed', country: 'DE' }, { search: 'anna', status: 'subscribed' }, { tag: 'vip', country: 'FR', ordered: 'yes' }, { search: 'kamo', tag: 'wholesale' }, { status: 'bounced', country: 'AT' },
]

interface Measured {
  p50: number
  p95: number
  slowest: number
  which: string
}

async function measure({ store, count, cursors }: Filled): Promise<Measured> {
  const times: { ms: number; which: string }[] = []
  for (let round = 0; round < rounds; round++)
    for (const query of [...queries(Math.floor((count / rounds) * round)), ...cursors.map((cursor) => ({ cursor }) as Record<string, string>)]) {
      const from = performance.now()
      const page = await listPeople(store.app, store.shop, subscriberQuery.parse(query))
      times.push({ ms: performance.now() - from, which: JSON.stringify(query) })
      if (Object.keys(query).length === 0 && page.rows.length !== 50) throw new Error('the first page is not whole')
    }
  const sorted = times.toSorted((a, b) => a.ms - b.ms)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.ms
  return { p50: at(0.5), p95: at(0.95), slowest: sorted.at(-1)!.ms, which: sorted.at(-1)!.which }
}

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length]!
const firsts = 'anna ben carla dave emma finn greta hugo ida jan klara liam mia noah olga paul rosa sam tina uwe vera walt xenia yann zoe'.split(' ')
const syllables = 'ka mo ri ta lu ne so vi be da'.split(' ')

/** A shop with so many people: names, places, sources, consent and tags as unevenly spread as they are in life. */
async function fill(count: number): Promise<Filled> {
  const store = await openStore()
  const { app, shop } = store
  // Filling is not what is measured: with room in memory and fewer checkpoints it takes minutes less.
  for (const pragma of ['cache_size = -1500000', 'wal_autocheckpoint = 200000']) await app.db.raw(`pragma ${pragma}`)
  for (let at = 0; at < count; at += 10_000) await addSome(app, shop, at, Math.min(10_000, count - at))
  for (const pragma of ['wal_checkpoint(truncate)', 'cache_size = -65536', 'wal_autocheckpoint = 1000']) await app.db.raw(`pragma ${pragma}`)
  await tablesWereFilled(app.db, [subscribers, consentEntries, subscriberTags, suppressions])
  const at = async (offset: number): Promise<string> => (await app.db.select({ id: subscribers.id }).from(subscribers).orderBy(sql`id desc`).limit(1).offset(offset))[0]!.id
  return { store, count, cursors: [await at(Math.min(49_950, count - 100)), await at(Math.floor(count / 2))] }
}

async function addSome(app: App, shop: Shop, from: number, count: number): Promise<void> {
  const now = app.clock.now()
  const people = Array.from({ length: count }, (_, j) => personOf(shop.id, from + j, newId(now), now, app))
  await app.db.transaction(async () => {
    await insertAll(app.db, subscribers, people.map(({ person }) => person))
    const entries = people.filter(({ person }) => person.consentState)
    const [row] = await app.db.update(shops).set({ consentSeq: sql`${shops.consentSeq} + ${entries.length}` }).where(sql`${shops.id} = ${shop.id}`).returning({ seq: shops.consentSeq })
    await insertAll(app.db, consentEntries, entries.map(({ person }, i) => ({
      shopId: shop.id, seq: row!.seq - entries.length + 1 + i, subscriberId: person.id, purpose: 'email_marketing' as const, act: 'granted', state: person.consentState!, basis: person.consentBasis!, method: 'form', source: 'bench', occurredAt: now, recordedAt: now,
    })))
    await insertAll(app.db, subscriberTags, people.flatMap(({ person, tags }) => tags.map((tag) => ({ shopId: shop.id, subscriberId: person.id, tag }))))
    await insertAll(app.db, suppressions, people.flatMap(({ person, block }) => (block ? [{ shopId: shop.id, addressHash: person.addressHash, reason: block, createdAt: now }] : [])))
  })
}

function personOf(shopId: string, i: number, id: string, now: Date, app: App) {
  const spread = (i * 7919) % 100_003 // evenly mixed, the same in each run
  const first = pick(firsts, spread)
  const last = [1, 11, 101, 1009].map((step) => pick(syllables, Math.floor(spread / step) + i)).join('')
  const domain = spread % 100 < 95 ? pick(['mail.example', 'post.example', 'web.example', 'home.example'], spread) : `rare${i % 500}.example`
  const email = spread % 3 ? `${first}.${last}${i}@${domain}` : `x${i}@${domain}`
  const state = spread % 100 < 70 ? 'subscribed' : spread % 100 < 85 ? 'unsubscribed' : spread % 1000 < 852 ? 'pending' : null
  const country = i % 100_000 === 17 ? 'LI' : pick(['US', 'US', 'US', 'US', 'DE', 'DE', 'FR', 'GB', 'CA', 'AT', 'CH', 'NL'], Math.floor(spread / 7))
  const person = {
    shopId, id, email, emailKey: email, addressHash: addressHash(app.settings.keys, shopId, email), firstName: spread % 10 ? first[0]!.toUpperCase() + first.slice(1) : null, lastName: spread % 5 ? last[0]!.toUpperCase() + last.slice(1) : null,
    country, locale: i % 50_000 === 3 ? 'is' : pick(['en', 'en', 'en-US', 'de', 'de-AT', 'fr', 'nl'], Math.floor(spread / 13)), source: i % 20_000 === 5 ? 'manual' : pick(['shopify', 'shopify', 'form', 'order', 'import'], Math.floor(spread / 3)),
    ordersCount: spread % 3 === 0 ? 1 + (spread % 9) : 0, totalSpent: 0, consentState: state, consentBasis: state === 'subscribed' ? 'express_single' : state ? 'none' : null, consentAt: state ? now : null, consentRecordedAt: state ? now : null,
    restrictedAt: i % 30_000 === 9 ? now : null, createdAt: now, updatedAt: now,
  }
  const tags = [...(spread % 20 === 1 ? ['vip'] : []), ...(spread % 1000 === 2 ? ['wholesale'] : []), ...(i % 1_000_000 === 77 ? ['rare'] : [])]
  const block = i % 100 === 31 ? ('bounced' as const) : i % 1000 === 33 ? ('complained' as const) : i % 5_000 === 35 ? ('manual' as const) : null
  return { person, tags, block }
}
