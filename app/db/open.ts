import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { drizzle as overPostgres } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as overSqlite } from 'drizzle-orm/sqlite-proxy'
import pg from 'pg'
import { isPostgres } from './columns.ts'

/** The query builder that both engines share, and an ambient transaction: every statement that runs inside `work` joins it. */
export type Db = Pick<
  PgDatabase<PgQueryResultHKT>,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | '$with' | 'with' | '$count'
> & {
  /** Runs `work` in one transaction; nested calls join the outer one. Never await the network inside. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** A statement in the engine's own words, for migrations, jobs and health. Joins the ambient transaction. */
  raw<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** Statements run so far; tests use it to prove that a loop is set-wise. */
  statements(): number
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
  const query = (...args: unknown[]): Promise<pg.QueryResult> => {
    count++
    const to = inside.getStore() ?? pool
    return (to.query as (...all: unknown[]) => Promise<pg.QueryResult>).apply(to, args)
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
    // Without values a text may hold several statements; the rows are then those of the last one.
    raw: async (text: string, values: unknown[] = []) => {
      const result: pg.QueryResult | pg.QueryResult[] = values.length > 0 ? await query(text, values) : await query(text)
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
    },
    statements: () => count,
    close: () => pool.end(),
  }) as unknown as Db
}

export function openSqlite(path: string): Db {
  if (path !== ':memory:') mkdirSync(dirname(path) || '.', { recursive: true })
  const file = new Database(path)
  // FULL, on each connection and after the first write too: better-sqlite3 is compiled to run WAL at NORMAL, and NORMAL
  // loses acknowledged commits in a power cut. A lost "accepted" is a second mail to a person.
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'busy_timeout = 10000', 'journal_size_limit = 67108864', 'mmap_size = 0', 'cache_size = -65536'])
    file.pragma(pragma)
  if (file.pragma('synchronous', { simple: true }) !== 2) throw new Error('SQLite did not take synchronous=FULL')
  let checked = false
  const statementCache = new Map<string, Database.Statement>()
  const prepare = (text: string): Database.Statement => {
    const known = statementCache.get(text)
    if (known) return known
    if (statementCache.size >= 500) statementCache.delete(statementCache.keys().next().value!)
    const made = file.prepare(text)
    statementCache.set(text, made)
    return made
  }
  const bind = (value: unknown): unknown =>
    typeof value === 'boolean' ? Number(value) : value instanceof Date ? value.getTime() : value === undefined ? null : value
  const inside = new AsyncLocalStorage<symbol>()
  let owner: symbol | undefined
  let turn = Promise.resolve()
  let count = 0
  const myTurn = async (): Promise<void> => {
    while (owner && inside.getStore() !== owner) await turn // while one transaction is open, other statements wait
  }
  const query = async (text: string, params: unknown[], method: string) => {
    await myTurn()
    count++
    const statement = prepare(text)
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
  }
  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    if (owner && inside.getStore() === owner) return work()
    while (owner) await turn
    let done!: () => void
    const me = (owner = Symbol('transaction'))
    turn = new Promise<void>((resolve) => (done = resolve))
    try {
      file.exec('begin immediate')
      const result = await inside.run(me, work)
      file.exec('commit')
      return result
    } catch (error) {
      if (file.inTransaction) file.exec('rollback')
      throw error
    } finally {
      owner = undefined
      done()
    }
  }
  const raw = async (text: string, values: unknown[] = []) => {
    await myTurn()
    count++
    if (values.length === 0 && /;\s*\S/.test(text)) {
      file.exec(text)
      return []
    }
    const statement = file.prepare(text)
    return statement.reader ? statement.all(...values.map(bind)) : (statement.run(...values.map(bind)), [])
  }
  const db = overSqlite(query as never, (async () => []) as never, { casing: 'snake_case' }) // with two arguments `casing` is dropped
  return Object.assign(db, {
    transaction,
    raw,
    statements: () => count,
    close: async () => {
      file.close()
    },
  }) as unknown as Db
}
