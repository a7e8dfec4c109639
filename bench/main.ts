// npm run bench -- NAME [--recipients N] [--pairs N] [--json]: measures what could be reached and what we reach, in turn, in one
// run on this machine, and exits with 1 when the median of the ratios is under the bar.
import { cpus, totalmem } from 'node:os'
import { readArgs, type Args } from './args.ts'
import type { OpenBench } from './bench.ts'
import { watchMemory } from './memory.ts'
import { measurePairs, verdictOf } from './pairs.ts'
import { waitUntilQuiet } from './quiet.ts'
import { exitCode, inWords, reportOf } from './report.ts'

// The engine is a fact of the process and is read when the schema is loaded: SQLite, except where workers share a server or it is PostgreSQL itself that is measured.
process.env.DATABASE_URL = ['send-workers', 'postgres'].includes(process.argv[2] ?? '') ? 'postgres://' : ''
process.env.NODE_ENV = 'production' // Express answers faults in fewer words then, for the limit and for us

const benches: Record<string, () => Promise<{ open: OpenBench }>> = {
  render: () => import('./benches/render.ts'),
  'send-shared': () => import('./benches/send-shared.ts'),
  'send-individual': () => import('./benches/send-individual.ts'),
  'send-scale': () => import('./benches/send-scale.ts'),
  'send-workers': () => import('./benches/send-workers.ts'),
  'admin-while-sending': () => import('./benches/admin-while-sending.ts'),
  'send-smtp': () => import('./benches/send-smtp.ts'),
  webhooks: () => import('./benches/webhooks.ts'),
  tracking: () => import('./benches/tracking.ts'),
  'insert-all': () => import('./benches/insert-all.ts'),
  'people-page': () => import('./benches/people-page.ts'),
  import: () => import('./benches/import.ts'),
  segments: () => import('./benches/segments.ts'),
  membership: () => import('./benches/membership.ts'),
  'segments-duckdb': () => import('./benches/segments-duckdb.ts'),
  postgres: () => import('./benches/postgres.ts'),
}

async function run(args: Args): Promise<0 | 1> {
  const say = (line: string): void => void (args.json ? process.stderr : process.stdout).write(`${line}\n`)
  const { open } = await benches[args.name]!()
  const bench = await open({ recipients: args.recipients })
  const memory = watchMemory()
  try {
    const busyBefore = await waitUntilQuiet()
    if (busyBefore > 0.1) say(`Other processes use ${Math.round(busyBefore * 100)} % of this machine; the ratios are less sure than they could be.`)
    const pairs = await measurePairs(
      args.pairs,
      () => bench.limit(),
      () => memory.while(() => bench.product()),
      (pair, i) => say(`  pair ${i + 1} of ${args.pairs}${i === 0 ? ' (discarded)' : ''}: limit ${Math.round(pair.limit)}/s, product ${Math.round(pair.product)}/s, ratio ${(bench.ratioOf === 'time' ? pair.limit / pair.product : pair.product / pair.limit).toFixed(3)}`),
    )
    const verdict = verdictOf(pairs, bench.bar, bench.ratioOf)
    const faults = bench.faults?.() ?? []
    const report = reportOf(args.name, { ...verdict, ok: verdict.ok && faults.length === 0 }, memory.peakMb(), {
      ...(faults.length > 0 ? { over_their_own_bar: faults } : {}),
      unit: bench.unit,
      ...bench.detail(),
      pairs: args.pairs - 1,
      machine: `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
      busy_before: Math.round(busyBefore * 100) / 100,
    })
    process.stdout.write(`${args.json ? JSON.stringify(report) : inWords(report, bench.unit)}\n`)
    return exitCode(report)
  } finally {
    await memory.stop()
    await bench.close()
  }
}

try {
  process.exitCode = await run(readArgs(process.argv.slice(2), Object.keys(benches)))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'unknown fault'}\n`)
  process.exitCode = 2
}
