import { and, desc, eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { privacyRequests } from '../db/schema.ts'
import { conflict, notFound } from '../lib/errors.ts'
import type { privacyRequestView } from '../shops/contract.ts'

/** The newest 200 requests under privacy law. */
export async function listRequests(app: App, shopId: string): Promise<z.infer<typeof privacyRequestView>[]> {
  const rows = await app.db.select().from(privacyRequests).where(eq(privacyRequests.shopId, shopId)).orderBy(desc(privacyRequests.receivedAt), desc(privacyRequests.id)).limit(200)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    who: row.emailHint ?? (row.kind === 'redact' ? 'Forgotten' : 'Unknown to us'),
    state: row.state,
    receivedAt: row.receivedAt.toISOString(),
    dueAt: row.dueAt.toISOString(),
    doneAt: row.doneAt?.toISOString() ?? null,
    hasExport: row.export !== null,
  }))
}

/** The file for the person who asked. */
export async function exportOf(app: App, shopId: string, id: string): Promise<string> {
  const [row] = await app.db.select({ export: privacyRequests.export }).from(privacyRequests).where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, id)))
  if (!row?.export) throw notFound()
  return JSON.stringify(row.export, null, 2)
}

/** The merchant has answered the person. The file is not needed any more and goes. */
export async function closeRequest(app: App, shopId: string, id: string): Promise<void> {
  const [row] = await app.db.select({ state: privacyRequests.state, export: privacyRequests.export }).from(privacyRequests).where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, id)))
  if (!row) throw notFound()
  const closed = await app.db
    .update(privacyRequests)
    .set({ state: 'done', doneAt: app.clock.now(), export: null })
    .where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, id), eq(privacyRequests.state, 'open'), eq(privacyRequests.kind, 'data_request')))
    .returning({ id: privacyRequests.id })
  if (closed.length === 0) throw conflict('This request is closed already or closes by itself.')
}
