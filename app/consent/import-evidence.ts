// What entries of imports tell about themselves (imports/plan.ts, undone.ts). Pure.

interface Entry {
  method: string
  evidence: Record<string, unknown> | null
}
const evidenceOf = ({ method, evidence }: Entry): Record<string, unknown> => (method === 'import' && evidence !== null ? evidence : {})

/** Was this entry written by that import, or by undoing it? */
export const isOfImport = (entry: Entry, importId: string): boolean => evidenceOf(entry).importId === importId

/** Does this entry take back what an import said? */
export const isUndoing = (entry: Entry): boolean => evidenceOf(entry).undone === true

/** Does it take back what an import said of somebody of whom nothing had been said before? For what comes next the ledger is empty then. */
export const leavesNothing = (entry: Entry & { state: string }): boolean => entry.state === 'none' && isUndoing(entry)

/**
 * The entry by which somebody stands as they do after `history[at]` (newest first): itself, or, where it takes an import back, the one that it restores.
 * Null: none.
 */
export function effective<E extends Entry & { seq: number }>(history: E[], at = 0): E | null {
  const entry = history[at]
  if (!entry || !isUndoing(entry)) return entry ?? null
  const { restores } = evidenceOf(entry)
  const back = history.findIndex((one) => one.seq === restores)
  return back > at ? effective(history, back) : null
}

/** Entries that are not that import's, nor of one that has been taken back: what else was said of somebody. */
export function othersThan<E extends Entry>(history: E[], importId: string): E[] {
  const undone = new Set(history.filter(isUndoing).map((entry) => evidenceOf(entry).importId))
  return history.filter((entry) => !isOfImport(entry, importId) && !(evidenceOf(entry).importId !== undefined && undone.has(evidenceOf(entry).importId)))
}
