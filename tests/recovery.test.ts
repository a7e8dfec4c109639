import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { schedule, sendNow } from '../app/campaigns/commands.ts'
import { createDraft, saveDraft } from '../app/campaigns/draft.ts'
import { tryMove } from '../app/campaigns/state.ts'
import { campaigns, consentWriteBacks, deliveries, inbox, jobs, privacyRequests, shops, subscribers, syncs } from '../app/db/schema.ts'
import { queueSingle } from '../app/deliveries/queue-single.ts'
import { takeDue } from '../app/events/inbox.ts'
import type { Queue } from '../app/jobs/queue.ts'
import { DAY, HOUR, MINUTE, after } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { startSync } from '../app/sync/start.ts'
import { mailContent } from '../app/templates/contract.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, statesOf } from './campaign.ts'

let t: TestApp
let real: Queue['add']
beforeAll(async () => {
  t = await testApp()
  real = t.app.queue.add.bind(t.app.queue)
  await addMany(t.app, t.shop, 3)
})
afterAll(() => t.close())
beforeEach(() => void (t.outbox.length = 0))

/** Does something whose jobs are lost, as if somebody had emptied the queue. */
async function withoutJobs<T>(work: () => Promise<T>): Promise<T> {
  t.app.queue.add = () => Promise.resolve()
  try {
    return await work()
  } finally {
    t.app.queue.add = real
  }
}
/** One turn of the schedule and what follows from it. The turn's own next one waits in the future. */
async function turn(kind: 'lost.recover' | 'shops.nightly'): Promise<void> {
  await t.handlers[kind]({})
  await t.runJobs({ keepGoing: true })
}
/** Jobs of a kind that wait, run or gave up; both engines keep those with a time in this table. */
async function asked(work: () => Promise<void>): Promise<string[]> {
  const kinds: string[] = []
  t.app.queue.add = async (kind, payload, options) => {
    if (!options?.at) kinds.push(kind)
    await real(kind, payload, options)
  }
  try {
    await work()
  } finally {
    t.app.queue.add = real
  }
  return kinds
}

describe('a campaign whose job is lost', () => {
  const content = mailContent.parse({ blocks: [{ id: 't', type: 'text', html: '<p>Hello</p>', align: 'left' }] })
  const draft = async (): Promise<string> => {
    const made = await createDraft(t.app, t.shop, { name: 'Lost' })
    await saveDraft(t.app, t.shop, made.id, { version: made.version, name: 'Lost', subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
    return made.id
  }
  const status = async (id: string): Promise<string> => (await t.app.db.select().from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id))))[0]!.status

  test('starts at its time, goes out to everybody once, and not a minute early', async () => {
    const id = await draft()
    await withoutJobs(() => schedule(t.app, t.shop, id, after(t.clock.now(), HOUR)))
    t.clock.jump(30 * MINUTE)
    await turn('lost.recover')
    expect(await status(id)).toBe('scheduled')
    t.clock.jump(31 * MINUTE)
    await turn('lost.recover')
    expect(await status(id)).toBe('sent')
    expect(t.outbox).toHaveLength(3)
    t.clock.jump(2 * MINUTE)
    await turn('lost.recover')
    expect(t.outbox).toHaveLength(3)
  })

  test('and was left in the middle of preparing is prepared again', async () => {
    const id = await draft()
    await withoutJobs(() => sendNow(t.app, t.shop, id))
    await tryMove(t.app, t.shop.id, id, 'prepare')
    t.clock.jump(2 * MINUTE)
    await turn('lost.recover')
    expect(await status(id)).toBe('sent')
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 3 })
  })

  test('and was due long ago is given back to the merchant with the reason', async () => {
    const id = await draft()
    await withoutJobs(() => sendNow(t.app, t.shop, id))
    await tryMove(t.app, t.shop.id, id, 'prepare')
    t.clock.jump(7 * HOUR)
    await turn('lost.recover')
    expect(await status(id)).toBe('draft')
    expect(t.outbox).toEqual([])
  })

  test('a fault that lasts is tried each minute without piling up jobs, and keeps nobody else from their turn', async () => {
    const [bad, good] = [await draft(), await draft()]
    for (const id of [bad, good]) await withoutJobs(() => sendNow(t.app, t.shop, id))
    await t.app.db.update(campaigns).set({ content: 'nonsense' }).where(eq(campaigns.id, bad))
    const update = (): never => { throw new Error('the disk is full') }
    const broken = { ...t.app, db: Object.assign(Object.create(t.app.db) as typeof t.app.db, { update }) }
    t.clock.jump(2 * MINUTE)
    const { recoverCampaigns } = await import('../app/campaigns/recover.ts')
    expect(await asked(async () => { for (let i = 0; i < 3; i++) await recoverCampaigns(broken) })).toEqual([])
    await turn('lost.recover')
    expect([await status(bad), await status(good)]).toEqual(['failed', 'sent'])
  })
})

describe('news whose job is lost', () => {
  const waiting = async (): Promise<number> => t.app.db.$count(inbox, eq(inbox.state, 'waiting'))
  const news = (deliveryId: string) => ({ source: 'shopify' as const, deliveryId, shopDomain: t.shop.domain, topic: 'unknown/topic', body: '{}', triggeredAt: t.clock.now() })

  test('is worked on within a minute', async () => {
    await withoutJobs(() => t.app.intake.keep(news('lost-1')))
    expect(await waiting()).toBe(1)
    t.clock.jump(MINUTE)
    await turn('lost.recover')
    expect(await waiting()).toBe(0)
  })

  test('and whose worker died in the middle of it is taken again by another', async () => {
    await withoutJobs(() => t.app.intake.keep(news('lost-2')))
    expect(await takeDue(t.app, 10)).toHaveLength(1)
    t.clock.jump(MINUTE)
    await turn('lost.recover')
    expect(await waiting()).toBe(1) // somebody may still be at it
    t.clock.jump(10 * MINUTE)
    await turn('lost.recover')
    expect(await waiting()).toBe(0)
  })

  test('that fails again and again is tried ever more rarely, and jobs for it do not pile up', async () => {
    await withoutJobs(() => t.app.intake.keep(news('lost-3')))
    const shopify = t.app.platforms.shopify
    const translate = shopify.translate.bind(shopify)
    let tries = 0
    shopify.translate = () => { tries++; throw new Error('not today') }
    const turns = async (minutes: number): Promise<number> => {
      const before = tries
      for (let i = 0; i < minutes; i++) { t.clock.jump(MINUTE); await turn('lost.recover') }
      return tries - before
    }
    expect(await turns(5)).toBe(4)
    expect(await turns(60)).toBeLessThanOrEqual(3)
    expect(await t.app.db.$count(jobs, eq(jobs.kind, 'inbox.work'))).toBeLessThanOrEqual(1)
    shopify.translate = translate
    t.clock.jump(3 * HOUR)
    await t.runJobs()
    expect(await waiting()).toBe(0)
  })
})

describe('reading the store', () => {
  test('that nobody has moved for hours goes on; that is moved, or of a store that is closed to us, is left alone', async () => {
    await withoutJobs(() => startSync(t.app, { shopId: t.shop.id }))
    await withoutJobs(() => startSync(t.app, { shopId: t.stranger.id }))
    await t.app.db.update(shops).set({ status: 'needs_reopening' }).where(eq(shops.id, t.stranger.id))
    const again = async (): Promise<string[]> => {
      const seen: string[] = []
      t.app.queue.add = async (kind, payload, options) => void (options?.at || seen.push(`${kind} ${(payload as { shopId: string }).shopId === t.shop.id ? 'Ada' : 'Cleo'}`))
      await t.handlers['lost.recover']({})
      t.app.queue.add = real
      return seen
    }
    t.clock.jump(HOUR)
    expect(await again()).toEqual([])
    t.clock.jump(5 * HOUR)
    expect((await again()).sort()).toEqual(Array<string>(4).fill('sync.read Ada'))
    expect(await again()).toEqual([])
    await t.app.db.delete(syncs)
    await t.app.db.update(shops).set({ status: 'installed' }).where(eq(shops.id, t.stranger.id))
  })

  test('that never began, because the welcome was lost, begins at night', async () => {
    t.clock.jump(DAY)
    const kinds: string[] = []
    t.app.queue.add = async (kind, payload) => void kinds.push(`${kind} ${(payload as { shopId?: string }).shopId ?? ''}`)
    await t.handlers['shops.nightly']({})
    t.app.queue.add = real
    expect(kinds).toContain(`shops.welcome ${t.shop.id}`)
    expect(kinds).toContain(`shops.welcome ${t.stranger.id}`)
  })
})

describe('what the law asks for', () => {
  const request = async (kind: 'data_request' | 'redact', subscriberId: string): Promise<string> => {
    const now = t.clock.now()
    const id = newId(now)
    await t.app.db.insert(privacyRequests).values({ shopId: t.shop.id, id, kind, subscriberId, emailHint: 'a***@example.org', state: 'open', export: null, receivedAt: now, dueAt: after(now, 30 * DAY) })
    return id
  }
  const quiet = async (): Promise<void> => {
    // The other turns of the night ask stores that this test does not have.
    const { recoverPrivacy } = await import('../app/privacy/recover.ts')
    await recoverPrivacy(t.app)
    await t.runJobs({ keepGoing: true })
  }

  test('a file and a forgetting whose jobs were lost are done the next night', async () => {
    const [kept, gone] = [await t.addSubscriber(t.shop, { email: 'kept@example.org' }), await t.addSubscriber(t.shop, { email: 'gone@example.org' })]
    const file = await request('data_request', kept)
    await request('redact', gone)
    t.clock.jump(HOUR)
    await quiet()
    expect(await t.app.db.$count(subscribers, eq(subscribers.id, gone))).toBe(1) // the first job may still be at it
    t.clock.jump(DAY)
    await quiet()
    const [row] = await t.app.db.select().from(privacyRequests).where(eq(privacyRequests.id, file))
    expect(row!.export).toMatchObject({ person: { subscriber: { id: kept } } })
    expect(await t.app.db.$count(subscribers, eq(subscribers.id, gone))).toBe(0)
    expect(await t.app.db.$count(privacyRequests, and(eq(privacyRequests.shopId, t.shop.id), eq(privacyRequests.state, 'open')))).toBe(1) // the file is for the merchant to hand on
  })

  test('a store that asked to be forgotten is forgotten, even if that job was lost; one that came back is not', async () => {
    const now = t.clock.now()
    const gone = { ...t.stranger, id: newId(now), domain: 'gone.myshopify.com', status: 'uninstalled' as const, forgetAskedAt: now }
    const back = { ...t.stranger, id: newId(now), domain: 'back.myshopify.com', status: 'installed' as const, forgetAskedAt: now }
    await t.app.db.insert(shops).values([gone, back])
    t.clock.jump(DAY)
    await quiet()
    expect(await t.app.db.$count(shops, eq(shops.id, gone.id))).toBe(0)
    expect(await t.app.db.$count(shops, eq(shops.id, back.id))).toBe(1)
    await t.app.db.delete(shops).where(eq(shops.id, back.id))
  })
})

test('a confirmation whose job was lost is posted the next night', async () => {
  const subscriberId = await t.addSubscriber(t.shop, { email: 'late@example.org', consent: 'pending' })
  await withoutJobs(() => queueSingle(t.app, t.shop.id, { kind: 'confirmation', subject: 'Please confirm', html: '<p>Hi</p>[[footer]]', text: 'Hi [[footer]]', language: 'en', to: { subscriberId, email: 'late@example.org' } }))
  const { recoverSingles } = await import('../app/deliveries/recover.ts')
  t.clock.jump(6 * HOUR)
  await recoverSingles(t.app)
  await t.runJobs({ keepGoing: true })
  expect(t.outbox.map((mail) => mail.subject)).toEqual(['Please confirm'])
  expect(await t.app.db.$count(deliveries, and(eq(deliveries.shopId, t.shop.id), eq(deliveries.state, 'pending')))).toBe(0)
})

test('a fault of one room keeps no other from its turn', async () => {
  const subscriberId = await t.addSubscriber(t.shop, { email: 'owed@example.org', consent: 'subscribed' })
  await t.app.db.insert(consentWriteBacks).values({ shopId: t.shop.id, subscriberId, askId: 'a', askedAt: t.clock.now(), nextAt: t.clock.now() })
  await t.app.db.insert(inbox).values({ source: 'shopify', deliveryId: 'x', shopDomain: t.shop.domain, topic: 'unknown/topic', body: '{}', triggeredAt: t.clock.now(), receivedAt: t.clock.now(), state: 'waiting', nextAt: t.clock.now(), attempts: 0 })
  t.clock.jump(6 * HOUR)
  const kinds: string[] = []
  t.app.queue.add = (kind, _payload, options) => {
    if (kind === 'inbox.work') return Promise.reject(new Error('not this one'))
    if (!options?.at) kinds.push(kind)
    return Promise.resolve()
  }
  await t.handlers['lost.recover']({})
  t.app.queue.add = real
  expect(kinds).toEqual(['consent.write-back'])
})

test('jobs that gave up are forgotten after 30 days', async () => {
  const now = t.clock.now()
  for (const [id, at] of [['old', after(now, -31 * DAY)], ['young', after(now, -DAY)]] as const)
    await t.app.db.insert(jobs).values({ id, kind: 'inbox.work', payload: {}, state: 'failed', runAt: at, attempts: 8, lastError: 'no', createdAt: at })
  await withoutJobs(() => t.handlers['shops.nightly']({}))
  const rows = await t.app.db.select({ id: jobs.id }).from(jobs).where(eq(jobs.state, 'failed'))
  expect(rows.map((row) => row.id).filter((id) => id === 'old' || id === 'young')).toEqual(['young'])
})
