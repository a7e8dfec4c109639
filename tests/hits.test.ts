import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp, closeApp } from '../app/app.ts'
import { recordConsent } from '../app/consent/record.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { deliveries, events, links, subscribers } from '../app/db/schema.ts'
import { createHits, type Hit } from '../app/deliveries/hits.ts'
import { recordHits } from '../app/deliveries/record-hits.ts'
import { createLog } from '../app/lib/log.ts'
import { messageSigner, signLink } from '../app/lib/tokens.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { addMany, makeCampaign } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

const browser = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15'
let t: TestApp
let people: string[]
let id: string
beforeAll(async () => {
  t = await testApp()
  people = await addMany(t.app, t.shop, 400)
})
afterAll(() => t.close())
beforeEach(async () => {
  id = await campaignOf(people)
  t.clock.jump(3_600_000)
})

const byText = (a: string | null, b: string | null): number => ((a ?? '') < (b ?? '') ? -1 : 1)

/** A campaign that these people got, with forty links. */
async function campaignOf(ids: string[]): Promise<string> {
  const now = t.clock.now()
  const made = await makeCampaign(t.app, t.shop)
  await insertAll(t.app.db, links, Array.from({ length: 37 }, (_, i) => ({ shopId: t.shop.id, messageId: made, n: i + 4, url: `https://elsewhere.example/${i + 4}`, label: 'x' })))
  await insertAll(t.app.db, deliveries, ids.map((subscriberId) => ({ shopId: t.shop.id, messageId: made, subscriberId, email: 'x@example.org', state: 'accepted', attempts: 1, acceptedAt: now, createdAt: now, updatedAt: now })))
  return made
}
const hit = (change: Partial<Hit> = {}): Hit => ({ shopId: t.shop.id, messageId: id, subscriberId: people[0]!, linkNo: null, at: t.clock.now(), agent: browser, purpose: '', ...change })
const note = async (...list: Partial<Hit>[]): Promise<void> => {
  for (const change of list) void t.app.hits.note(hit(change))
  await t.app.hits.flush()
}
const logged = (shopId = t.shop.id) => t.app.db.select().from(events).where(and(eq(events.shopId, shopId), eq(events.messageId, id))).orderBy(events.at, events.linkNo, events.subscriberId)
const person = async (subscriberId: string) => (await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, subscriberId))))[0]!
const click = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(t.http + path, { redirect: 'manual', headers: { 'user-agent': browser, ...headers } })
const token = (purpose: 'open' | 'click', change = {}): string => signLink(t.app.settings.keys, purpose, { shopId: t.shop.id, messageId: id, subscriberId: people[0]!, ...change })

describe('a group of hits', () => {
  test('takes the same few statements for eight hundred as for eight, and loses none', async () => {
    const cost = async (some: string[]): Promise<number> => {
      const before = t.app.db.statements()
      await note(...some.flatMap((subscriberId, i) => [{ subscriberId }, { subscriberId, linkNo: 1 + (i % 40) }]))
      return t.app.db.statements() - before
    }
    const few = await cost(people.slice(0, 4))
    expect(await cost(people.slice(4))).toBeLessThanOrEqual(few)
    expect(few).toBeLessThanOrEqual(12)
    const rows = await logged()
    expect(rows.filter((row) => row.kind === 'opened' && row.verdict === 'human').map((row) => row.subscriberId).toSorted(byText)).toEqual(people.toSorted(byText))
    expect(rows.filter((row) => row.kind === 'clicked' && row.verdict === 'human').map((row) => row.subscriberId).toSorted(byText)).toEqual(people.toSorted(byText))
    expect(await person(people[7]!)).toMatchObject({ lastOpenAt: t.clock.now(), lastClickAt: t.clock.now() })
  })

  test('an open or click from before never overwrites a newer one, and the same hit again is the same event', async () => {
    const [early, late] = [t.clock.now(), new Date(t.clock.now().getTime() + 5_000)]
    await note({ at: late }, { at: late })
    await note({ at: early }, { at: early, linkNo: 1 })
    expect(await person(people[0]!)).toMatchObject({ lastOpenAt: late, lastClickAt: early })
    expect((await logged()).map((row) => row.kind)).toEqual(['clicked', 'opened'])
  })

  test('a scan is seen within one group, also when it began in the one before, and the person is as they were', async () => {
    const [whole, split, reader] = [people[10]!, people[11]!, people[12]!]
    const [before, at] = [await person(split), t.clock.now().getTime()]
    const clicks = (subscriberId: string, from: number, ...links: number[]): Partial<Hit>[] => links.map((linkNo, i) => ({ subscriberId, linkNo, at: new Date(from + i * 100) }))
    await note(...clicks(whole, at, 1, 2, 4, 5), ...clicks(split, at, 1, 2), ...clicks(reader, at, 1, 2))
    expect((await person(split)).lastClickAt).toEqual(new Date(at + 100))
    await note(...clicks(split, at + 1_000, 6), ...clicks(reader, at + 6_000, 6))
    const verdicts = async (subscriberId: string) => (await logged()).filter((row) => row.subscriberId === subscriberId).map((row) => row.verdict)
    expect(await verdicts(whole)).toEqual(['machine', 'machine', 'machine', 'machine'])
    expect(await verdicts(split)).toEqual(['machine', 'machine', 'machine'])
    expect(await verdicts(reader)).toEqual(['human', 'human', 'human'])
    expect((await person(split)).lastClickAt).toEqual(before.lastClickAt)
    expect((await person(reader)).lastClickAt).toEqual(new Date(at + 6_000))
  })

  test('belongs to whom the record was merged into', async () => {
    const [kept, removed] = await addMany(t.app, t.shop, 2, `merge${t.clock.now().getTime()}`)
    await mergeSubscribers(t.app, t.shop.id, kept!, removed!)
    await note({ subscriberId: removed! })
    expect((await logged()).map((row) => row.subscriberId)).toEqual([kept])
    expect((await person(kept!)).lastOpenAt).toEqual(t.clock.now())
  })

  test('a withdrawal between the hit and its writing is honoured; the others of the group are written', async () => {
    void t.app.hits.note(hit({ subscriberId: people[20]! }))
    void t.app.hits.note(hit({ subscriberId: people[21]! }))
    await recordConsent(t.app, t.shop.id, [{ subscriberId: people[20]!, purpose: 'tracking', act: 'withdrawn', basis: 'none', method: 'preference_page', source: 'test', occurredAt: t.clock.now() }])
    await t.app.hits.flush()
    expect((await logged()).map((row) => row.subscriberId)).toEqual([people[21]])
  })

  test('of nobody, of another shop’s people or of a mail that is no campaign writes nothing anywhere', async () => {
    const [before, theirs] = [await t.app.db.$count(events), await t.addSubscriber(t.stranger, { email: 'theirs@example.org', consent: 'subscribed', country: 'US' })]
    await note({ subscriberId: theirs }, { shopId: t.stranger.id }, { shopId: t.stranger.id, subscriberId: theirs }, { shopId: 'nobody' }, { messageId: 'nothing' }, { subscriberId: 'nobody' })
    expect(await t.app.db.$count(events)).toBe(before)
  })
})

describe('when things go wrong', () => {
  const lines: string[] = []
  const log = createLog('error', { write: (line: string) => void lines.push(line) })
  const away = (times: number) => {
    let left = times
    const transaction = <T>(work: () => Promise<T>): Promise<T> => (left-- > 0 ? Promise.reject(new Error('away')) : t.app.db.transaction(work))
    const app = { ...t.app, db: Object.assign(Object.create(t.app.db) as typeof t.app.db, { transaction }) }
    return createHits(log, (hits) => recordHits(app, hits))
  }
  beforeEach(() => void (lines.length = 0))

  test('a fault that passes loses nothing', async () => {
    const hits = away(2)
    void hits.note(hit())
    await hits.flush()
    expect((await logged()).length).toBe(1)
    expect(lines).toEqual([])
  })

  test('while the database is away hits are dropped and counted, nobody is named, and later ones are written', async () => {
    const hits = away(4)
    for (const subscriberId of people.slice(0, 50)) void hits.note(hit({ subscriberId }))
    await hits.flush()
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ hits: 50, msg: 'opens and clicks could not be recorded' }])
    expect(lines.join('')).not.toContain(people[0])
    void hits.note(hit())
    await hits.flush()
    expect((await logged()).length).toBe(1)
  })

  test('more than can wait are dropped and counted: memory has its bound', async () => {
    const hits = away(1_000_000)
    for (let i = 0; i < 30_000; i++) void hits.note(hit())
    await hits.flush()
    const { hits: lost } = JSON.parse(lines[0]!) as { hits: number }
    expect([lines.length, lost]).toEqual([1, 30_000])
  })

  test('known links lead on while the database is away', async () => {
    const path = `/c/${token('click')}/2`
    expect((await click(path)).status).toBe(302)
    const before = { select: t.app.db.select.bind(t.app.db), transaction: t.app.db.transaction.bind(t.app.db) }
    const gone = (): never => { throw new Error('away') }
    Object.assign(t.app.db, { select: gone, transaction: () => Promise.reject(new Error('away')) })
    try {
      const answer = await click(path)
      expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://elsewhere.example/page?x=1'])
      expect((await click(`/o/${token('open')}`)).status).toBe(200)
      await t.app.hits.flush()
    } finally {
      Object.assign(t.app.db, before)
    }
  })

  test('a process that is asked to stop writes what it took first', async () => {
    const other = createApp({ settings: t.app.settings, clock: t.clock })
    void other.hits.note(hit({ subscriberId: people[30]! }))
    await closeApp(other)
    expect((await logged()).map((row) => row.subscriberId)).toEqual([people[30]])
  })
})

describe('where a click leads', () => {
  test('is read once for a message, however many people click', async () => {
    await click(`/c/${token('click')}/1`)
    await t.app.hits.flush()
    const before = t.app.db.statements()
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => click(`/c/${token('click')}/${i + 1}`, { dnt: '1' })))
    expect(answers.map((answer) => answer.status)).toEqual(answers.map((_, i) => (i === 2 ? 404 : 302))) // the third link is mailto:
    expect(t.app.db.statements() - before).toBeLessThanOrEqual(1)
  })

  test('never crosses shops: a key of another shop, made by us, opens nothing here', async () => {
    expect((await click(`/c/${token('click')}/2`)).status).toBe(302)
    expect((await click(`/c/${token('click', { shopId: t.stranger.id })}/2`)).status).toBe(404)
  })

  test('is known for those who are not counted too, and nothing is kept of them', async () => {
    const { head, forNobody } = messageSigner(t.app.settings.keys, { shopId: t.shop.id, messageId: id })
    const answer = await click(`/c/${head}${forNobody}/2`)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://elsewhere.example/page?x=1'])
    await t.app.hits.flush()
    expect(await logged()).toEqual([])
  })
})
