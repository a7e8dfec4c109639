import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MINUTE } from '../../app/lib/clock.ts'
import { sendingRests } from '../../app/operations/rests.ts'
import { freePort } from '../../tests/setup.ts'
import { commonEnv, openStore } from '../store.ts'
import type { Plan } from './args.ts'
import { bundleLife } from './bundle.ts'
import { seeded } from './chance.ts'
import { judge, linesOf } from './check.ts'
import { skipped, worldClock } from './clock.ts'
import { leaveDuring } from './opt-outs.ts'
import { startProvider, type PretendProvider } from './provider.ts'
import { beginSending, type Sending } from './sending.ts'
import { Stage } from './stage.ts'

const workers = 3
const factor = 40 // how much faster the clock runs: a lease of two minutes is over in three seconds
const timeoutMs = 1_500 // how long a worker waits for the mail provider (20 s in life)
const standstill = 60_000 // milliseconds in which nothing happens at all, although time passes
const spellMs = 800 // how long a key is not valid or a disk is full
const pace = 200 // milliseconds between two looks at the ledger

export interface Report {
  figures: Record<string, unknown>
  faults: string[]
  words: string
}

/** Plays a plan on an empty database. DATABASE_URL must be set already. */
export async function run(plan: Plan, url: string, say: (line: string) => void): Promise<Report> {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'homing-faults-log-'))
  const log = openSync(join(folder, 'lives.log'), 'w')
  const webPort = await freePort()
  const clock = worldClock({ at: Date.now(), real: Date.now(), factor })
  const provider = await startProvider({ kind: plan.provider, doors: workers, seed: plan.seed, time: clock.time(), lateMs: timeoutMs * 2, web: `http://127.0.0.1:${webPort}` })
  const env = (door: number): Record<string, string> => ({
    ...commonEnv, DATABASE_URL: url, LOG_LEVEL: 'warn', MAIL_PROVIDER: plan.provider, SENDGRID_API_KEY: 'SG.faults', SENDGRID_WEBHOOK_KEY: provider.publicKey || 'none',
    SENDGRID_URL: `http://127.0.0.1:${provider.ports[door]}`, SMTP_URL: `smtp://127.0.0.1:${provider.ports[door]}`, APP_URL: `http://127.0.0.1:${webPort}`,
  })
  const bundled = bundleLife()
  const { app, shop, close } = await openStore(env(0))
  const life = await bundled
  let faults: string[] = ['it did not come to an end']
  try {
    const sending = await beginSending(app, shop, plan)
    say(`${sending.audience} people frozen after ${seconds(began)} s`)
    const stage = new Stage({ plan, random: seeded(plan.seed), provider, clock, timeoutMs, file: life.file, log, webPort, workers, env })
    stage.open()
    const leaving = leaveDuring(`http://127.0.0.1:${webPort}`, sending.someWays(Math.ceil(plan.recipients / 500), seeded(plan.seed + 1)), () => 1 - stage.left)
    const rests = async (): Promise<string | null> => (await sendingRests(app).then((why) => why && `: ${why}`))
    const played = await play({ plan, sending, stage, provider, rests, skip: () => stage.setTime(skipped(clock.time(), 10 * MINUTE)), say })
    await leaving.stop()
    await stage.close()
    const counts = await provider.counts()
    const verdict = judge(await linesOf(app, shop.id, sending.messageIds), await provider.truth(), counts, {
      audience: sending.audience, seed: plan.seed, mayHold: plan.provider === 'smtp', optOuts: leaving.confirmed,
    })
    faults = [...stage.faults, ...played.faults, ...verdict.faults]
    const figures = {
      kills: stage.kills, recipients: sending.audience, doubled: verdict.doubled, lost: verdict.lost, held: verdict.held, uncertain_left: verdict.uncertainLeft, seconds: Number(seconds(began)),
      seed: plan.seed, provider: plan.provider, database: plan.database.slice(0, 8), ok: faults.length === 0, states: verdict.states, kills_while_sending: stage.killsWhileSending, kills_by: stage.by,
      frozen: stage.frozen, ended_when_asked: stage.asked, calls: counts.calls, answers: counts.treatments, called_while_resting: counts.impolite, opt_outs: leaving.confirmed.size,
      most_in_doubt: played.mostInDoubt, looks: played.looks,
    }
    return { figures, faults, words: wordsOf(figures, faults, faults.length > 0 ? join(folder, 'lives.log') : null) }
  } finally {
    await provider.stop()
    await close()
    life.remove()
    closeSync(log)
    if (faults.length === 0) rmSync(folder, { recursive: true, force: true })
  }
}

interface Play {
  plan: Plan
  sending: Sending
  stage: Stage
  provider: PretendProvider
  /** Lets ten minutes of the run's time pass at once. */
  skip(): Promise<void>
  /** Why the app itself lets all sending rest, or null. */
  rests(): Promise<string | null>
  say: (line: string) => void
}

/** Looks again and again until everything is sent and everybody is dead who was to die. */
async function play({ plan, sending, stage, provider, ...how }: Play): Promise<{ faults: string[]; mostInDoubt: number; looks: number }> {
  const storm = performance.now()
  const deadline = storm + 120_000 + plan.kills * 10_000 + plan.recipients * 10
  const faults = new Set<string>()
  // Once each, at a share of the kills and for a while: our key is not valid; the disk is full. After that one sending rests until the app
  // has looked at its disk again, which is too long for a short run.
  const spells = [
    { at: 0.3, set: (on: boolean) => provider.mood(on ? 'refusing' : 'wild') },
    ...(plan.kills >= 40 ? [{ at: 0.6, set: async (on: boolean) => stage.setDisk(on) }] : []),
  ].map((spell) => ({ ...spell, since: 0, over: false }))
  let [still, said, looks, mostInDoubt, slow] = [{ key: '', since: storm }, storm, 0, 0, 50]
  for (;;) {
    await wait(pace)
    looks++
    const now = await sending.progress()
    const counts = await provider.counts()
    const { waiting, accepted, refused, suppressed, uncertain, held } = now
    const sum = waiting + accepted + refused + suppressed + uncertain + held
    if (sum !== sending.audience || now.audience !== sending.audience) faults.add(`(a) after ${seconds(storm)} s the states added up to ${sum} and the audience to ${now.audience}, not to ${sending.audience}`)
    if (accepted > counts.taken) faults.add(`(c) after ${seconds(storm)} s ${accepted} people were accepted, and the provider had taken ${counts.taken}`)
    mostInDoubt = Math.max(mostInDoubt, uncertain)
    stage.left = (waiting + uncertain) / sending.audience
    const killed = plan.kills === 0 ? 1 : stage.kills / plan.kills
    slow = paceFor(slow, stage.left, 1 - killed)
    await provider.latency(slow, slow / 2)
    for (const spell of spells) {
      if (spell.since === 0 && killed >= spell.at) {
        spell.since = performance.now()
        await spell.set(true)
      } else if (!spell.over && spell.since > 0 && performance.now() > spell.since + spellMs) {
        spell.over = true
        await spell.set(false)
      }
    }
    const done = await sending.mind(spells[0]!.since === 0 || spells[0]!.over)
    if (done && stage.kills >= plan.kills) break
    if (stage.faults.length > 0 || performance.now() > deadline || performance.now() > still.since + standstill) {
      if (!done) faults.add(`not everything was sent after ${seconds(storm)} s${(await how.rests()) ?? ''}`)
      break
    }
    // When there is nothing left but waiting, time passes; but not while the provider tells what it took.
    const key = JSON.stringify([now, counts.calls, stage.kills])
    if (key !== still.key) still = { key, since: performance.now() }
    if (stage.kills >= plan.kills && stage.calm() && counts.telling === 0 && (waiting === 0 || performance.now() - still.since > timeoutMs / 2)) await how.skip()
    if (performance.now() - said < 5_000) continue
    said = performance.now()
    how.say(`  ${seconds(storm)} s: ${stage.kills} kills, ${counts.calls} calls; ${accepted} accepted, ${waiting} waiting, ${uncertain} uncertain, ${held} held`)
  }
  return { faults: [...faults], mostInDoubt, looks }
}

/** How long the provider takes to answer, so that the sending lasts as long as the kills do. Milliseconds. */
const paceFor = (now: number, left: number, killsLeft: number): number =>
  killsLeft === 0 ? 0 : Math.min(600, Math.max(2, left < killsLeft ? now * 1.4 : now / 1.4))

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)

function wordsOf(figures: Record<string, unknown>, faults: string[], log: string | null): string {
  const lines = Object.entries(figures).map(([name, value]) => `  ${name.replaceAll('_', ' ').padEnd(22)}${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [...lines, '', faults.length === 0 ? 'Nobody got it twice, nobody was lost, everybody is accounted for.' : faults.map((fault) => `FAULT ${fault}`).join('\n'), ...(log ? [`What the processes said is in ${log}`] : []), ''].join('\n')
}
