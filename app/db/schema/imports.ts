import { foreignKey, int, json, money, primaryKey, table, text, time } from '../columns.ts'

// Files that a merchant brings: what was in them, what they changed, and what was there before.

/** One file: uploaded, mapped, compared, then brought in and perhaps undone. imports/contract.ts has the states and who may change which into which. */
export const imports = table(
  'imports',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    state: text().notNull(), // imports/contract.ts: importState
    kind: text().$type<'people' | 'suppressions'>().notNull(),
    fileName: text().notNull(),
    bytes: money().notNull(),
    encoding: text().notNull(),
    separator: text().notNull(),
    /** Which system's export it looks like, by its headers; null when none. */
    recognised: text(),
    headers: json<string[]>().notNull(),
    mapping: json<unknown>(), // imports/contract.ts: importMapping
    /** Where the addresses come from, and what the merchant vouches for, in their words. */
    origin: text(),
    attestedAt: time(),
    attestedBy: text(), // the platform's number of that person
    attestation: text(), // the sentence that they ticked
    /** Of the comparison, then of the import: imports/contract.ts: importCounts. */
    counts: json<unknown>().notNull(),
    /** Where a new process goes on: pieces of the file that are done, lines seen. */
    piecesDone: int().notNull(),
    linesDone: int().notNull(),
    linesTotal: int(),
    error: text(),
    createdAt: time().notNull(),
    startedAt: time(),
    finishedAt: time(),
    undoneAt: time(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** The file, as text, in pieces that end at a line's end; gone once the import is over. */
export const importPieces = table(
  'import_pieces',
  {
    shopId: text().notNull(),
    importId: text().notNull(),
    n: int().notNull(),
    firstLine: int().notNull(),
    content: text().notNull(),
    /** Lines whose address stands in the file again, where that other line counts: found by the comparison. */
    skip: json<number[]>(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.importId, t.n] }),
    foreignKey({ columns: [t.shopId, t.importId], foreignColumns: [imports.shopId, imports.id] }).onDelete('cascade'),
  ],
)

/** Lines that were refused or that change somebody in a way worth seeing, with the reason; kept so that they can be downloaded. */
export const importFindings = table(
  'import_findings',
  {
    shopId: text().notNull(),
    importId: text().notNull(),
    line: int().notNull(),
    kind: text().notNull(), // imports/contract.ts: findingKind
    reason: text().notNull(),
    content: text().notNull(), // the line's address, or the line itself when it has none
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.importId, t.line] }),
    foreignKey({ columns: [t.shopId, t.importId], foreignColumns: [imports.shopId, imports.id] }).onDelete('cascade'),
  ],
)

/**
 * What an import changed, with what was there before, so that it can be undone (imports/changes.ts). A person who is forgotten is
 * forgotten here too; there is no index by person, for a shop has few imports and each is asked.
 */
export const importChanges = table(
  'import_changes',
  {
    shopId: text().notNull(),
    importId: text().notNull(),
    /** Of an address that was blocked and belongs to nobody: '#' and its keyed hash. */
    subscriberId: text().notNull(),
    /** Null: the person was new. */
    before: json<unknown>(),
    after: json<unknown>(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.importId, t.subscriberId] }),
    foreignKey({ columns: [t.shopId, t.importId], foreignColumns: [imports.shopId, imports.id] }).onDelete('cascade'),
  ],
)
