import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { drizzle as overPostgres } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as overSqlite } from 'drizzle-orm/sqlite-proxy'
import pg from 'pg'
import { isPostgres } from './columns.ts'
import { isBusy, saysDamaged, saysFull, stopOnLostSync } from './faults.ts'

/** The query builder that both engines share, and an ambient transaction: every statement that runs inside `work` joins it. */
export type Db = Pick<
  PgDatabase<PgQueryResultHKT>,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | '$with' | 'with' | '$count'
> & {
  /** Runs `work` in one transaction; nested calls join the outer one. Never await the network inside. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** A statement in the engine's own words, for migrations, jobs and health. Joins the ambient transaction. */
  raw<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** The rows of a built query (`toSQL()`) as the driver gives them, each a list: where the builder's reading would cost more than the query. */
  lists(query: { sql: string; params: unknown[] }): Promise<unknown[][]>
  /** Statements run so far; tests use it to prove that a loop is set-wise. */
  statements(): number
  /** True once the engine has said that the database is damaged. Nothing may be sent from it (operations/). */
  damaged(): boolean
  close(): Promise<void>
}

/** Opens `file:path`, `:memory:` or `postgres://...`. Call `migrate` before the first use. */
export function openDatabase(url: string): Db {
  return url.startsWith('postgres') ? openPostgres(url) : openSqlite(url.replace(/^file:/, ''))
}

/** Rows that another worker holds are passed over. SQLite has one writer, so there is nothing to pass over. */
export function skipLocked<Q>(query: Q): Q {
  return isPostgres ? (query as unknown as { for(strength: string, how: object): Q }).for('update', { skipLocked: true }) : query
}

/**
 * Locks the rows that a query finds until the end of the transaction; the next statement then sees what others had done to them.
 * Ask in a fixed order, so that two who want the same rows wait for each other instead of locking up. SQLite has one writer.
 */
export function lockRows<Q>(query: Q): Q {
  return isPostgres ? (query as unknown as { for(strength: string): Q }).for('update') : query
}

export function openPostgres(url: string): Db {
  const pool = new pg.Pool({ connectionString: url, max: 12 })
  pool.on('error', () => undefined) // an idle connection that breaks is replaced by the pool
  const inside = new AsyncLocalStorage<pg.PoolClient>() // a statement finds its transaction here
  let count = 0
  let damaged = false
  const query = (...args: unknown[]): Promise<pg.QueryResult> => {
    count++
    const to = inside.getStore() ?? pool
    return (to.query as (...all: unknown[]) => Promise<pg.QueryResult>).apply(to, args).catch((error: unknown) => {
      damaged ||= saysDamaged(error)
      throw error
    })
  }
  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside.getStore()) return work()
    const client = await pool.connect()
    // A connection that breaks while it is ours says so twice: its statements fail, and it emits an error that would end the process.
    const broken = (): void => void (lost = true)
    let lost = false
    client.on('error', broken)
    try {
      await client.query('begin')
      const result = await inside.run(client, work)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch(() => undefined)
      throw error
    } finally {
      client.release(lost)
      client.removeListener('error', broken)
    }
  }
  const db = overPostgres({ query } as unknown as pg.Pool, { casing: 'snake_case' })
  return Object.assign(db, {
    transaction,
    // Without values a text may hold several statements; the rows are then those of all of them, in order (pg-boss's upkeep needs them).
    raw: async (text: string, values: unknown[] = []) => {
      const result: pg.QueryResult | pg.QueryResult[] = values.length > 0 ? await query(text, values) : await query(text)
      return Array.isArray(result) ? result.flatMap((one: pg.QueryResult) => one.rows as never[]) : result.rows
    },
    lists: async ({ sql, params }: { sql: string; params: unknown[] }) => (await query({ text: sql, values: params, rowMode: 'array' })).rows as unknown[][],
    statements: () => count,
    damaged: () => damaged,
    close: () => pool.end(),
  }) as unknown as Db
}

/** How long a statement waits for another process that writes. Between its tries this process does other things. */
const patience = 10_000

/** @param lostSync what happens when a sync fails; tests replace it, because by default the process ends there and then. */
export function openSqlite(path: string, lostSync: (error: unknown) => void = stopOnLostSync): Db {
  if (path !== ':memory:') mkdirSync(dirname(path) || '.', { recursive: true })
  const file = openFile(path)
  if (file.pragma('synchronous', { simple: true }) !== 2) throw new Error('SQLite did not take synchronous=FULL')
  let checked = false
  const prepare = rememberStatements(file)
  const prepareRaw = rememberStatements(file) // apart: the others answer lists instead of objects for good
  const bind = (value: unknown): unknown =>
    typeof value === 'boolean' ? Number(value) : value instanceof Date ? value.getTime() : value === undefined ? null : value
  const inside = new AsyncLocalStorage<symbol>()
  let owner: symbol | undefined
  let turn = Promise.resolve()
  let count = 0
  let damaged = false
  /** Everything that touches the file goes through here, so that no fault of the disk passes unseen. */
  const touch = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if ((error as { code?: unknown }).code === 'SQLITE_IOERR_FSYNC' || (error as { code?: unknown }).code === 'SQLITE_IOERR_DIR_FSYNC') lostSync(error)
      damaged ||= saysDamaged(error)
      throw error
    }
  }
  const mine = (): boolean => owner !== undefined && inside.getStore() === owner
  /** Runs when no other transaction of this process is open; the look and the work are one step, so that nothing slips in between. */
  const inTurn = async <T>(work: () => T): Promise<T> => {
    while (owner && !mine()) await turn
    return touch(work)
  }
  let inLine = 0
  let line = Promise.resolve()
  /** While another process writes, those who want to write stand in line; the first tries again and again, and this process does other things. */
  const patiently = async <T>(work: () => T, writes: boolean): Promise<T> => {
    const until = performance.now() + patience
    const giveUp = (error: unknown): boolean => !isBusy(error) || file.inTransaction || performance.now() > until
    try {
      if (!writes || inLine === 0 || mine()) return await inTurn(work)
    } catch (error) {
      if (giveUp(error)) throw error
    }
    const before = line
    let next: () => void = () => undefined
    line = new Promise<void>((resolve) => (next = resolve))
    inLine++
    try {
      await before
      for (;;) {
        try {
          return await inTurn(work)
        } catch (error) {
          if (giveUp(error)) throw error
        }
        await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 8))
      }
    } finally {
      inLine--
      next()
    }
  }
  const query = async (text: string, params: unknown[], method: string) => {
    count++
    const statement = touch(() => prepare(text))
    return patiently(() => {
      const values = params.map(bind)
      const rows = !statement.reader
        ? [statement.run(...values)]
        : method === 'get'
          ? statement.raw().get(...values)
          : statement.raw().all(...values)
      if (!checked && !statement.readonly) {
        checked = true
        if (file.pragma('synchronous', { simple: true }) !== 2) throw new Error('SQLite fell back from synchronous=FULL')
      }
      return { rows: rows as unknown[] }
    }, !statement.readonly)
  }
  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    if (owner && inside.getStore() === owner) return work()
    let done: () => void = () => undefined
    const me = Symbol('transaction')
    await patiently(() => {
      file.exec('begin immediate')
      owner = me
      turn = new Promise<void>((resolve) => (done = resolve))
    }, true)
    try {
      const result = await inside.run(me, work)
      touch(() => file.exec('commit'))
      return result
    } catch (error) {
      if (file.inTransaction) touch(() => file.exec('rollback'))
      throw error
    } finally {
      owner = undefined
      done()
    }
  }
  const raw = async (text: string, values: unknown[] = []) => {
    count++
    if (values.length === 0 && /;\s*\S/.test(text)) return patiently(() => (file.exec(text), []), true)
    const statement = touch(() => prepareRaw(text))
    return patiently(() => (statement.reader ? statement.all(...values.map(bind)) : (statement.run(...values.map(bind)), [])), !statement.readonly)
  }
  const db = overSqlite(query as never, (async () => []) as never, { casing: 'snake_case' }) // with two arguments `casing` is dropped
  return Object.assign(db, {
    transaction,
    raw,
    lists: async ({ sql, params }: { sql: string; params: unknown[] }) => (await query(sql, params, 'all')).rows as unknown[][],
    statements: () => count,
    damaged: () => damaged,
    close: async () => {
      touch(() => file.close())
    },
  }) as unknown as Db
}

function openFile(path: string): Database.Database {
  const file = new Database(path)
  try {
    // FULL, on each connection and after the first write too: better-sqlite3 is compiled to run WAL at NORMAL, and NORMAL
    // loses acknowledged commits in a power cut. A lost "accepted" is a second mail to a person.
    // The WAL is written back every 4 MB, and cut to 64 MB at most when it begins anew. No memory map: a file that shrinks under it
    // kills the process. The engine's own waiting would stand still here, so it is short; `patiently` waits on.
    for (const pragma of ['busy_timeout = 10000', 'journal_mode = WAL', 'busy_timeout = 5', 'synchronous = FULL', 'foreign_keys = ON', 'wal_autocheckpoint = 1000', 'journal_size_limit = 67108864', 'mmap_size = 0', 'cache_size = -65536'])
      file.pragma(pragma)
    return file
  } catch (error) {
    file.close()
    // The files that WAL needs beside the database find no room: what was kept for this moment is given up, once.
    if (!saysFull(error) || !existsSync(`${path}${reserveEnding}`)) throw error
    rmSync(`${path}${reserveEnding}`)
    return openFile(path)
  }
}

/** Keeps a little room on the disk, so that the database can be opened when there is none left. */
export function keepReserve(path: string): void {
  const reserve = `${path}${reserveEnding}`
  if (existsSync(reserve)) return
  try {
    writeFileSync(reserve, Buffer.alloc(1024 * 1024))
  } catch (error) {
    rmSync(reserve, { force: true })
    throw error
  }
}
const reserveEnding = '.reserve'

/** Preparing costs more than running; the newest 500 texts are kept. */
function rememberStatements(file: Database.Database): (text: string) => Database.Statement {
  const cache = new Map<string, Database.Statement>()
  return (text) => {
    const known = cache.get(text)
    if (known) return known
    if (cache.size >= 500) cache.delete(cache.keys().next().value!)
    const made = file.prepare(text)
    cache.set(text, made)
    return made
  }
}
