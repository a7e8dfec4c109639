// npm run operations -- COMMAND: for whoever runs the server. docs/deploying.md says when.
import { closeApp, createApp, type App } from './app.ts'
import { askAfterRestore } from './campaigns/ask-first.ts'
import { backUp } from './db/backup.ts'
import { migrate } from './db/migrate.ts'
import { holdSingles } from './deliveries/after-restore.ts'
import { readSettings } from './env.ts'
import { causeWords } from './operations/contract.ts'
import { fence, liftFence } from './operations/fence.ts'
import { journalOf } from './operations/journal.ts'
import { databaseFile } from './operations/places.ts'
import { restsBecause } from './operations/rests.ts'

const help = `npm run operations -- COMMAND
  status                       whether anything keeps mail from leaving
  fence                        stop everything that leaves, until lift-fence
  lift-fence                   after a restore: send again; what was going out or should have begun since asks its shop first
  lift-fence --nothing-lost    after a move: this database knows everything that has left, so campaigns just go on
  backup FILE                  a checked copy of the SQLite database, made while it is in use`

type Say = (line: string) => void

/** Does what a command line asks for. @returns the exit code. Throws when it cannot be done. */
export async function operate(app: App, [command, ...rest]: string[], say: Say): Promise<number> {
  if (command === 'status' && rest.length === 0) return status(app, say)
  if (command === 'fence' && rest.length === 0) return putUp(app, say)
  if (command === 'lift-fence' && (rest.length === 0 || (rest.length === 1 && rest[0] === '--nothing-lost'))) return lift(app, rest.length === 1, say)
  if (command === 'backup' && rest.length === 1 && rest[0]) return backup(app, rest[0], say)
  say(help)
  return 2
}

/**
 * Lifts the fence and, unless nothing was lost, makes everything ask first that may have left after the backup: one transaction, so that
 * no worker finds the fence gone and the campaigns still going out.
 */
export async function liftAndAsk(app: App, nothingLost: boolean): Promise<Awaited<ReturnType<typeof liftFence>>> {
  return app.db.transaction(async () => {
    const lifted = await liftFence(app)
    if (!lifted || nothingLost) return lifted
    await askAfterRestore(app)
    await holdSingles(app)
    return lifted
  })
}

async function status(app: App, say: Say): Promise<number> {
  const because = await restsBecause(app)
  say(because ? causeWords[because] : 'Nothing keeps mail from leaving.')
  const waiting = journalOf(app)?.read().length ?? 0
  if (waiting > 0) say(`${waiting} opt-outs wait in the journal for the database.`)
  return 0
}

async function putUp(app: App, say: Say): Promise<number> {
  await migrate(app.db)
  await fence(app, 'by_hand')
  say('Nothing leaves any more. To lift it: npm run operations -- lift-fence')
  return 0
}

async function lift(app: App, nothingLost: boolean, say: Say): Promise<number> {
  await migrate(app.db)
  const lifted = await liftAndAsk(app, nothingLost)
  if (!lifted) say('There is no fence.')
  else if (nothingLost) say('The fence is gone. Campaigns go on.')
  else say('The fence is gone. Campaigns that were going out are paused, and those whose time has passed are drafts again: their shops decide. Confirmations that were under way are held.')
  return 0
}

async function backup(app: App, to: string, say: Say): Promise<number> {
  const file = databaseFile(app)
  if (!file) {
    say('This is for SQLite. PostgreSQL has pg_dump and its own archiving (docs/deploying.md).')
    return 2
  }
  const bytes = await backUp(file, to)
  say(`${to}: ${(bytes / 1_000_000).toFixed(1)} MB, checked.`)
  return 0
}

if (import.meta.main) {
  const say: Say = (line) => void process.stdout.write(`${line}\n`)
  try {
    const app = createApp({ settings: readSettings(process.env) })
    try {
      process.exitCode = await operate(app, process.argv.slice(2), say)
    } finally {
      await closeApp(app)
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'unknown fault'}\n`)
    process.exitCode = 1
  }
}
