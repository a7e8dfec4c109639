// npm test: everything that must hold, in one go. Ends with one line, "N passed, N failed", and the exit code follows it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
})
interface Step {
  name: string
  command: string[]
  env?: Record<string, string>
  counted?: boolean
}
const steps: Step[] = [
  { name: 'types of the server', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the admin', command: ['tsc', '-p', 'web/tsconfig.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--quiet'] },
  { name: 'theme check', command: ['node', 'scripts/theme-check.ts'] },
  { name: 'build of the admin', command: ['vite', 'build', '--logLevel', 'warn'] },
  { name: 'tests on SQLite', command: ['vitest', 'run'], env: { DATABASE_URL: '' }, counted: true },
  { name: 'tests on PostgreSQL', command: ['vitest', 'run'], env: { DATABASE_URL: 'postgres://' }, counted: true },
  { name: 'tests in Chromium', command: ['vitest', 'run', '--config', 'vitest.browser.config.ts'], env: { DATABASE_URL: '' }, counted: true },
]

const only = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'homing-report-'))
let passed = 0
let failed = 0
let skipped = 0
const started = Date.now()
for (const step of steps.filter((s) => only.length === 0 || only.some((word) => s.name.includes(word)))) {
  process.stdout.write(`\n== ${step.name}\n`)
  const from = Date.now()
  const file = join(folder, `${step.name.replaceAll(' ', '-')}.json`)
  const command = step.counted ? [...step.command, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`] : step.command
  const code = await run(command, { ...process.env, ...step.env })
  const counts = step.counted ? read(file, code) : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
  passed += counts.passed
  failed += counts.failed
  skipped += counts.skipped
  process.stdout.write(`== ${step.name}: ${counts.failed === 0 ? 'holds' : 'FAILS'} (${Math.round((Date.now() - from) / 1000)} s)\n`)
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`\n${Math.round((Date.now() - started) / 1000)} seconds; skipped tests belong to the other database or need what this machine lacks.\n`)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exit(failed === 0 ? 0 : 1)

function run([command = '', ...args]: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env })
    child.once('error', () => resolve(1))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** A file that could not be loaded, or a runner that died, counts as a failure even when no test of it ran. */
function read(file: string, code: number): { passed: number; failed: number; skipped: number } {
  try {
    const result = report.parse(JSON.parse(readFileSync(file, 'utf8')))
    const brokenFiles = result.testResults.filter((r) => r.status === 'failed' && !r.assertionResults.some((a) => a.status === 'failed')).length
    const faults = result.numFailedTests + brokenFiles
    const ran = result.numPassedTests + faults
    return { passed: result.numPassedTests, failed: faults > 0 ? faults : code === 0 && ran > 0 ? 0 : 1, skipped: result.numPendingTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
