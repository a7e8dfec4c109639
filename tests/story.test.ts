import { existsSync, createReadStream, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { startSimulator, type SimulatorOptions } from '../simulator/servers.ts'
import { playStory, type StoryResult, type StoryStep } from '../simulator/story/play.ts'
import { freshDatabase } from './fresh-database.ts'
import { tempFolder } from './setup.ts'

// The whole main job through the public surfaces, on the database of this run. Each figure is held against the pretend world's own truth by the story itself.

const keys = ['ok', 'shop', 'customers_synced', 'products_synced', 'orders_synced', 'signups', 'audience', 'skipped', 'accepted', 'delivered', 'opened_human', 'clicked_human', 'unsubscribed', 'orders_attributed', 'revenue_attributed', 'seconds']
const folder = tempFolder()
afterAll(() => folder.remove())

async function play(seed: SimulatorOptions['seed']): Promise<{ result: StoryResult; steps: StoryStep[] }> {
  const database = await freshDatabase()
  const simulation = await startSimulator({ seed: seed!, quiet: true, databaseUrl: database.url })
  const steps: StoryStep[] = []
  try {
    return { result: await playStory(simulation, (step) => steps.push(step)), steps }
  } finally {
    await simulation.close()
    await database.drop()
  }
}
const faults = (steps: StoryStep[]): string[] => steps.filter((step) => !step.held).map((step) => `${step.name}: ${step.detail}`)

test('the story of the invented shop holds, step by step', async () => {
  const { result, steps } = await play('invented')
  expect(faults(steps)).toEqual([])
  expect(steps.length).toBeGreaterThan(25)
  expect(Object.keys(result)).toEqual(keys)
  expect(result).toMatchObject({ ok: true, shop: 'Fern & Fig', customers_synced: 2000, products_synced: 60, signups: 4, opened_human: 24, clicked_human: 9, unsubscribed: 2, orders_attributed: 4 })
  expect(result.accepted).toBe(result.audience)
  expect(result.accepted - result.delivered).toBeGreaterThan(5) // the bounced and the blocked
  expect(result.accepted - result.delivered).toBeLessThan(result.accepted / 50)
  expect(result.revenue_attributed).toBeGreaterThan(0)
}, 180_000)

// The file is large and not part of the repository; it lies beside it where the project is built.
const real = join(import.meta.dirname, '../../shared/data/online-retail.csv.gz')
test.skipIf(!existsSync(real))('the story holds on the first weeks of a real shop', async () => {
  const cut = join(folder.path, 'first-weeks.csv.gz')
  writeFileSync(cut, gzipSync(`${(await firstLines(real, 6_000)).join('\n')}\n`))
  const { result, steps } = await play({ orders: cut })
  expect(faults(steps)).toEqual([])
  expect(Object.keys(result)).toEqual(keys)
  expect(result).toMatchObject({ ok: true, shop: 'Harbour Gifts', signups: 4 })
  expect(result.orders_synced).toBeGreaterThan(200)
  expect(result.audience).toBeGreaterThan(50)
}, 180_000)

describe('the commands', () => {
  const node = (...args: string[]): { status: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8', timeout: 60_000, env: { ...process.env, INIT_CWD: undefined } })
    return { status, out: stdout, err: stderr }
  }
  test.each(['simulator/story.ts', 'simulator/main.ts'])('%s says in one line what is wrong with its words', (file) => {
    for (const [args, words] of [[['--orders', 'nothing-here.gz'], /^There is no file .*nothing-here\.gz$/], [['--orders', 'docs'], /docs is not a file$/], [['--colour'], /^Unknown option '--colour'/]] as const) {
      const { status, out, err } = node(file, ...args)
      expect([status, out]).toEqual([1, ''])
      expect(err.trimEnd()).toMatch(words)
      expect(err.trimEnd()).not.toContain('\n')
    }
    const help = node(file, '--help')
    expect([help.status, help.err]).toEqual([0, ''])
    expect(help.out).toContain('--orders FILE')
  })

  test.each([['no CSV at all', 'nothing,of,the\nkind,"', /cannot be used: the file has no column InvoiceNo/], ['gzip in name only', null, /cannot be used: incorrect header check$/]])('a file that is %s ends the story in one line', (_, text, words) => {
    const file = join(folder.path, text === null ? 'broken.csv.gz' : 'broken.csv')
    writeFileSync(file, text ?? 'hello')
    const { status, out, err } = node('simulator/story.ts', '--json', '--orders', file)
    expect([status, out]).toEqual([1, ''])
    expect(err.trimEnd()).toMatch(words)
    expect(err.trimEnd()).not.toContain('\n')
  })
})

async function firstLines(file: string, count: number): Promise<string[]> {
  const source = createReadStream(file)
  const lines: string[] = []
  for await (const line of createInterface({ input: source.pipe(createGunzip()) })) {
    lines.push(line)
    if (lines.length === count) break
  }
  source.destroy()
  return lines
}
