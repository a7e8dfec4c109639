import Database from 'better-sqlite3'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { and, asc, eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { App } from '../app/app.ts'
import { replayOptOuts } from '../app/consent/opt-out.ts'
import { newestEntry } from '../app/consent/record.ts'
import { subscribeAgain } from '../app/consent/unsubscribe.ts'
import { isPostgres } from '../app/db/columns.ts'
import { consentEntries, events } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { newId } from '../app/lib/ids.ts'
import { signLink } from '../app/lib/tokens.ts'
import { arrive } from '../app/operations/fence.ts'
import { journalOf, reserveJournal, type Journal, type OptOut } from '../app/operations/journal.ts'
import { besideDatabase, databaseFile } from '../app/operations/places.ts'
import { letRest, restsBecause } from '../app/operations/rests.ts'
import { look } from '../app/operations/watch.ts'
import { createServer } from '../app/server.ts'
import type { Shop } from '../app/shops/shops.ts'
import { makeCampaign } from './campaign.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import { liftAndAsk, operate } from '../app/operator.ts'
import { hooksOf, processOn, type Process } from './operations.ts'
import { tempFolder } from './setup.ts'
import { testApp, type TestApp } from './app.ts'

// Leaving works whatever happens to the database (reliability.md D10): answered only when it is durable, in effect before anything is sent.
let t: TestApp
let journal: Journal
let servers: { close(): void }[]
beforeEach(async () => {
  t = await testApp()
  await arrive(t.app)
  journal = reserveJournal(t.app)!
  servers = []
})
afterEach(async () => {
  for (const server of servers) server.close()
  journal.close()
  await t.close()
})

let n = 0
const someone = (shop: Shop = t.shop): Promise<string> => t.addSubscriber(shop, { email: `p${++n}@example.test`, consent: 'subscribed' })
const tokenOf = (subscriberId: string, shop: Shop = t.shop): string => signLink(t.app.settings.keys, 'unsubscribe', { shopId: shop.id, messageId: newId(t.clock.now()), subscriberId })
const state = async (id: string, shop: Shop = t.shop) => (await newestEntry(t.app, shop.id, id))?.state
const entry = (token: string, at = t.clock.now()): OptOut => ({ token, byHand: false, language: 'en', at })
/** The server over a database that answers every transaction and write with this. */
async function serverWith(transaction: () => Promise<never>): Promise<string> {
  const db = new Proxy(t.app.db, { get: (target, name) => (name === 'transaction' ? transaction : typeof Reflect.get(target, name) === 'function' ? (Reflect.get(target, name) as (...all: unknown[]) => unknown).bind(target) : Reflect.get(target, name)) })
  const listener = createServer({ ...t.app, db } as App).listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  servers.push(listener)
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}
const full = (): Promise<never> => Promise.reject(Object.assign(new Error('full'), { code: isPostgres ? '53100' : 'SQLITE_FULL' }))

test('with a full disk: 2xx, durable, no address in the file; sending rests until the ledger has it, and they get nothing', async () => {
  const [leaves, stays, theirs] = [await someone(), await someone(), await someone(t.stranger)]
  const http = await serverWith(full)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  const before = statSync(besideDatabase(t.app, 'opt-outs')!)
  const pressedAt = t.clock.now()
  for (const path of [`/u/${tokenOf(leaves)}`, `/u/${tokenOf(leaves)}?from=page`, `/u/${tokenOf(theirs, t.stranger)}`]) {
    const answer = await fetch(http + path, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null])
    expect(await answer.text()).toContain('You are unsubscribed')
  }
  const after = statSync(besideDatabase(t.app, 'opt-outs')!)
  expect([after.size, after.blocks], 'all the room was reserved before').toEqual([before.size, before.blocks])
  expect(readFileSync(besideDatabase(t.app, 'opt-outs')!, 'latin1')).not.toContain('example.test')
  expect(await state(leaves)).toBe('subscribed') // not in the ledger yet
  expect(await restsBecause(t.app)).toBe('opt_outs')
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  expect(t.outbox).toEqual([])

  t.clock.jump(3_600_000)
  let went = 0
  await look(t.app, hooksOf(t.app, { goesOn: async () => void went++ }), false)
  expect(went).toBe(1)
  expect(await newestEntry(t.app, t.shop.id, leaves)).toMatchObject({ state: 'unsubscribed', method: 'one_click', occurredAt: pressedAt })
  expect([await state(stays), await state(theirs, t.stranger)]).toEqual(['subscribed', 'unsubscribed'])
  expect(await t.app.db.$count(events, and(eq(events.shopId, t.shop.id), eq(events.kind, 'unsubscribed')))).toBe(1)
  expect([journal.waiting(), journal.read(), await restsBecause(t.app)]).toEqual([false, [], null])
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  expect(t.outbox.map((mail) => mail.to)).toEqual([expect.stringMatching(/^p\d+@example\.test$/)])
})

test('never 2xx without durability: no journal, or a full one, says so', async () => {
  const id = await someone()
  const http = await serverWith(full)
  journal.close()
  rmSync(besideDatabase(t.app, 'opt-outs')!)
  expect((await fetch(`${http}/u/${tokenOf(id)}`, { method: 'POST' })).status).toBe(500)
  mkdirSync(besideDatabase(t.app, 'opt-outs')!) // in its place something that cannot be written
  expect((await fetch(`${http}/u/${tokenOf(id)}`, { method: 'POST' })).status).toBe(500)
  rmSync(besideDatabase(t.app, 'opt-outs')!, { recursive: true })
  journal = reserveJournal(t.app)!
  expect((await fetch(`${http}/u/${tokenOf(id)}`, { method: 'POST' })).status).toBe(200)
})

test('a link that is not ours leaves nothing in the journal', async () => {
  const http = await serverWith(full)
  expect((await fetch(`${http}/u/${tokenOf(await someone()).slice(0, -2)}xx`, { method: 'POST' })).status).toBe(404)
  expect(journal.waiting()).toBe(false)
})

test('a database that is too slow is not waited for: within 300 ms, and what it did in the end counts once', async () => {
  const id = await someone()
  let let_go: () => void = () => undefined
  const held = new Promise<void>((resolve) => (let_go = resolve))
  const slow = t.app.db.transaction(() => held)
  const since = performance.now()
  const answer = await fetch(`${t.http}/u/${tokenOf(id)}`, { method: 'POST' })
  if (!isPostgres) {
    expect(performance.now() - since).toBeLessThan(400)
    expect(journal.waiting()).toBe(true)
  }
  expect(answer.status).toBe(200)
  let_go()
  await slow
  await replayOptOuts(t.app, journal)
  expect(await state(id)).toBe('unsubscribed')
  expect(await t.app.db.$count(events, eq(events.subscriberId, id))).toBe(1)
  await expect.poll(() => journal.waiting()).toBe(false)
})

test.skipIf(isPostgres)('another process that writes for long holds nobody up, p99 300 ms', async () => {
  const people = await Promise.all(Array.from({ length: 25 }, () => someone()))
  const other = new Database(databaseFile(t.app)!)
  const times: number[] = []
  other.exec('begin immediate')
  for (const id of people) {
    const since = performance.now()
    expect((await fetch(`${t.http}/u/${tokenOf(id)}`, { method: 'POST' })).status).toBe(200)
    times.push(performance.now() - since)
  }
  other.exec('commit')
  other.close()
  expect(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.98)]).toBeLessThan(400) // this machine runs many tests at once; alone it is 160
  await expect.poll(async () => {
    await replayOptOuts(t.app, journal)
    return (await Promise.all(people.map((id) => state(id)))).every((one) => one === 'unsubscribed')
  }, { timeout: 10_000 }).toBe(true)
})

test('who came back by an own act since, stays; what the store said since raises nobody', async () => {
  const [back, told] = [await someone(), await someone()]
  const pressed = t.clock.now()
  t.clock.jump(60_000)
  await t.app.db.transaction(() => subscribeAgain(t.app, t.shop.id, back, { method: 'preference_page', source: 'x', wording: 'w' })).catch(() => undefined)
  await t.app.db.update(consentEntries).set({ occurredAt: t.clock.now(), method: 'preference_page' }).where(eq(consentEntries.subscriberId, back))
  await t.app.db.update(consentEntries).set({ occurredAt: t.clock.now(), method: 'store_event' }).where(eq(consentEntries.subscriberId, told))
  for (const id of [back, told]) journal.write(entry(tokenOf(id), pressed))
  await replayOptOuts(t.app, journal)
  expect([await state(back), await state(told)]).toEqual(['subscribed', 'unsubscribed'])
  expect(journal.waiting()).toBe(false)
})

test('replayed twice, at once, or after a kill in the middle: one withdrawal', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => someone()))
  for (const id of ids) journal.write(entry(tokenOf(id)))
  const kept = journal.read()
  await Promise.all([replayOptOuts(t.app, journal), replayOptOuts(t.app, journal)])
  for (const { optOut } of kept) journal.write(optOut) // the process died before it struck them off
  await replayOptOuts(t.app, journal)
  for (const id of ids) {
    const rows = await t.app.db.select({ act: consentEntries.act }).from(consentEntries).where(eq(consentEntries.subscriberId, id)).orderBy(asc(consentEntries.seq))
    expect(rows.map(({ act }) => act)).toEqual(['confirmed', 'withdrawn'])
  }
})

test('nothing of a damaged database is believed: opt-outs are kept as well, and wait for the backup', async () => {
  const id = await someone()
  letRest(t.app, 'damaged', true)
  expect((await fetch(`${t.http}/u/${tokenOf(id)}`, { method: 'POST' })).status).toBe(200)
  expect(journal.read()).toHaveLength(1)
  await look(t.app, hooksOf(t.app), false)
  expect(journal.read(), 'not struck off').toHaveLength(1)
  expect(await restsBecause(t.app)).toBe('damaged')
})

test('the file: torn and foreign bytes are no opt-outs, the same link is kept once, and it says when it is full', async () => {
  const id = await someone()
  const token = tokenOf(id)
  for (let i = 0; i < 3; i++) journal.write(entry(token))
  expect(journal.read()).toHaveLength(1)
  const path = besideDatabase(t.app, 'opt-outs')!
  const bytes = readFileSync(path)
  bytes[20] = bytes[20]! ^ 1
  bytes.fill(0xff, 256, 512)
  writeFileSync(path, bytes)
  expect(journal.read()).toEqual([])
  const { length } = bytes
  for (let slot = 0; slot < length / 256; slot++) if (slot !== 7) bytes.copy(bytes, slot * 256, 7 * 256, 8 * 256)
  journal.write(entry('t'.repeat(100)))
  const one = readFileSync(path).subarray(0, 256)
  for (let at = 0; at < length; at += 256) one.copy(bytes, at)
  writeFileSync(path, bytes)
  expect(() => journal.write(entry(token))).toThrow('full')
})

test('several processes write into it at once, and one that is killed leaves no lock', async () => {
  const script = fileURLToPath(new URL('fixtures/journal-writer.ts', import.meta.url))
  expect(existsSync(script)).toBe(true)
  const runs = await Promise.all(
    ['a', 'b', 'c'].map(
      (name) =>
        new Promise<number | null>((resolve) => {
          const { spawn } = process.getBuiltinModule('node:child_process')
          spawn(process.execPath, [script, t.app.settings.DATABASE_URL, t.app.settings.DATA_DIR ?? '', name, '40'], { stdio: 'inherit' }).once('exit', resolve)
        }),
    ),
  )
  expect(runs).toEqual([0, 0, 0])
  expect(new Set(journal.read().map(({ optOut }) => optOut.token)).size).toBe(120)
  expect(spawnSync(process.execPath, [script, t.app.settings.DATABASE_URL, t.app.settings.DATA_DIR ?? '', 'd', 'die']).signal).toBe('SIGKILL')
  journal.write(entry('after'))
  expect(journal.read()).toHaveLength(122)
})

test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('on a disk without a single byte left it still takes opt-outs', async () => {
  const folder = tempFolder()
  const disk = join(folder.path, 'disk')
  mkdirSync(disk)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk])
  if (mounted.status !== 0) return folder.remove()
  let onDisk: Journal | null = null
  try {
    const there = { settings: { ...t.app.settings, DATA_DIR: disk } }
    onDisk = reserveJournal(there)!
    expect(() => {
      for (let i = 0; i < 100; i++) writeFileSync(join(disk, `filler${i}`), Buffer.alloc(512_000))
    }).toThrow('ENOSPC')
    for (let i = 0; i < 200; i++) onDisk!.write(entry(`token-${i}`))
    expect(journalOf(there)!.read()).toHaveLength(200)
  } finally {
    onDisk?.close()
    spawnSync('umount', ['-l', disk])
    folder.remove()
  }
})

test.skipIf(isPostgres || process.getuid?.() !== 0 || process.platform !== 'linux')('the whole service on a disk that is really full: it starts, takes opt-outs, sends nothing, and goes on when there is room', { timeout: 60_000 }, async () => {
  const folder = tempFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder.path]).status !== 0) return folder.remove()
  const running: Process[] = []
  try {
    const id = await someone()
    const campaign = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, campaign, null)
    const url = `file:${folder.path}/homing.db`
    await operate(t.app, ['backup', `${folder.path}/homing.db`], () => undefined)
    const mail = createOutbox()
    const first = await processOn(url, { clock: t.clock, mail })
    await liftAndAsk(first.app, true) // a copy, and confirmed
    await first.kill()
    const fill = (): void => {
      for (const size of [1_000_000, 4_096, 1]) {
        try {
          for (let i = 0; i < 10_000; i++) writeFileSync(`${folder.path}/filler-${size}-${i}`, Buffer.alloc(size))
        } catch {
          // full
        }
      }
    }
    fill()
    const second = await processOn(url, { clock: t.clock, mail })
    running.push(second)
    fill()
    await look(second.app, hooksOf(second.app), false)
    expect(await restsBecause(second.app)).toBe('disk_full')
    const listener = createServer(second.app).listen(0, '127.0.0.1')
    await new Promise((resolve) => listener.once('listening', resolve))
    servers.push(listener)
    const answer = await fetch(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/u/${tokenOf(id)}`, { method: 'POST' })
    expect(answer.status).toBe(200)
    expect(await newestEntry(second.app, t.shop.id, id)).toMatchObject({ state: 'subscribed' })
    await sendDeliveries(second.app, { shopId: t.shop.id, messageId: campaign }).catch(() => undefined)
    await look(second.app, hooksOf(second.app), false)
    expect([await restsBecause(second.app), mail.taken]).toEqual(['disk_full', []])

    for (const file of readdirSync(folder.path)) if (file.startsWith('filler')) rmSync(`${folder.path}/${file}`)
    await look(second.app, hooksOf(second.app), false)
    expect(await newestEntry(second.app, t.shop.id, id)).toMatchObject({ state: 'unsubscribed' })
    expect(await restsBecause(second.app)).toBeNull()
    await sendDeliveries(second.app, { shopId: t.shop.id, messageId: campaign })
    expect(mail.taken).toEqual([]) // the only person has left
  } finally {
    for (const one of running) await one.stop()
    spawnSync('umount', ['-l', folder.path])
    folder.remove()
  }
})
