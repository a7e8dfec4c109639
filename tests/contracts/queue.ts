import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../../app/db/migrate.ts'
import { openDatabase, type Db } from '../../app/db/open.ts'
import { createQueue } from '../../app/jobs/index.ts'
import { GiveUp, RetryAt, type Handlers, type Queue } from '../../app/jobs/queue.ts'
import { createLog } from '../../app/lib/log.ts'
import { testClock, type TestClock } from '../clock.ts'
import { freshDatabase } from '../fresh-database.ts'

type Work = (payload: { shopId: string }) => Promise<void>

/** What every queue must do. `sync.start` stands for any kind of job. */
export function queueBattery(engine: string): void {
  describe(`the queue on ${engine}`, () => {
    let db: Db
    let url: string
    let drop: () => Promise<void>
    let queue: Queue
    let clock: TestClock
    const log = createLog('silent')
    const handlers = (work: Work): Handlers => ({ 'sync.start': work }) as unknown as Handlers
    const seen: string[] = []
    const note = handlers(async ({ shopId }) => void seen.push(shopId))

    beforeAll(async () => {
      ;({ url, drop } = await freshDatabase())
      db = openDatabase(url)
      await migrate(db)
      clock = testClock()
      queue = createQueue({ db, clock, log })
    })
    afterAll(async () => {
      await queue.stop()
      await db.close()
      await drop()
    })
    const take = (): string[] => seen.splice(0)

    test('a job runs once and is gone', async () => {
      await queue.add('sync.start', { shopId: 'a' })
      expect(await queue.runDue(note)).toBe(1)
      expect(await queue.runDue(note)).toBe(0)
      expect(take()).toEqual(['a'])
    })

    test('a job added in a transaction that fails is not there', async () => {
      await db.transaction(async () => {
        await queue.add('sync.start', { shopId: 'lost' })
        throw new Error('no')
      }).catch(() => undefined)
      await db.transaction(() => queue.add('sync.start', { shopId: 'kept' }))
      await queue.runDue(note)
      expect(take()).toEqual(['kept'])
    })

    test('a job with a time waits for it, by the app’s clock', async () => {
      await queue.add('sync.start', { shopId: 'later' }, { at: new Date(clock.now().getTime() + 3_600_000) })
      expect(await queue.runDue(note)).toBe(0)
      clock.jump(3_599_000)
      expect(await queue.runDue(note)).toBe(0)
      clock.jump(1_000)
      expect(await queue.runDue(note)).toBe(1)
      expect(take()).toEqual(['later'])
    })

    test('one waiting job a key; another may wait while it runs', async () => {
      await queue.add('sync.start', { shopId: 'k1' }, { key: 'k' })
      await queue.add('sync.start', { shopId: 'k2' }, { key: 'k' })
      await queue.add('sync.start', { shopId: 'other' }, { key: 'other' })
      let again = true
      await queue.runDue(handlers(async ({ shopId }) => {
        seen.push(shopId)
        if (shopId === 'k1' && again) {
          again = false
          await queue.add('sync.start', { shopId: 'behind' }, { key: 'k' })
        }
      }))
      expect(take().sort()).toEqual(['behind', 'k1', 'other'])
      const at = new Date(clock.now().getTime() + 1_000)
      await queue.add('sync.start', { shopId: 't1' }, { key: 'timed', at })
      await queue.add('sync.start', { shopId: 't2' }, { key: 'timed', at })
      clock.jump(1_000)
      await queue.runDue(note)
      expect(take()).toEqual(['t1'])
    })

    test('asked for earlier, a waiting job comes forward; asked for later, it stays', async () => {
      const at = (ms: number): { key: string; at: Date } => ({ key: 'turn', at: new Date(clock.now().getTime() + ms) })
      await queue.add('sync.start', { shopId: 'turn' }, at(60_000))
      await queue.add('sync.start', { shopId: 'turn' }, at(10_000))
      await queue.add('sync.start', { shopId: 'turn' }, at(90_000))
      clock.jump(9_000)
      expect(await queue.runDue(note)).toBe(0)
      clock.jump(1_000)
      expect(await queue.runDue(note)).toBe(1)
      clock.jump(120_000)
      expect(await queue.runDue(note)).toBe(0)
      expect(take()).toEqual(['turn'])
    })

    test('a failed job is tried again later, in the end gives up, and stays visible without an address', async () => {
      let tries = 0
      const failing = handlers(() => {
        tries++
        return Promise.reject(new Error('cannot reach ben@shop.example now'))
      })
      await queue.add('sync.start', { shopId: 'f' })
      expect(await queue.runDue(failing, { keepGoing: true })).toBe(1)
      expect(await queue.runDue(failing, { keepGoing: true })).toBe(0) // not at once
      clock.jump(5_000)
      expect(await queue.runDue(failing, { keepGoing: true })).toBe(1)
      for (let i = 0; i < 10; i++) {
        clock.jump(4 * 3_600_000)
        await queue.runDue(failing, { keepGoing: true })
      }
      expect(tries).toBe(8)
      const [failed] = await queue.failed()
      expect(failed).toMatchObject({ kind: 'sync.start', error: 'Error: cannot reach [address] now' })
    })

    test('a job may name its next time, or give up at once', async () => {
      const later = new Date(clock.now().getTime() + 7_000)
      let tries = 0
      await queue.add('sync.start', { shopId: 'r' })
      const work = handlers(() => Promise.reject(tries++ === 0 ? new RetryAt(later, 'busy') : new GiveUp('never')))
      await queue.runDue(work, { keepGoing: true })
      clock.jump(6_999)
      expect(await queue.runDue(work, { keepGoing: true })).toBe(0)
      clock.jump(1)
      expect(await queue.runDue(work, { keepGoing: true })).toBe(1)
      clock.jump(10 * 86_400_000)
      expect(await queue.runDue(work, { keepGoing: true })).toBe(0)
      expect((await queue.failed())[0]!.error).toBe('Error: never')
    })

    test('several workers share the jobs without a double', async () => {
      for (let i = 0; i < 120; i++) await queue.add('sync.start', { shopId: `w${i}` })
      const others = [openDatabase(url), openDatabase(url)]
      const queues = others.map((other) => createQueue({ db: other, clock, log }))
      for (const other of queues) await other.start(note, 4)
      const end = Date.now() + 20_000
      while (seen.length < 120 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
      for (const other of queues) await other.stop()
      for (const other of others) await other.close()
      expect(take().sort()).toEqual(Array.from({ length: 120 }, (_, i) => `w${i}`).sort())
    })

    test('stopping waits for what runs', async () => {
      const other = openDatabase(url)
      const mine = createQueue({ db: other, clock, log })
      let began!: () => void
      const begun = new Promise<void>((resolve) => (began = resolve))
      let ended = false
      await mine.start(handlers(async () => {
        began()
        await new Promise((resolve) => setTimeout(resolve, 80))
        ended = true
      }))
      await mine.add('sync.start', { shopId: 'slow' })
      await begun
      await mine.stop()
      expect(ended).toBe(true)
      await other.close()
      expect(await queue.runDue(note)).toBe(0)
    })

    test('a payload that does not fit its kind is set aside, not tried for ever', async () => {
      await queue.add('sync.start', { shop: 'wrong' } as never)
      await queue.runDue(note, { keepGoing: true })
      expect((await queue.failed())[0]!.error).toContain('does not fit')
      expect(take()).toEqual([])
    })
  })
}
