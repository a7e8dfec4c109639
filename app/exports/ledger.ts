import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentAct, consentBasis, consentMethod, consentState } from '../consent/contract.ts'
import { consentEntries, subscribers } from '../db/schema.ts'
import { csvFile, pageSize, pagesOf, type Cell } from './file.ts'
import { actWords, basisWords, methodWords, stateWords } from './words.ts'

const head = [
  'Entry', 'Email', 'About', 'What happened', 'How', 'Where it left them', 'Consent', 'Source', 'Words they saw', 'Version of the words', 'Language', 'Page', 'Happened', 'Written down', 'Link of the chain',
]

/** The consent ledger as a CSV file, one line per entry in their order; times to the millisecond (UTC). Whose data may only be kept (restricted) is left out. */
export function exportLedger(app: Pick<App, 'db'>, shopId: string): AsyncGenerator<string> {
  const pages = async function* (): AsyncGenerator<Cell[][]> {
    const page = (last: { entry: { seq: number } } | null) =>
      app.db
        .select({ entry: consentEntries, email: subscribers.email })
        .from(consentEntries)
        .innerJoin(subscribers, and(eq(subscribers.shopId, shopId), eq(subscribers.id, consentEntries.subscriberId)))
        .where(and(eq(consentEntries.shopId, shopId), isNull(subscribers.restrictedAt), last ? gt(consentEntries.seq, last.entry.seq) : undefined))
        .orderBy(asc(consentEntries.seq))
        .limit(pageSize)
    for await (const rows of pagesOf(page))
      yield rows.map(({ entry, email }) => [
        entry.seq, email, entry.purpose === 'tracking' ? 'Counting opens and clicks' : 'Mail', actWords[consentAct.parse(entry.act)], methodWords[consentMethod.parse(entry.method)],
        stateWords[consentState.parse(entry.state)], basisWords[consentBasis.parse(entry.basis)], entry.source, entry.wording, entry.wordingVersion, entry.language, entry.page,
        entry.occurredAt.toISOString(), entry.recordedAt.toISOString(), entry.link,
      ])
  }
  return csvFile(head, pages())
}
