import { z } from 'zod'

// Browser-safe: shapes only.

/**
 * States of an import. Who may change which into which:
 *   uploading -> read         the whole file is here; headers, separator and encoding are known
 *   read -> comparing         the merchant chose what each column means, said where the addresses come from, and vouched for it
 *   comparing -> compared     what would change is known; nothing has changed yet
 *   comparing | compared -> read   the merchant goes back to the columns
 *   compared -> running       the merchant said: bring it in
 *   running -> done           every line is settled
 *   running -> stopping -> stopped   the merchant stopped it; what is in stays until it is undone
 *   done | stopped | failed -> undoing -> undone   everything is as it was before
 *   any but done, stopped, undone -> failed   with `error` in plain words; what was brought in can be undone
 *   uploading | read | comparing | compared -> (deleted)  given up before anything changed; so can one that failed before
 */
export const importState = z.enum(['uploading', 'read', 'comparing', 'compared', 'running', 'stopping', 'stopped', 'done', 'undoing', 'undone', 'failed'])
export type ImportState = z.infer<typeof importState>

/** What a column is. `ignore` is not brought in. */
export const columnTarget = z.union([
  z.enum(['ignore', 'email', 'first_name', 'last_name', 'full_name', 'language', 'country', 'tags', 'consent', 'consent_at', 'unsubscribed_at', 'suppression_reason']),
  z.object({ fieldId: z.string().max(40) }),
])
export type ColumnTarget = z.infer<typeof columnTarget>

/** One target per column of the file, in its order; `email` exactly once. `tags` are given to everybody of the file besides. */
export const importMapping = z.object({
  columns: z.array(columnTarget).min(1).max(200),
  tags: z.array(z.string().trim().min(1).max(255)).max(20).default([]),
  /** What the people of this file are to us. A file can only lower or leave what the ledger says of somebody; for people without an entry `record` writes the merchant's record. */
  consent: z.enum(['none', 'record', 'unsubscribed']),
})
export type ImportMapping = z.infer<typeof importMapping>

/** Where the addresses come from. Bought, rented and shared lists are refused, and the refusal says why. */
export const importOrigin = z.enum(['other_tool', 'own_store', 'own_event', 'own_website', 'bought', 'partner'])

/** What happened or would happen to lines. They add up to `lines`. */
export const importCounts = z.object({
  lines: z.number(),
  added: z.number(),
  changed: z.number(),
  lowered: z.number(), // somebody may be mailed less than before
  same: z.number(),
  refused: z.number(),
  /** Of added and same: how many could be mailed afterwards once the merchant's attestation counts. */
  mailable: z.number(),
})
export type ImportCounts = z.infer<typeof importCounts>

/** Why a line is worth a look. `refused`: not brought in. `kept`: the file says yes, our ledger says no, and the ledger stands. `hint`: brought in, and perhaps not what was meant. */
export const findingKind = z.enum(['refused', 'kept', 'lowered', 'hint'])

/** GET /api/imports -> { imports: importView[] } newest first; GET /api/imports/:id */
export const importView = z.object({
  id: z.string(),
  state: importState,
  kind: z.enum(['people', 'suppressions']),
  fileName: z.string(),
  bytes: z.number(),
  encoding: z.string(),
  separator: z.string(),
  /** 'klaviyo' | 'mailchimp' | 'omnisend' | 'smartrmail', by its headers */
  recognised: z.string().nullable(),
  /** "This looks like Klaviyo’s list of suppressed profiles." */
  recognisedWords: z.string().nullable(),
  headers: z.array(z.string()),
  /** The first lines as they were read, cell by cell. */
  preview: z.array(z.array(z.string())).max(5),
  /** What is proposed, or what was chosen. */
  mapping: importMapping,
  origin: importOrigin.nullable(),
  /** What the merchant vouched for, and when. */
  attested: z.object({ sentence: z.string(), at: z.string() }).nullable(),
  counts: importCounts,
  linesDone: z.number(),
  linesTotal: z.number().nullable(),
  /** What was found worth a look; the first 50. GET /api/imports/:id/findings.csv has all. */
  findings: z.array(z.object({ line: z.number(), kind: findingKind, reason: z.string(), content: z.string() })).max(50),
  findingsTotal: z.number(),
  error: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  undoneAt: z.string().nullable(),
  canUndo: z.boolean(),
  /** After an undo: people who are gone again, people who are as before, people something newer happened to, who stayed. */
  undone: z.object({ removed: z.number(), restored: z.number(), stayed: z.number() }).nullable(),
})
export type ImportView = z.infer<typeof importView>

export const uploadQuery = z.object({ name: z.string().trim().max(255, 'is too long').default('').transform((name) => name || 'list.csv'), kind: z.enum(['people', 'suppressions']).default('people') })
/**
 * POST /api/imports?name=customers.csv&kind=people, the file itself as the body (streamed, text/csv or anything; at most 500 MB) -> importView in `read`
 * POST /api/imports/:id/compare compareInput -> importView ; POST .../start {} ; .../stop {} ; .../undo {} ; .../back {} -> importView ; DELETE /api/imports/:id -> { imports }
 * `back` ends a comparison too. A list of addresses that get nothing (`suppressions`) only lowers, so nobody has to vouch for it.
 */
/** For `suppressions` no attestation is needed, nor another origin than other_tool: such a file only lowers. `back` ends a comparison that runs, too. */
export const compareInput = z.object({ mapping: importMapping, origin: importOrigin, attested: z.boolean() })

/** What the merchant vouches for: it stands beside the box that they tick, and is kept with the import. By what the people agreed to. */
export const attestations: Record<ImportMapping['consent'], string> = {
  none: 'These people gave their addresses to my shop themselves, and I may keep them.',
  record: 'These people agreed to get marketing mail from my shop, and I can show when and how.',
  unsubscribed: 'These people gave their addresses to my shop themselves, and I may keep them to remember that they said no.',
}
