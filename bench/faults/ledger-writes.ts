import Database from 'better-sqlite3'
import pg from 'pg'

/** What may be done around each statement after which something is durable: nothing, ending the process, or refusing it. */
export interface Watch {
  /** Before a statement that makes something durable; `ledger`: something of a campaign or its mails. Throws what the database would, if it is to fail. */
  before(ledger: boolean): void
  after(ledger: boolean): void
}

const writes = /^\s*(insert|update|delete|with)\b/i
const ofLedger = /\b(deliveries|batches|campaigns|messages)\b/i

/** Puts the watch around the statements of both drivers, in this process, for databases that are opened from now on. */
export function watchWrites(watch: Watch): void {
  watchSqlite(watch)
  watchPostgres(watch)
}

const changed = (result: unknown): boolean => (Array.isArray(result) ? result.length > 0 : ((result as { changes?: number } | undefined)?.changes ?? 0) > 0)

type Prepare = (this: Database.Database, text: string) => Database.Statement

function watchSqlite(watch: Watch): void {
  const [dirty, touched] = [new WeakSet<Database.Database>(), new WeakSet<Database.Database>()]
  const prototype = Database.prototype as unknown as { prepare: Prepare; exec: (this: Database.Database, text: string) => unknown }
  const { prepare, exec } = prototype
  const around = <T>(ledger: boolean, work: () => T): T => {
    watch.before(ledger)
    const result = work()
    watch.after(ledger)
    return result
  }
  prototype.prepare = function (text) {
    const statement = prepare.call(this, text)
    if (statement.readonly) return statement
    const ledger = ofLedger.test(text)
    for (const name of ['run', 'get', 'all'] as const) {
      const real = statement[name].bind(statement) as (...values: unknown[]) => unknown
      Object.assign(statement, {
        [name]: (...values: unknown[]) => {
          if (!this.inTransaction) return around(ledger, () => real(...values))
          const result = real(...values)
          if (changed(result)) dirty.add(this)
          if (ledger) touched.add(this)
          return result
        },
      })
    }
    return statement
  }
  prototype.exec = function (text) {
    if (text === 'rollback') {
      dirty.delete(this)
      touched.delete(this)
    }
    // A transaction that changed nothing writes nothing.
    const [writes, ledger] = text === 'commit' ? [dirty.delete(this), touched.delete(this)] : [false, false]
    return writes ? around(ledger, () => exec.call(this, text)) : exec.call(this, text)
  }
}

type Query = (this: object, ...given: unknown[]) => unknown
type Told = (error: Error | null, result?: unknown) => void

function watchPostgres(watch: Watch): void {
  const touched = new WeakSet<object>()
  const open = new WeakSet<object>()
  const prototype = pg.Client.prototype as unknown as { query: Query }
  const query = prototype.query
  prototype.query = function (this: object, ...given: unknown[]) {
    const [what] = given
    const text = typeof what === 'string' ? what : ((what as { text?: string } | undefined)?.text ?? '')
    if (text === 'begin') open.add(this)
    if (text === 'rollback') {
      open.delete(this)
      touched.delete(this)
    }
    if (!writes.test(text) && text !== 'commit') return query.apply(this, given)
    const inside = open.has(this) && text !== 'commit'
    if (inside && ofLedger.test(text)) touched.add(this)
    if (inside) return query.apply(this, given)
    const ledger = text === 'commit' ? touched.delete(this) : ofLedger.test(text)
    open.delete(this)
    const told = given.at(-1)
    try {
      watch.before(ledger)
    } catch (error) {
      if (typeof told !== 'function') return Promise.reject(error as Error)
      process.nextTick(told as Told, error as Error)
      return undefined
    }
    if (typeof told === 'function') {
      given[given.length - 1] = ((error, result) => {
        if (!error) watch.after(ledger)
        ;(told as Told)(error, result)
      }) satisfies Told
      return query.apply(this, given)
    }
    return (query.apply(this, given) as Promise<unknown>).then((result) => {
      watch.after(ledger)
      return result
    })
  }
}
