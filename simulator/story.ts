// npm run story [-- --orders FILE] [--json]: plays the main job, headless, and tells what happened. Exit code 0 only if every step held.
import { parseArgs } from 'node:util'
import { startSimulator } from './servers.ts'
import { playStory, type StoryResult } from './story/play.ts'

const { values } = parseArgs({ options: { orders: { type: 'string' }, json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json || process.stdout.write(`${line}\n`))

let simulation
let result: StoryResult | null = null
try {
  simulation = await startSimulator({ seed: values.orders ? { orders: values.orders } : 'invented', quiet: true, port: 0 })
  say(`\n${[...simulation.world.stores.values()][0]!.name}: install, sign up, compose, send, read, buy, leave\n`)
  result = await playStory(simulation, (step) => {
    say(`  ${step.held ? 'ok   ' : 'FAULT'}  ${step.name.padEnd(52)} ${step.detail}`)
    if (values.json && !step.held) process.stderr.write(`FAULT ${step.name}: ${step.detail}\n`)
  })
} catch (error) {
  process.stderr.write(`The story ended early: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
} finally {
  await simulation?.close()
}
if (result) {
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else say(`\n${Object.entries(result).map(([name, value]) => `  ${name.padEnd(20)} ${String(value)}`).join('\n')}\n`)
}
process.exit(result?.ok ? 0 : 1)
