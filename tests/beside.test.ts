import { eq, inArray } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeApp, createApp, type App } from '../app/app.ts'
import { startBeside } from '../app/db/beside.ts'
import { isPostgres } from '../app/db/columns.ts'
import { events, inbox, jobs, subscribers } from '../app/db/schema.ts'
import type { Delivery } from '../app/events/inbox.ts'
import { workInbox } from '../app/events/ingest.ts'
import { addMany, makeCampaign } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

const thread = new URL('../app/beside.ts', import.meta.url)

describe.skipIf(isPostgres)('the thread that writes what comes in floods', () => {
  let t: TestApp
  let app: App
  beforeAll(async () => {
    t = await testApp()
    app = createApp({ settings: t.app.settings, clock: t.clock, beside: true })
    await app.beside!.start()
  })
  afterAll(() => t.close())

  const delivery = (deliveryId: string, change: Partial<Delivery> = {}): Delivery => ({ source: 'shopify', deliveryId, shopDomain: t.shop.domain, topic: 'products/delete', body: '{"id":1}', triggeredAt: t.clock.now(), ...change })

  test('keeps deliveries by our clock and asks for the work, while we write as well', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `flood ${i}`)
    const own = app.db.transaction(async () => {
      await app.db.update(subscribers).set({ firstName: 'meanwhile' }).where(eq(subscribers.shopId, t.shop.id))
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    await Promise.all([own, ...ids.map((id) => app.intake.keep(delivery(id)))])
    const rows = await t.app.db.select().from(inbox).where(inArray(inbox.deliveryId, ids))
    expect([rows.length, new Set(rows.map((row) => row.receivedAt.getTime()))]).toEqual([200, new Set([t.clock.now().getTime()])])
    expect(await t.app.db.$count(jobs, eq(jobs.kind, 'inbox.work'))).toBe(1)
    await workInbox(t.app)
    expect(await t.app.db.$count(inbox, eq(inbox.state, 'done'))).toBe(200)
  })

  test('tells a fault of one to that one', async () => {
    const answers = await Promise.allSettled(['a', 'b', 'c'].map((id) => app.intake.keep(delivery(id, id === 'b' ? { topic: null as unknown as string } : {}))))
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((answers[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'SQLITE_CONSTRAINT_NOTNULL' })
  })

  test('records hits, the last ones before we end too', async () => {
    const [one, two] = await addMany(t.app, t.shop, 2)
    const messageId = await makeCampaign(t.app, t.shop)
    const hit = { shopId: t.shop.id, messageId, linkNo: null, at: t.clock.now(), agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0', purpose: '' }
    void app.hits.note({ ...hit, subscriberId: one! })
    await app.hits.flush()
    expect((await t.app.db.select().from(events).where(eq(events.messageId, messageId))).map((row) => [row.subscriberId, row.verdict, row.at])).toEqual([[one, 'human', hit.at]])
    void app.hits.note({ ...hit, subscriberId: two! })
    await closeApp(app)
    expect(await t.app.db.$count(events, eq(events.messageId, messageId))).toBe(2)
  })

  test('that dies leaves nobody waiting, and the next work starts another', async () => {
    const beside = startBeside(thread, t.app.settings.DATABASE_URL)
    await beside.start()
    await expect(beside.run('nothing', null)).rejects.toThrow('nobody here does nothing')
    const broken = startBeside(new URL('data:text/javascript,setTimeout(()=>{throw new Error("dead")},10)'), '')
    await expect(broken.run('hits', null)).rejects.toThrow('ended before it answered')
    await expect(broken.run('hits', null)).rejects.toThrow('ended before it answered')
    await beside.close()
    await broken.close()
  })
})
