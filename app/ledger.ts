// npm run ledger -- COMMAND: proves a consent ledger, here or anywhere. docs/ledger.md says what is proven and how.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { verifyFile, type Held } from './consent/ledger-file.ts'
import { fingerprint } from './consent/signature.ts'
import type { Broken } from './consent/verify.ts'

const help = `npm run ledger -- COMMAND
  verify FILE                             a ledger or a receipt that was exported, by this installation or another one
  verify DATABASE-URL [--shop DOMAIN]     the ledgers of a database as they stand now (file:… or postgres://…)
    --against FILE                        and whether it still is the ledger of this receipt or older export
  export --shop DOMAIN                    a shop's ledger as JSON lines, to be verified with nothing but the file`

/** `out`: what a file may be made of. `say`: words for whoever runs it. */
export interface Streams {
  out: (text: string) => Promise<void>
  say: (line: string) => void
}

/** Does what a command line asks for. @returns the exit code: 1 when something does not fit, 2 when the command does not. */
export async function ledger(args: string[], streams: Streams): Promise<number> {
  const [command, ...rest] = args
  const options = new Map<string, string>()
  const plain: string[] = []
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!
    if (word === '--shop' || word === '--against') options.set(word, rest[++i] ?? '')
    else plain.push(word)
  }
  const [subject] = plain
  const complete = [...options.values()].every((value) => value !== '' && !value.startsWith('--'))
  if (command === 'verify' && plain.length === 1 && subject && complete) return verify(subject, options, streams)
  if (command === 'export' && plain.length === 0 && complete && options.size === 1 && options.has('--shop')) return exportTo(options.get('--shop')!, streams)
  streams.say(help)
  return 2
}

async function verify(subject: string, options: Map<string, string>, { say }: Streams): Promise<number> {
  const against = options.has('--against') ? await heldIn(options.get('--against')!, say) : { held: [], shopId: null }
  if (!against) return 1
  if (/^(file:|postgres(ql)?:\/\/)/.test(subject)) return verifyDatabase(subject, options.get('--shop') ?? null, against, say)
  if (options.has('--shop')) say('--shop is for databases; a file is one shop’s.')
  const verdict = await verifyFile(linesOf(subject), against.held)
  if (verdict.broken) return told(verdict.broken, say)
  const { what, shop, at, key, entries, erased, ends } = verdict
  if (against.shopId !== null && against.shopId !== shop.id) return told({ seq: null, fault: 'the two files are not of the same shop' }, say)
  say(`A ${what} of ${shop.name} (${shop.domain}), made ${at}.`)
  say(what === 'receipt' ? `${count(entries)} of one person; each fits its link.` : `${count(entries)}${erased > 0 ? `, and ${erased} of people who were forgotten` : ''}: all fit.`)
  say(`The ledger ${what === 'receipt' ? 'then ended' : 'ends'} with entry ${ends.seq}, link ${ends.link}.`)
  if (against.shopId !== null) say('What was given out before stands in it unchanged.')
  say(`Signed by the installation with the key ${fingerprint(key)}. Compare this with what the shop’s owner sees under Settings.`)
  return 0
}

/** null when the file does not fit itself. */
async function heldIn(path: string, say: Streams['say']): Promise<{ held: Held[]; shopId: string } | null> {
  const verdict = await verifyFile(linesOf(path))
  if (!verdict.broken) return { held: verdict.held, shopId: verdict.shop.id }
  say(`${path} proves nothing by itself:`)
  told(verdict.broken, say)
  return null
}

async function verifyDatabase(url: string, domain: string | null, against: { held: Held[]; shopId: string | null }, say: Streams['say']): Promise<number> {
  process.env.DATABASE_URL = url // which engine runs is decided when the schema is loaded (db/columns.ts)
  const { openDatabase } = await import('./db/open.ts')
  const { shops } = await import('./db/schema.ts')
  const { verifyLedger } = await import('./consent/read-ledger.ts')
  const db = openDatabase(url)
  try {
    const all = await db.select({ id: shops.id, domain: shops.domain }).from(shops).orderBy(shops.domain)
    const chosen = all.filter((shop) => (domain === null || shop.domain === domain) && (against.shopId === null || shop.id === against.shopId))
    if (chosen.length === 0) {
      say(domain === null && against.shopId === null ? 'There is no shop in this database.' : 'There is no such shop in this database.')
      return 1
    }
    let faults = 0
    for (const shop of chosen) {
      const { broken, counts, head } = await verifyLedger({ db }, shop.id, against.held)
      if (broken) faults += told(broken, (line) => say(`${shop.domain}: ${line}`))
      else {
        say(`${shop.domain}: ${count(counts.entries)}${counts.erased > 0 ? `, and ${counts.erased} of people who were forgotten` : ''}: all fit. Link of the last one: ${head.link}`)
        if (counts.unsealed > 0) say(`${shop.domain}: ${counts.unsealed} from before the chain are not sealed yet; the app does that within minutes while it runs.`)
      }
    }
    if (faults === 0 && against.shopId !== null) say('What was given out before stands in it unchanged.')
    return faults > 0 ? 1 : 0
  } finally {
    await db.close()
  }
}

async function exportTo(domain: string, { out, say }: Streams): Promise<number> {
  const { createApp, closeApp } = await import('./app.ts')
  const { readSettings } = await import('./env.ts')
  const { migrate } = await import('./db/migrate.ts')
  const { exportLedger } = await import('./consent/export-ledger.ts')
  const { findShop } = await import('./shops/shops.ts')
  const app = createApp({ settings: readSettings(process.env) })
  try {
    await migrate(app.db)
    const shop = await findShop(app, domain)
    if (!shop) {
      say(`There is no shop ${domain} in this database.`)
      return 1
    }
    for await (const part of exportLedger(app, shop)) await out(part)
    return 0
  } finally {
    await closeApp(app)
  }
}

function told({ seq, fault }: Broken, say: Streams['say']): 1 {
  say(seq === null ? `BROKEN: ${fault}.` : `BROKEN: entry ${seq} ${fault}.`)
  return 1
}

const count = (entries: number): string => `${entries} ${entries === 1 ? 'entry' : 'entries'}`
const linesOf = (path: string): AsyncIterable<string> => createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })

if (import.meta.main) {
  const [out, say] = [process.stdout, process.stderr]
  try {
    process.exitCode = await ledger(process.argv.slice(2), {
      out: (text) => new Promise((resolve, reject) => out.write(text, (error) => (error ? reject(error) : resolve()))),
      say: (line) => void (process.argv[2] === 'export' ? say : out).write(`${line}\n`),
    })
  } catch (error) {
    say.write(`${error instanceof Error ? error.message : 'unknown fault'}\n`)
    process.exitCode = 2
  }
}
