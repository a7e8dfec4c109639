import type { App } from '../app.ts'
import { effective, isOfImport } from './import-evidence.ts'
import { appendEntries, historiesOf, type ConsentEntry } from './record.ts'

/**
 * Takes back what an import said of people's consent about mail, by new entries: where its entry is still the newest, the person stands again where
 * they stood before it, never higher. What anybody said since stays. For undoing an import only (imports/undo.ts), in its transaction.
 */
export async function recordUndone(app: Pick<App, 'db' | 'clock'>, shopId: string, importId: string, subscriberIds: string[], because: string): Promise<void> {
  if (subscriberIds.length === 0) return
  const now = app.clock.now()
  await appendEntries(app, shopId, async (next) => {
    const histories = await historiesOf(app, shopId, subscriberIds)
    return subscriberIds.flatMap((subscriberId): ConsentEntry[] => {
      const history = histories.get(`${subscriberId} email_marketing`) ?? []
      const standing = effective(history)
      if (!standing || !isOfImport(standing, importId)) return []
      const at = history.findIndex((entry, i) => i > history.indexOf(standing) && !isOfImport(entry, importId))
      const before = at < 0 ? null : effective(history, at)
      return [
        {
          shopId, seq: next(), subscriberId, purpose: 'email_marketing', act: 'noted', state: before?.state ?? 'none', basis: before?.basis ?? 'none', method: 'import', source: because, wording: null, wordingVersion: null,
          language: null, page: null, messageId: null, formId: null, evidence: { importId, undone: true, restores: before?.seq ?? null }, occurredAt: before?.occurredAt ?? now, recordedAt: now, writtenFor: null, salt: null, link: null,
        },
      ]
    })
  })
}
