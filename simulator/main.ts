// npm run demo [-- --orders FILE] [--port N] [--keep]: the whole of Homing on a pretend Shopify, on this machine.
import { existsSync, globSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, stop } from './command.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line = ''): void => void process.stdout.write(`${line}\n`)

const { orders, values } = command('npm run demo [-- --orders FILE] [--port N] [--keep]', {
  port: { type: 'string', default: '4400', value: 'N', about: 'first port (4400)' },
  keep: { type: 'boolean', default: false, about: 'keep app and store in ./data/demo until the next start' },
})
const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_000) stop(`--port must be a number from 0 to 65000, not ${String(values.port)}`)

say('\n  Homing, on a pretend Shopify\n')
if (isStale()) {
  say('  Building the admin pages …')
  const { build } = await import('vite')
  await build({ root: resolve(root, 'web'), configFile: resolve(root, 'vite.config.ts'), logLevel: 'warn' })
}
say(orders ? '  Reading a year of orders …' : '  Stocking the shops …')
const keep = values.keep ? resolve(root, 'data/demo', orders ? 'orders' : 'invented') : undefined
const { startSimulator } = await import('./servers.ts')
const simulation = await startSimulator({ seed: orders ? { orders } : 'invented', port, ...(keep ? { keep } : {}) }).catch((error: unknown) => stop(`It could not start: ${error instanceof Error ? error.message : String(error)}`))

say(`\n  Open   ${simulation.urls.doors}\n`)
say(keep ? `  App and store are kept in ${keep}.` : '  Everything starts anew each time; --keep keeps it in ./data/demo.')
say('  Ctrl+C ends it.\n')

let leaving = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (leaving) process.exit(1)
    leaving = true
    say('  Closing …')
    setTimeout(() => process.exit(1), 8_000).unref()
    simulation.close().then(() => process.exit(0), () => process.exit(1))
  })

/** True when the built pages are missing or older than what they are built from. */
function isStale(): boolean {
  const built = resolve(root, 'dist/web/index.html')
  if (!existsSync(built)) return true
  const at = statSync(built).mtimeMs
  return globSync(['web/**/*', 'app/**/contract.ts', 'vite.config.ts', 'package-lock.json'], { cwd: root }).some((file) => statSync(resolve(root, file)).mtimeMs > at)
}
