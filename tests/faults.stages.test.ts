import { and, eq } from 'drizzle-orm'
import { afterEach, expect, test } from 'vitest'
import { closeApp, createApp, type App } from '../app/app.ts'
import { sendNow } from '../app/campaigns/commands.ts'
import { createDraft, saveDraft } from '../app/campaigns/draft.ts'
import { isPostgres } from '../app/db/columns.ts'
import type { Db } from '../app/db/open.ts'
import { campaigns } from '../app/db/schema.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { MINUTE } from '../app/lib/clock.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { mailContent } from '../app/templates/contract.ts'
import { handlers, startSchedules } from '../app/worker.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, statesOf } from './campaign.ts'

// reliability.md Q4: whatever a campaign is just doing when the process dies, the next process goes on with it by itself.

let t: TestApp
afterEach(() => t.close())

const people = 10

/** The same installation in a process of its own. */
const another = (mail: MailProvider): App => createApp({ settings: t.app.settings, clock: t.clock, mail, fetch: t.app.fetch, dns: t.app.dns, log: t.app.log })

/** A process that dies at its n-th statement from now: that one and all later ones are never run, and nothing that waits for it goes on. */
function dying(app: App, n: number): { app: App; died: Promise<'died'>; isDead(): boolean } {
  let left = n
  let tell: (how: 'died') => void = () => undefined
  const died = new Promise<'died'>((resolve) => (tell = resolve))
  const orDie = <T>(work: () => T): T => {
    if (left-- > 0) return work()
    tell('died')
    throw new Error('killed')
  }
  const db = new Proxy(app.db, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function' || name === 'statements' || name === 'transaction' || name === 'damaged') return value
      return (...args: unknown[]) => orDie(() => (value as (...all: unknown[]) => unknown).apply(target, args))
    },
  }) as Db
  const alive = <T>(work: () => Promise<T>): Promise<T> => (left < 0 ? new Promise(() => undefined) : work())
  const mail: MailProvider = {
    ...app.mail,
    send: (message) => alive(() => app.mail.send(message)),
    shared: { most: app.mail.shared!.most, prepare: (body) => ((call) => (to) => alive(() => call(to)))(app.mail.shared!.prepare(body)) },
  }
  return { app: { ...app, db, mail }, died, isDead: () => left < 0 }
}

const content = mailContent.parse({ blocks: [{ id: 't', type: 'text', html: '<p>Hello {{ subscriber.first_name }}</p>', align: 'left' }] })
const statusOf = async (id: string): Promise<string> => (await t.app.db.select().from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id))))[0]!.status

/** Writes a draft and sends it, in a process that dies at its n-th statement. Answers whether it died, and where the campaign stood then. */
async function sendAndDie(mail: Outbox, id: string, n: number): Promise<{ died: boolean; status: string; handedOver: number }> {
  const app = another(mail)
  const victim = dying(app, n)
  const work = handlers(victim.app)
  // A job whose process is dead neither ends nor fails: it stays taken until its lease is over.
  const mortal = Object.fromEntries(Object.entries(work).map(([kind, run]) => [kind, (payload: never) => (run as (payload: never) => Promise<void>)(payload).catch((error: unknown) => (victim.isDead() ? new Promise(() => undefined) : Promise.reject(error as Error)))])) as typeof work
  const life = (async () => {
    await sendNow(victim.app, t.shop, id)
    await app.queue.runDue(mortal)
    return 'done' as const
  })().catch((error: unknown) => {
    if (!victim.isDead()) throw error
    return 'died' as const
  })
  const end = await Promise.race([life, victim.died])
  await new Promise((resolve) => setTimeout(resolve, 20)) // what had left reaches the database
  const found = { died: end === 'died', status: await statusOf(id), handedOver: mail.taken.length }
  await app.queue.stop()
  await app.db.close()
  return found
}

/** A new process, and time. Answers after how much of it everything was sent. */
async function goOn(mail: Outbox, id: string): Promise<number> {
  const app = another(mail)
  try {
    const work = { ...handlers(app), 'shops.nightly': async () => undefined } // it would read a store that this test does not have
    if ((await statusOf(id)) === 'draft') await sendNow(app, t.shop, id) // the button said that it failed: they press it again
    await startSchedules(app)
    const from = t.clock.now().getTime()
    while ((await statusOf(id)) !== 'sent') {
      if (t.clock.now().getTime() - from > 90 * MINUTE) return Infinity
      t.clock.jump(MINUTE)
      await takeFeedback(app, mail.taken.map(({ key }) => ({ id: `e-${key}`, key, kind: 'processed' as const, at: t.clock.now(), detail: null, machine: false })))
      await app.queue.runDue(work, { keepGoing: true })
    }
    return t.clock.now().getTime() - from
  } finally {
    await closeApp(app)
  }
}

test(`killed at every third statement (from ${isPostgres ? 'the second' : 'the first'}) between the button and “sent”: it goes on by itself, nobody twice, nobody lost`, { timeout: 300_000 }, async () => {
  t = await testApp()
  await addMany(t.app, t.shop, people)
  const stages = new Set<string>()
  for (let n = isPostgres ? 1 : 0; ; n += 3) {
    const mail = createOutbox({ evidence: 'events', most: 2 })
    const made = await createDraft(t.app, t.shop, { name: `Life ${n}` })
    await saveDraft(t.app, t.shop, made.id, { version: made.version, name: `Life ${n}`, subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
    const { died, status, handedOver } = await sendAndDie(mail, made.id, n)
    const stage = `${status}${status === 'sending' ? (handedOver === 0 ? ', nothing posted' : handedOver < people ? ', some posted' : ', all posted') : ''}`
    if (!died) {
      expect(status).toBe('sent')
      break
    }
    if (status !== 'sent') stages.add(stage) // behind the end it is only compared with its rehearsal
    const took = await goOn(mail, made.id)
    expect(await statesOf(t.app, t.shop, made.id), `killed at statement ${n} (${stage})`).toEqual({ accepted: people })
    expect(mail.taken.map((one) => one.to).sort(), `killed at statement ${n} (${stage})`).toEqual(Array.from({ length: people }, (_, i) => `person${i}@example.org`).sort())
    // Nothing to wait for but a lease and the provider's word, or, where nothing was posted, the half hour in which it could still come.
    expect(took, `killed at statement ${n} (${stage})`).toBeLessThanOrEqual(35 * MINUTE)
  }
  expect(stages).toEqual(new Set(['draft', 'scheduled', 'preparing', 'sending, nothing posted', 'sending, some posted', 'sending, all posted']))
})
