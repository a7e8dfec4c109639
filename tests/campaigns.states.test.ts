import fc from 'fast-check'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancel, pause, resume, schedule, sendNow, unschedule } from '../app/campaigns/commands.ts'
import { createDraft, saveDraft } from '../app/campaigns/draft.ts'
import { moves } from '../app/campaigns/state.ts'
import { campaigns, deliveries } from '../app/db/schema.ts'
import { openStates } from '../app/deliveries/contract.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { AppError } from '../app/lib/errors.ts'
import { HOUR, MINUTE, after } from '../app/lib/clock.ts'
import type { Outbox } from '../app/mail/outbox.ts'
import type { Outcome } from '../app/mail/provider.ts'
import { mailContent } from '../app/templates/contract.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, rowsOf } from './campaign.ts'

let t: TestApp
const people = 4
beforeAll(async () => {
  t = await testApp()
  await addMany(t.app, t.shop, people)
})
afterAll(() => t.close())

const content = mailContent.parse({ blocks: [{ id: 't', type: 'text', html: '<p>Hello</p>', align: 'left' }] })
const refused: Outcome = { kind: 'refused', reason: 'no', badAddress: false }
const later: Outcome = { kind: 'later', reason: 'busy', retryAfterMs: 30_000, whole: false }
const lost: Outcome = { kind: 'uncertain', reason: 'the answer was lost' }

type Step = 'send' | 'schedule' | 'unschedule' | 'pause' | 'resume' | 'cancel' | 'work' | 'minute' | 'hour' | 'recover'
const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Step>('work', 'minute', 'recover') },
  { weight: 5, arbitrary: fc.constantFrom<Step>('send', 'schedule', 'unschedule', 'pause', 'resume', 'cancel', 'hour') },
)
const legal = new Set<string>(Object.values(moves).flatMap(({ from, to }) => from.map((f) => `${f}>${to}`)))
// One turn of work goes through several moves at once: what can be reached by legal moves.
const reachable = (from: string, to: string): boolean => {
  const seen = new Set([from])
  for (const at of seen) for (const move of legal) if (move.startsWith(`${at}>`)) seen.add(move.split('>')[1]!)
  return seen.has(to)
}

describe('the life of a campaign', () => {
  it('obeys its states under any order of commands and answers: finishes exactly when no row is open, pausing and cancelling bite, nobody gets it twice', async () => {
    const outbox = t.app.mail as Outbox
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 18 }), fc.array(fc.constantFrom<Outcome | undefined>(undefined, undefined, undefined, refused, later, lost), { maxLength: 8 }), async (steps, answers) => {
        const made = await createDraft(t.app, t.shop, { name: 'Any' })
        const { id } = await saveDraft(t.app, t.shop, made.id, { version: made.version, name: 'Any', subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
        const waiting = [...answers]
        outbox.taken.length = 0
        outbox.script(() => waiting.shift())
        const status = async (): Promise<string> => (await t.app.db.select({ status: campaigns.status }).from(campaigns).where(eq(campaigns.id, id)))[0]!.status
        const commands: Record<Step, () => Promise<unknown>> = {
          send: () => sendNow(t.app, t.shop, id),
          schedule: () => schedule(t.app, t.shop, id, after(t.clock.now(), HOUR)),
          unschedule: () => unschedule(t.app, t.shop, id),
          pause: () => pause(t.app, t.shop, id),
          resume: () => resume(t.app, t.shop, id),
          cancel: () => cancel(t.app, t.shop, id),
          work: () => t.runJobs(),
          minute: async () => t.clock.jump(MINUTE),
          hour: async () => t.clock.jump(HOUR),
          recover: () => recoverDeliveries(t.app),
        }
        const check = async (before: string, taken: number, what: Step): Promise<void> => {
          const now = await status()
          expect(['work', 'recover'].includes(what) ? reachable(before, now) : before === now || legal.has(`${before}>${now}`), `${what}: ${before} -> ${now}`).toBe(true)
          const open = (await rowsOf(t.app, t.shop, id)).filter(({ state }) => openStates.includes(state as 'pending')).length
          if (now === 'sent') expect(open).toBe(0)
          if (now === 'sending' && what === 'work') expect(open).toBeGreaterThan(0)
          if (['draft', 'scheduled', 'failed'].includes(now)) expect(await t.app.db.$count(deliveries, eq(deliveries.messageId, id))).toBe(0)
          if (['paused', 'cancelled', 'draft', 'scheduled'].includes(before) && now === before) expect(outbox.taken.length).toBe(taken)
          expect(new Set(outbox.taken.map((m) => m.to)).size).toBe(outbox.taken.length)
        }
        for (const what of steps) {
          const [before, taken] = [await status(), outbox.taken.length]
          try {
            await commands[what]()
          } catch (error) {
            // A refusal in words is fine and changes nothing; everything else is a fault.
            if (!(error instanceof AppError) || ![409, 422].includes(error.status)) throw error
            expect(await status()).toBe(before)
          }
          await check(before, taken, what)
        }
        // Left alone, it comes to rest: nothing stays half done.
        if ((await status()) === 'paused') await resume(t.app, t.shop, id)
        for (let i = 0; i < 40 && ['scheduled', 'preparing', 'sending'].includes(await status()); i++) {
          await recoverDeliveries(t.app)
          await t.runJobs()
          t.clock.jump(10 * MINUTE)
        }
        const end = await status()
        expect(['draft', 'sent', 'cancelled', 'failed']).toContain(end)
        const rows = await rowsOf(t.app, t.shop, id)
        expect(rows.filter(({ state }) => openStates.includes(state as 'pending'))).toEqual(end === 'cancelled' ? expect.anything() : [])
        if (end === 'sent') expect(rows).toHaveLength(people)
        expect(rows.filter(({ state }) => state === 'accepted')).toHaveLength(outbox.taken.length)
        await t.app.db.delete(campaigns).where(eq(campaigns.id, id))
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
