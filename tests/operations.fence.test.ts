import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { and, eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { App } from '../app/app.ts'
import { isPostgres } from '../app/db/columns.ts'
import { campaigns, deliveries, installation, subscribers } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { queueSingle } from '../app/deliveries/queue-single.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import type { Fetch } from '../app/lib/fetch.ts'
import { signLink } from '../app/lib/tokens.ts'
import { newId } from '../app/lib/ids.ts'
import { anotherAnswers, whoWeAre } from '../app/operations/address.ts'
import { arrive, beat, fence } from '../app/operations/fence.ts'
import { changeInstallation, insertInstallation, placeOf } from '../app/operations/installation.ts'
import { databaseFile } from '../app/operations/places.ts'
import { restsBecause, sendingRests } from '../app/operations/rests.ts'
import { liftAndAsk, operate } from '../app/operator.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import { addMany, makeCampaign, statesOf } from './campaign.ts'
import { processOn, type Process } from './operations.ts'
import { tempFolder } from './setup.ts'
import { testApp, type TestApp } from './app.ts'

// A database that does not know what has left, or that is not the only one, sends nothing (reliability.md D4, listmonk#1801).
let t: TestApp
let running: Process[]
beforeEach(async () => {
  t = await testApp()
  running = []
})
afterEach(async () => {
  for (const process of running) await process.kill().catch(() => undefined)
  await t.close()
})

const url = (): string => t.app.settings.DATABASE_URL
const env = (): Record<string, string> => (t.app.settings.DATA_DIR ? { DATA_DIR: t.app.settings.DATA_DIR } : {})
async function started(at = url(), more: Record<string, string> = {}, fetch?: Fetch): Promise<Process> {
  const process = await processOn(at, { clock: t.clock, env: { ...env(), ...more }, mail: createOutbox(), ...(fetch ? { fetch } : {}) })
  running.push(process)
  return process
}
const addressOf = (input: Parameters<Fetch>[0]): string => (input instanceof Request ? input.url : input.toString())
const because = (process: Process) => restsBecause(process.app)
const file = (): string => databaseFile(t.app)!

describe('what is no reason', () => {
  test('the first start, a restart, a kill, a second process, a clock that went back', async () => {
    const first = await started()
    expect(await because(first)).toBeNull()
    await first.stop()
    const second = await started()
    expect(await because(second)).toBeNull()
    await second.kill() // and nothing was said
    t.clock.jump(-3_600_000)
    const third = await started()
    const fourth = await started()
    for (let i = 0; i < 3; i++) for (const process of [third, fourth]) expect(await beat(process.app)).toBeNull()
    expect([await because(third), await because(fourth)]).toEqual([null, null])
  })

  test.runIf(isPostgres)('that another process, which began at the same moment on an empty database, was first', async () => {
    await t.app.db.delete(installation)
    const [written, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = t.app.db.transaction(async () => {
      await insertInstallation(t.app, { generation: 'first', beatAt: t.clock.now(), address: t.app.url, place: await placeOf(t.app), cleanStop: false })
      written.resolve()
      await told.promise
    })
    await written.promise
    const second = started() // sees no row, and waits where it writes its own
    await wait(500)
    told.resolve()
    await first
    expect(await because(await second)).toBeNull()
    expect(await beat((await second).app)).toBeNull()
  })

  test('a very first start that is killed just before or just after it became known', async () => {
    const killed = (transaction: App['db']['transaction']): App => ({ ...t.app, db: Object.assign(Object.create(t.app.db) as App['db'], { transaction }) })
    const before = killed((work) => t.app.db.transaction(async () => {
      await work()
      throw new Error('killed')
    }))
    await expect(arrive(before)).rejects.toThrow('killed')
    const after = killed(async (work) => {
      await t.app.db.transaction(work)
      throw new Error('killed')
    })
    await expect(arrive(after)).rejects.toThrow('killed')
    expect(await because(await started())).toBeNull()
  })

  test('another address, while somebody develops', async () => {
    await (await started()).stop()
    expect(await because(await started(url(), { APP_URL: 'https://tunnel-2.example' }))).toBeNull()
  })

  test.runIf(isPostgres)('a worker on a machine that has never seen the database', async () => {
    await started()
    const folder = tempFolder()
    expect(await because(await started(url(), { DATA_DIR: folder.path }))).toBeNull()
    folder.remove()
  })
})

describe.skipIf(isPostgres)('a file', () => {
  test('that was brought back from a backup in its place', async () => {
    const first = await started()
    await operate(first.app, ['backup', `${file()}.backup`], () => undefined)
    t.clock.jump(10_000)
    await beat(first.app)
    await first.kill()
    for (const ending of ['', '-wal', '-shm']) rmSync(file() + ending, { force: true })
    copyFileSync(`${file()}.backup`, file())
    const second = await started()
    expect(await because(second)).toBe('restored')
    await second.stop()
    expect(await because(await started()), 'and it stays so').toBe('restored')
  })

  test('that was copied away, alone or with everything beside it', async () => {
    await (await started()).stop()
    const folder = tempFolder()
    await t.app.db.raw('pragma wal_checkpoint(truncate)')
    copyFileSync(file(), `${folder.path}/homing.db`)
    expect(await because(await started(`file:${folder.path}/homing.db`))).toBe('copied')
    cpSync(dirname(file()), `${folder.path}/all`, { recursive: true, preserveTimestamps: true })
    expect(await because(await started(`file:${folder.path}/all/homing.db`))).toBe('copied')
    expect(await because(await started()), 'the original').toBeNull()
    for (const process of running.splice(0)) await process.kill()
    folder.remove()
  })

  test('from before there were fences, in the place of one that had sent', async () => {
    const first = await started()
    await first.app.db.delete(installation)
    await first.kill()
    expect(await because(await started())).toBe('restored')
  })
})

describe.runIf(isPostgres)('a PostgreSQL database', () => {
  /** What reading a dump back does to the row: the same values, written by another hand. */
  const readBack = async (process: Process): Promise<void> => {
    await process.app.db.raw('create table kept as select * from installation')
    await process.app.db.raw('delete from installation')
    await process.app.db.raw('insert into installation select * from kept')
    await process.app.db.raw('drop table kept')
  }

  test('that was read back from a dump, on a machine that has never seen it', async () => {
    const first = await started()
    await readBack(first)
    const folder = tempFolder()
    expect(await because(await started(url(), { DATA_DIR: folder.path }))).toBe('restored')
    folder.remove()
  })

  test('that was rolled to a point in time, or taken over by a standby', async () => {
    const first = await started()
    await changeInstallation(first.app, { place: sql`split_part(place, '/', 1) || '/00000009'` as unknown as string })
    expect(await beat(first.app)).toBe('restored')
  })

  test('that was made as a copy on the same server', async () => {
    const first = await started()
    await changeInstallation(first.app, { place: sql`'1/' || split_part(place, '/', 2)` as unknown as string })
    expect(await because(await started())).toBe('copied')
  })

  test('that went back in time while a process, or a machine, remembers', async () => {
    const first = await started()
    await changeInstallation(first.app, { beatAt: new Date(t.clock.now().getTime() - 60_000) })
    expect(await beat(first.app)).toBe('restored')
    await liftAndAsk(first.app, true)
    const other = await started() // the same machine: its twin was written by the lift
    await changeInstallation(other.app, { beatAt: new Date(t.clock.now().getTime() - 60_000) })
    expect(await because(await started())).toBe('restored')
  })
})

describe('an installation', () => {
  const production = { NODE_ENV: 'production', MAIL_PROVIDER: 'smtp', SMTP_URL: 'smtps://a:b@127.0.0.1:1' }

  test('whose public address changed, in production', async () => {
    const first = await started(url(), production)
    expect(await because(first)).toBeNull()
    await first.stop()
    const staging = await started(url(), { ...production, APP_URL: 'https://staging.example.test' })
    expect(await because(staging)).toBe('moved')
    await liftAndAsk(staging.app, true)
    expect(await because(await started(url(), { ...production, APP_URL: 'https://staging.example.test' }))).toBeNull()
  })

  test('at whose public address another copy of it answers', async () => {
    const original = await started()
    const asked: string[] = []
    const road: Fetch = async (input) => {
      asked.push(addressOf(input))
      return Response.json(await whoWeAre(original.app, addressOf(input).split('/').at(-1)!))
    }
    // The copied disk: everything is the same, until it starts.
    const other = await testApp()
    const copy = await processOn(other.app.settings.DATABASE_URL, { clock: t.clock, env: other.app.settings.DATA_DIR ? { DATA_DIR: other.app.settings.DATA_DIR } : {}, fetch: road })
    expect(await anotherAnswers(copy.app)).toBe(true)
    expect(asked[0]).toMatch(/^https:\/\/app\.example\.test\/installation\/[0-9a-f]{32}$/)
    expect(await anotherAnswers({ ...original.app, fetch: road }), 'the original finds itself').toBe(false)
    for (const strange of [() => Response.json({ ok: true }), () => new Response('no', { status: 502 }), () => Response.json({ family: 'x', one: 'y' })])
      expect(await anotherAnswers({ ...copy.app, fetch: async () => strange() }), 'somebody else').toBe(false)
    expect(await anotherAnswers({ ...copy.app, fetch: async () => Promise.reject(new Error('no road')) })).toBe(false)
    await copy.kill()
    await other.close()
  })

  test('tells who it is over HTTP to whoever holds its key, and nothing to others', async () => {
    const process = await started()
    const road: Fetch = (input, init) => fetch(addressOf(input).replace('https://app.example.test', t.http), init)
    expect(await anotherAnswers({ ...process.app, fetch: road })).toBe(false)
    const reply = await (await fetch(`${t.http}/installation/abc`)).text()
    const [row] = await t.app.db.select().from(installation)
    expect(reply).not.toContain(row!.generation)
  })
})

describe('behind the fence', () => {
  test('nothing leaves for anybody; unsubscribing works; the admin says why; who is let out is asked first', async () => {
    const process = await started()
    await addMany(t.app, t.shop, 5)
    const [person] = await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id)).limit(1)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const late = await makeCampaign(t.app, t.shop, { status: 'scheduled', name: 'Late' })
    await t.app.db.update(campaigns).set({ scheduledAt: t.clock.now() }).where(eq(campaigns.id, late))
    const early = await makeCampaign(t.app, t.shop, { status: 'scheduled', name: 'To come' })
    await t.app.db.update(campaigns).set({ scheduledAt: new Date(t.clock.now().getTime() + 86_400_000) }).where(eq(campaigns.id, early))
    const single = await queueSingle(t.app, t.shop.id, { kind: 'confirmation', subject: 's', html: '<p>x</p>', text: 'x', language: 'en', to: { subscriberId: person!.id, email: person!.email } })
    await fence(process.app, 'restored')
    expect(await sendingRests(t.app)).toContain('brought back from a backup')
    t.clock.jump(60_000)
    await t.runJobs({ keepGoing: true })
    for (const messageId of [id, single]) await sendDeliveries(t.app, { shopId: t.shop.id, messageId })
    expect(t.outbox).toEqual([])
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 5 })
    const refused = await t.api(t.shop).post(`/api/campaigns/${await makeCampaign(t.app, t.shop, { status: 'draft' })}/send`)
    expect([refused.status, refused.body.error.message]).toEqual([409, expect.stringContaining('brought back from a backup')])
    for (const shop of [t.shop, t.stranger]) expect((await t.api(shop).get('/api/operations')).body.rests).toMatchObject({ because: 'restored' })
    const token = signLink(t.app.settings.keys, 'unsubscribe', { shopId: t.shop.id, messageId: newId(t.clock.now()), subscriberId: person!.id })
    expect((await fetch(`${t.http}/u/${token}`, { method: 'POST' })).status).toBe(200)
    expect((await (await fetch(`${t.http}/readyz`)).json()) as unknown).toEqual({ ok: true, sending: false })

    const said: string[] = []
    expect(await operate(t.app, ['lift-fence'], (line) => said.push(line))).toBe(0)
    expect(said.join()).toContain('paused')
    const status = async (of: string) => (await t.app.db.select({ status: campaigns.status, reason: campaigns.statusReason }).from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, of))))[0]
    expect(await status(id)).toMatchObject({ status: 'paused', reason: expect.stringContaining('restored from a backup') as string })
    expect(await status(late)).toMatchObject({ status: 'draft', reason: expect.stringContaining('may have gone out already') as string })
    expect(await status(early)).toMatchObject({ status: 'scheduled' })
    expect((await t.app.db.select({ state: deliveries.state, reason: deliveries.reason }).from(deliveries).where(eq(deliveries.messageId, single)))[0]).toEqual({ state: 'held', reason: 'no_evidence' })
    t.clock.jump(60_000)
    await t.runJobs({ keepGoing: true })
    expect(t.outbox).toEqual([])
    expect((await t.api(t.shop).post(`/api/campaigns/${id}/resume`)).status).toBe(200)
    t.clock.jump(60_000)
    await t.runJobs({ keepGoing: true })
    expect(t.outbox).toHaveLength(4) // without the one who left
    expect(await operate(t.app, ['status'], (line) => said.push(line))).toBe(0)
    expect(said.at(-1)).toBe('Nothing keeps mail from leaving.')
  })

  test('when nothing was lost, everything just goes on', async () => {
    await started()
    await addMany(t.app, t.shop, 3)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await operate(t.app, ['fence'], () => undefined)
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    expect(t.outbox).toEqual([])
    await operate(t.app, ['lift-fence', '--nothing-lost'], () => undefined)
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    expect(t.outbox).toHaveLength(3)
  })

  test('commands that nobody knows do nothing and say what there is', async () => {
    const said: string[] = []
    expect(await operate(t.app, ['lift-fence', '--whatever'], (line) => said.push(line))).toBe(2)
    expect(said[0]).toContain('--nothing-lost')
  })
})

test('after more than six hours of silence, what was going out asks first', async () => {
  const first = await started()
  const id = await makeCampaign(t.app, t.shop)
  const theirs = await makeCampaign(t.app, t.stranger)
  await first.kill()
  t.clock.jump(5.9 * 3_600_000)
  await (await started()).kill()
  const states = async () => (await t.app.db.select({ status: campaigns.status }).from(campaigns)).map(({ status }) => status)
  expect(await states()).toEqual(['sending', 'sending'])
  t.clock.jump(6.1 * 3_600_000)
  await started()
  expect(await states()).toEqual(['paused', 'paused'])
  for (const [shop, one] of [[t.shop, id], [t.stranger, theirs]] as const) expect((await t.api(shop).get(`/api/campaigns/${one}`)).body.statusReason ?? (await t.api(shop).get(`/api/campaigns/${one}`)).body.campaign?.statusReason).toContain('six hours')
})
