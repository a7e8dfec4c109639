import { spawn } from 'node:child_process'
import { describe, expect, inject, test } from 'vitest'
import { evidenceDelay, treatmentOf } from '../bench/faults/answers.ts'
import { readArgs } from '../bench/faults/args.ts'
import { chanceOf, isBadAddress, seeded } from '../bench/faults/chance.ts'
import { judge } from '../bench/faults/check.ts'
import { fatesOfWorkers, type Fate } from '../bench/faults/fates.ts'
import { isPostgres } from '../app/db/columns.ts'
import type { DeliveryState } from '../app/deliveries/contract.ts'
import { MINUTE } from '../app/lib/clock.ts'
import { freshDatabase } from './fresh-database.ts'

/** npm run faults, as a process of its own. */
async function faults(...args: string[]): Promise<{ code: number | null; figures: Record<string, unknown>; said: string }> {
  const server = inject('postgres')
  const database = server ? await freshDatabase() : null
  const child = spawn(process.execPath, ['bench/faults/main.ts', ...args, '--database', database?.url ?? 'sqlite', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  await database?.drop()
  const line = out.trim().split('\n').at(-1) ?? ''
  return { code, figures: line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {}, said: `${said}\n${out}` }
}

// One seed, so that what lands is what was seen to hold; play others with npm run faults.
const seed = '7'

test('20 kills while 10,000 people are mailed: nobody gets it twice, nobody is lost, whatever the provider and the network do', { timeout: 400_000 }, async () => {
  const { code, figures, said } = await faults('--kills', '20', '--recipients', '10000', '--seed', seed)
  expect(figures, said).toMatchObject({ kills: 20, recipients: 10_000, doubled: 0, lost: 0, held: 0, uncertain_left: 0, provider: 'sendgrid', database: isPostgres ? 'postgres' : 'sqlite' })
  expect(code, said).toBe(0)
})

test('where nothing can tell what became of a mail, everybody in doubt is held and nobody gets it twice', { timeout: 300_000 }, async () => {
  const { code, figures, said } = await faults('--kills', '5', '--recipients', '1000', '--seed', seed, '--provider', 'smtp')
  expect(figures, said).toMatchObject({ kills: 5, recipients: 1000, doubled: 0, lost: 0, uncertain_left: 0 })
  expect(figures.held, said).toBeGreaterThan(0)
  expect(code, said).toBe(0)
})

describe('the checker', () => {
  const seedOfChecks = 1
  const line = (email: string, state: DeliveryState, reason: string | null = null) => ({ email, state, reason })
  const once = { times: 1, last: 1000 }
  const given = { audience: 2, seed: seedOfChecks, mayHold: false, optOuts: new Map<string, number>() }
  const well = { doubledKeys: 0, mixed: 0 }
  const rows = [line('a@example.org', 'accepted'), line('b@example.org', 'suppressed', 'unsubscribed')]
  const truth = new Map([['a@example.org', once]])
  const verdictOn = (change: { rows?: typeof rows; truth?: typeof truth; counts?: typeof well; given?: Partial<typeof given> }): ReturnType<typeof judge> =>
    judge(change.rows ?? rows, change.truth ?? truth, change.counts ?? well, { ...given, ...change.given })

  test('finds nothing where all is well', () => {
    expect(verdictOn({})).toMatchObject({ doubled: 0, lost: 0, held: 0, uncertainLeft: 0, faults: [] })
  })

  test.each([
    ['somebody is missing', { given: { audience: 3 } }, { lost: 0, faults: 1 }],
    ['an address was taken twice', { truth: new Map([['a@example.org', { times: 2, last: 1 }]]) }, { doubled: 1, faults: 1 }],
    ['a key was taken twice', { counts: { doubledKeys: 1, mixed: 0 } }, { doubled: 1, faults: 1 }],
    ['a key came with two addresses', { counts: { doubledKeys: 0, mixed: 1 } }, { faults: 1 }],
    ['a stranger got it', { truth: new Map([...truth, ['z@example.org', once]]) }, { faults: 1 }],
    ['accepted, and never taken', { truth: new Map() }, { lost: 1, faults: 1 }],
    ['left in doubt', { rows: [rows[0]!, line('b@example.org', 'uncertain')] }, { lost: 1, uncertainLeft: 1, faults: 1 }],
    ['no reason', { rows: [rows[0]!, line('b@example.org', 'suppressed')] }, { lost: 1, faults: 1 }],
    ['denied', { truth: new Map([...truth, ['b@example.org', once]]) }, { lost: 1, faults: 1 }],
    ['a good address refused', { rows: [rows[0]!, line('b@example.org', 'refused', 'bad_address')] }, { lost: 1, faults: 1 }],
    ['held although the provider tells', { rows: [rows[0]!, line('b@example.org', 'held', 'no_evidence')] }, { held: 1, faults: 1 }],
    ['mailed long after leaving', { truth: new Map([['a@example.org', { times: 1, last: 100_000 }]]), given: { optOuts: new Map([['a@example.org', 1000]]) } }, { faults: 1 }],
  ])('%s', (_, change, { faults: many, ...expected }) => {
    const verdict = verdictOn(change)
    expect(verdict).toMatchObject(expected)
    expect(verdict.faults).toHaveLength(many)
  })
})

describe('the plan', () => {
  test('is the same for the same seed, and another for another', () => {
    const fates = (of: number): Fate[] => {
      const all = fatesOfWorkers(seeded(of))
      return Array.from({ length: 50 }, () => all.next().value)
    }
    expect(fates(7)).toEqual(fates(7))
    expect(fates(7)).not.toEqual(fates(8))
    expect(chanceOf(7, 'x', 1)).toBe(chanceOf(7, 'x', 1))
    expect(chanceOf(7, 'x', 1)).not.toBe(chanceOf(8, 'x', 1))
  })

  test('kills before and after each of the first writes to the ledger, at each point of a call, frozen, asked, and at random', () => {
    const all = fatesOfWorkers(seeded(3))
    const drawn = Array.from({ length: 400 }, () => all.next().value)
    const of = (name: (fate: Fate) => string | null): Set<string | null> => new Set(drawn.map(name))
    expect(of((fate) => fate.how)).toEqual(new Set(['time', 'write', 'call', 'frozen', 'asked']))
    expect(of((fate) => (fate.how === 'call' ? fate.point : null))).toEqual(new Set([null, 'arrived', 'taken', 'answered']))
    const writes = of((fate) => (fate.how === 'write' ? `${fate.when} ${fate.n}` : null))
    for (let n = 1; n <= 24; n++) for (const when of ['before', 'after']) expect(writes).toContain(`${when} ${n}`)
  })

  test('the provider misbehaves in each way, never tells later than we wait, and refuses some addresses', () => {
    const people = Array.from({ length: 20_000 }, (_, i) => `person${i}@example.org`)
    const treatments = new Set(people.map((address) => treatmentOf(1, address, 1, 1000)))
    expect(treatments).toEqual(new Set(['take', 'slow', 'take-drop', 'take-late', 'refuse-drop', 'busy', 'unwell', 'unwell-took']))
    expect(Math.max(...people.map((address) => evidenceDelay(1, address)))).toBeLessThan(25 * MINUTE)
    const bad = people.filter((address) => isBadAddress(1, address)).length
    expect(bad).toBeGreaterThan(2)
    expect(bad).toBeLessThan(40)
  })

  test('is read strictly', () => {
    expect(readArgs([], () => 5)).toEqual({ kills: 20, recipients: 10_000, seed: 5, provider: 'sendgrid', database: 'sqlite', json: false })
    expect(readArgs(['--kills', '200', '--seed', '9', '--provider', 'smtp', '--database', 'postgres', '--json'])).toEqual({ kills: 200, recipients: 10_000, seed: 9, provider: 'smtp', database: 'postgres', json: true })
    for (const wrong of [['--kills', '-1'], ['--seed', 'x'], ['--recipients', '0'], ['--provider', 'post'], ['--database', 'mysql'], ['--fast'], ['all']]) expect(() => readArgs(wrong)).toThrow()
  })
})
