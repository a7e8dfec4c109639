import { afterEach, expect, test } from 'vitest'
import { closeApp, createApp, type App } from '../app/app.ts'
import { seeded } from '../bench/faults/chance.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, makeCampaign, statesOf } from './campaign.ts'

// reliability.md Q5: any number of workers, some of them stopped for longer than their leases in the middle of a call.

let t: TestApp
afterEach(() => t.close())

const people = 240

/** The provider as one worker sees it: some calls stop it while it waits for the answer, until it is thawed. */
function freezing(mail: Outbox, random: () => number): { mail: MailProvider; thaw(): void; frozen(): number } {
  const waiting: (() => void)[] = []
  let total = 0
  const stop = (): Promise<void> => {
    total++
    return new Promise((resolve) => waiting.push(resolve))
  }
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve))
    const answer = await call()
    if (random() < 0.06) await stop()
    return answer
  }
  return {
    mail: {
      ...mail,
      send: (one) => around(() => mail.send(one)),
      shared: { most: mail.shared!.most, prepare: (body) => ((call) => (to) => around(() => call(to)))(mail.shared!.prepare(body)) },
    },
    thaw: () => waiting.splice(0).forEach((go) => go()),
    frozen: () => total,
  }
}

test.each(['individual', 'shared'] as const)('eight workers, each frozen past its lease now and then, in the %s way: nobody twice, nobody lost', { timeout: 120_000 }, async (way) => {
  const random = seeded(way === 'shared' ? 5 : 6)
  const mail = createOutbox({ evidence: 'events', most: 10, lanes: 4 })
  t = await testApp({ mail })
  await addMany(t.app, t.shop, people)
  const id = await makeCampaign(t.app, t.shop, { way })
  await freeze(t.app, t.shop.id, id, null, 10)
  const workers = Array.from({ length: 8 }, () => {
    const icy = freezing(mail, random)
    const app: App = createApp({ settings: t.app.settings, clock: t.clock, mail: icy.mail, fetch: t.app.fetch, dns: t.app.dns, log: t.app.log })
    return { app, icy }
  })
  const turns: Promise<void>[] = []
  try {
    for (let round = 0; round < 80; round++) {
      for (const { app } of workers) turns.push(sendDeliveries(app, { shopId: t.shop.id, messageId: id }))
      await new Promise((resolve) => setTimeout(resolve, 40))
      t.clock.jump(60_000 * (1 + Math.floor(random() * 3)))
      // Half of what was taken is told soon, everything within half an hour.
      await takeFeedback(t.app, mail.taken.filter((_, i) => i % 2 === 0 || round % 8 === 7).map(({ key }) => ({ id: `e-${key}`, key, kind: 'processed' as const, at: t.clock.now(), detail: null, machine: false })))
      await recoverDeliveries(workers[round % 8]!.app)
      const states = await statesOf(t.app, t.shop, id)
      expect(Object.values(states).reduce((a, b) => a + b, 0)).toBe(people)
      if (random() < 0.3) for (const { icy } of workers) icy.thaw()
      if (states.accepted === people) break
    }
    for (let i = 0; i < 20; i++) {
      for (const { icy } of workers) icy.thaw()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await Promise.all(turns)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: people })
    expect(new Set(mail.taken.map((one) => one.to)).size).toBe(people)
    expect(mail.taken).toHaveLength(people)
    expect(workers.reduce((sum, { icy }) => sum + icy.frozen(), 0)).toBeGreaterThan(0)
  } finally {
    for (const { app } of workers) await closeApp(app)
  }
})
