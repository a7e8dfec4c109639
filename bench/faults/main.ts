// npm run faults -- [--kills N] [--recipients N] [--seed S] [--provider sendgrid|smtp] [--database sqlite|postgres] [--json]
// Sends a campaign with the real app while its processes are killed and its mail provider misbehaves, and compares the ledger
// with what the provider really took. Ends with 0 when nobody got it twice and nobody was lost, with 1 otherwise.
import { readArgs } from './args.ts'

try {
  const plan = readArgs(process.argv.slice(2))
  const say = (line: string): void => void (plan.json ? process.stderr : process.stdout).write(`${line}\n`)
  say(`seed ${plan.seed}: to play it again, npm run faults -- --seed ${plan.seed} --kills ${plan.kills} --recipients ${plan.recipients} --provider ${plan.provider} --database ${plan.database.slice(0, 8)}`)
  const { place } = await import('./place.ts')
  const there = await place(plan.database)
  let failed = true
  try {
    process.env.DATABASE_URL = there.url // the engine is a fact of the process and is read when the schema is loaded
    const { run } = await import('./run.ts')
    const report = await run(plan, there.url, say)
    if (plan.json) for (const fault of report.faults) say(`FAULT ${fault}`)
    process.stdout.write(plan.json ? `${JSON.stringify(report.figures)}\n` : report.words)
    failed = report.faults.length > 0
    process.exitCode = failed ? 1 : 0
  } finally {
    await there.remove(failed)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : 'unknown fault'}\n`)
  process.exitCode = 2
}
