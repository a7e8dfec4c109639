import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { documentRoutes } from '../app/platforms/shopify/document.ts'
import { routes } from '../app/server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

/** From left to right: a room may import what stands to its left. docs/architecture.md has the same line. */
const rooms = [
  'lib', 'db', 'jobs', 'operations', 'mail', 'platforms', 'shops', 'consent', 'subscribers', 'suppressions', 'imports', 'catalogue', 'segments', 'people', 'templates',
  'domains', 'deliveries', 'campaigns', 'forms', 'events', 'sync', 'settings', 'reports', 'exports', 'privacy',
]
/** Files that belong further left than their room: what they hold is a promise to the rooms before. */
const left: Record<string, string> = {
  'app/events/append.ts': 'shops', // one way to write the event log, for all who see something happen
  'app/events/contract.ts': 'shops',
  'app/deliveries/state.ts': 'shops', // how a row of the ledger reads, for all who show a person's mails
}
/** A plug's implementation may use the rooms it works for; nobody but its index and the server imports it. */
const implementations = /^app\/(platforms\/shopify\/|mail\/(smtp|sendgrid|mailgun|outbox)|jobs\/(embedded|pg-boss))/

interface Import {
  from: string
  to: string
  typeOnly: boolean
}
function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), 'utf8')
  return [...source.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^\s*import\s+()'([^']+)'|import\(\s*()'([^']+)'/gm)].map((match) => ({
    from: file,
    to: match[2] ?? match[4] ?? match[6] ?? '',
    typeOnly: match[1] !== undefined || /import\s*\{\s*type\s[^,}]*\}\s*from/.test(match[0]),
  }))
}
const target = (i: Import): string | null => (i.to.startsWith('.') ? relative(root, resolve(root, dirname(i.from), i.to)) : null)
const roomOf = (file: string): string | null => left[file] ?? (/^app\/([^/]+)\//.exec(file)?.[1] || null)

test('a file of app/ imports only from rooms to its left', () => {
  const faults: string[] = []
  for (const i of files('app').flatMap(importsOf)) {
    const to = target(i)
    if (!to?.startsWith('app/')) continue
    const [mine, theirs] = [roomOf(i.from), roomOf(to)]
    if (to === 'app/app.ts' && i.typeOnly) continue // the type App is everybody's
    if (to === 'app/env.ts' && (i.typeOnly || mine === null)) continue
    if (mine === null || implementations.test(i.from)) continue // server, worker, main, app: they wire
    if (to.endsWith('/contract.ts') || (i.typeOnly && to === 'app/shops/shops.ts')) continue // shapes only
    if (theirs === null) faults.push(`${i.from} imports ${to}`)
    else if (mine !== theirs && rooms.indexOf(theirs) > rooms.indexOf(mine)) faults.push(`${i.from} (${mine}) imports ${to} (${theirs}), which is to its right`)
    else if (!rooms.includes(mine)) faults.push(`${i.from}: no room is called ${mine}`)
  }
  expect(faults).toEqual([])
})

test('docs/architecture.md has the same line, and names every door that is open to everybody', () => {
  const told = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const line = /^lib → [^`]*main$/m.exec(told)?.[0].replace(/\([^)]*\)/g, '').split(/→|,/).map((room) => room.trim()) ?? []
  expect(line).toEqual([...rooms, 'server', 'worker', 'main'])
  const doors = told.slice(told.indexOf('## Doors'), told.indexOf('## Lost work'))
  const open = routes.filter((route) => route.guard === 'public' && !documentRoutes.includes(route)).map((route) => route.path)
  expect(open.filter((path) => !doors.includes(path))).toEqual([])
  for (const { path } of documentRoutes) expect(doors).toContain(`\`${path === '/' ? 'GET /' : path.replace('/*rest', '')}`)
})

test('only the index of a plug, the server and the wiring import an implementation', () => {
  const faults = files('app')
    .flatMap(importsOf)
    .filter((i) => {
      const to = target(i)
      return to !== null && implementations.test(to) && !implementations.test(i.from) && !/^app\/(platforms|mail|jobs)\/index\.ts$|^app\/(server|app)\.ts$/.test(i.from)
    })
    .map((i) => `${i.from} imports ${i.to}`)
  expect(faults).toEqual([])
})

test('the admin imports contracts and nothing else of the server', () => {
  const faults = files('web')
    .flatMap(importsOf)
    .filter((i) => target(i)?.startsWith('app/') && !i.to.endsWith('/contract.ts'))
    .map((i) => `${i.from} imports ${i.to}`)
  expect(faults).toEqual([])
  expect(files('web').filter((file) => !file.startsWith('web/ui/')).flatMap(importsOf).filter((i) => i.to.startsWith('@shopify/polaris')).map((i) => i.from)).toEqual([])
})

test('nothing in the product knows the simulator, the tests or the benchmarks', () => {
  const faults = [...files('app'), ...files('web')].flatMap(importsOf).filter((i) => /^(simulator|tests|bench|scripts)\//.test(target(i) ?? '')).map((i) => `${i.from} imports ${i.to}`)
  expect(faults).toEqual([])
})

test('contracts can be loaded by a browser: they import zod and each other', () => {
  const faults = files('app').filter((file) => file.endsWith('/contract.ts') || file === 'app/segments/rules.ts').flatMap(importsOf).filter((i) => i.to !== 'zod' && !i.to.endsWith('/contract.ts') && i.to !== './rules.ts').map((i) => `${i.from} imports ${i.to}`)
  expect(faults).toEqual([])
})

test('rooms take the time from the app’s clock', () => {
  const allowed = new Set(['app/lib/clock.ts'])
  const faults = files('app').filter((file) => !allowed.has(file) && /Date\.now\(\)|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')))
  expect(faults).toEqual([])
})

test('no query is built from free text', () => {
  const faults = files('app').filter((file) => !file.startsWith('app/db/') && /sql\.raw\(|sql\.identifier\(/.test(readFileSync(join(root, file), 'utf8')))
  expect(faults).toEqual([])
})
