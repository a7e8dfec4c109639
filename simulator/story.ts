// npm run story [-- --orders FILE] [--json]: plays the main job, headless, and tells what happened. Exit code 0 only if every step held.
import { command, stop } from './command.ts'
import type { Simulation } from './servers.ts'
import type { StoryResult } from './story/play.ts'

const { orders, values } = command(
  'npm run story [-- --orders FILE] [--json]',
  { json: { type: 'boolean', default: false, about: 'say nothing but one JSON object at the end' } },
)
const json = values.json === true
const say = (line: string): void => void (json || process.stdout.write(`${line}\n`))
const { startSimulator } = await import('./servers.ts')
const { playStory } = await import('./story/play.ts')

const simulation: Simulation = await startSimulator({ seed: orders ? { orders } : 'invented', quiet: true, port: 0 }).catch((error: unknown) =>
  stop(`It could not start: ${error instanceof Error ? error.message : String(error)}`))
let result: StoryResult | null = null
try {
  say(`\n${[...simulation.world.stores.values()][0]!.name}: install, sign up, compose, send, read, buy, leave, send again\n`)
  result = await playStory(simulation, (step) => {
    say(`  ${step.held ? 'ok   ' : 'FAULT'}  ${step.name.padEnd(52)} ${step.detail}`)
    if (json && !step.held) process.stderr.write(`FAULT ${step.name}: ${step.detail}\n`)
  })
} catch (error) {
  process.stderr.write(`The story ended early: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
} finally {
  await simulation.close()
}
if (result) {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else say(`\n${Object.entries(result).map(([name, value]) => `  ${name.padEnd(20)} ${String(value)}`).join('\n')}\n`)
}
process.exit(result?.ok ? 0 : 1)
