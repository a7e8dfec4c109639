import type { App } from '../app.ts'
import type { RestCause } from './contract.ts'

/** What this process knows by itself, whether or not the database can be asked. */
export interface Local {
  rests: Set<RestCause>
  /** Too little room to begin a campaign, enough for what is under way. */
  diskLow: boolean
  /** The newest beat that this process has seen in the database. */
  seen: Date | null
}
const locals = new WeakMap<App['db'], Local>()

export function localOf({ db }: Pick<App, 'db'>): Local {
  let local = locals.get(db)
  if (!local) locals.set(db, (local = { rests: new Set(), diskLow: false, seen: null }))
  return local
}
