import { desc, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { imports } from '../db/schema.ts'
import { importCounts, importMapping, importOrigin, importState, type ImportView } from './contract.ts'
import { firstFindings } from './findings.ts'
import { firstLines } from './propose.ts'
import type { StoredCounts } from './run.ts'
import { importOf, type Import } from './state.ts'
import { recognise } from './systems.ts'

/** One import with its first lines and findings. 404 when it is not the shop's. */
export async function viewImport(app: Pick<App, 'db'>, shopId: string, id: string): Promise<ImportView> {
  const row = await importOf(app, shopId, id)
  const preview = await firstLines(app, shopId, id, row.separator || ',')
  return viewOf(row, preview.map((cells) => cells.slice(0, row.headers.length).map((cell) => cell.slice(0, 300))), await firstFindings(app, shopId, id))
}

/** The newest 100 imports, without lines and findings. Files that are still arriving are not among them. */
export async function listImports(app: Pick<App, 'db'>, shopId: string): Promise<ImportView[]> {
  const rows = await app.db.select().from(imports).where(eq(imports.shopId, shopId)).orderBy(desc(imports.createdAt), desc(imports.id)).limit(100)
  return rows.filter((row) => row.state !== 'uploading').map((row) => viewOf(row, [], []))
}

function viewOf(row: Import, preview: string[][], findings: ImportView['findings']): ImportView {
  const counts = row.counts as StoredCounts
  const state = importState.parse(row.state)
  const mapping = importMapping.safeParse(row.mapping)
  return {
    id: row.id, state, kind: row.kind, fileName: row.fileName, bytes: row.bytes, encoding: row.encoding, separator: row.separator, recognised: row.recognised,
    recognisedWords: row.recognised === null ? null : (recognise(row.headers, preview, row.fileName)?.words ?? systemWords(row.recognised)),
    headers: row.headers, preview,
    mapping: mapping.success ? mapping.data : { columns: row.headers.map(() => 'ignore' as const), tags: [], consent: 'none' },
    origin: row.origin === null ? null : importOrigin.parse(row.origin), attested: row.attestation !== null && row.attestedAt ? { sentence: row.attestation, at: row.attestedAt.toISOString() } : null, counts: importCounts.parse(counts), linesDone: row.linesDone, linesTotal: row.linesTotal,
    findings, findingsTotal: counts.findings ?? 0, error: row.error, createdAt: row.createdAt.toISOString(), startedAt: row.startedAt?.toISOString() ?? null, finishedAt: row.finishedAt?.toISOString() ?? null,
    undoneAt: row.undoneAt?.toISOString() ?? null, canUndo: state === 'done' || state === 'stopped' || (state === 'failed' && row.startedAt !== null), undone: counts.undone ?? null,
  }
}

const systemWords = (name: string): string => `This looks like a list from ${{ klaviyo: 'Klaviyo', mailchimp: 'Mailchimp', omnisend: 'Omnisend', smartrmail: 'SmartrMail' }[name] ?? name}.`
