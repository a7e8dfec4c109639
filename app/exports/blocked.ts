import { and, desc, eq, isNull, lt, or } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers, suppressions } from '../db/schema.ts'
import { blockReason } from '../suppressions/contract.ts'
import { isShown } from '../suppressions/list.ts'
import { csvFile, pageSize, pagesOf, utc, type Cell } from './file.ts'
import { blockWords } from './words.ts'

const head = ['Email', 'First name', 'Last name', 'Why', 'Since (UTC)', 'What was said']

/**
 * The blocked addresses of a shop as a CSV file, the newest first: those of people in the list. Of all others only a keyed hash is kept,
 * with which nobody could do anything. An address with two reasons has two lines.
 */
export function exportBlocked(app: Pick<App, 'db'>, shopId: string): AsyncGenerator<string> {
  const pages = async function* (): AsyncGenerator<Cell[][]> {
    const page = (last: { block: typeof suppressions.$inferSelect } | null) =>
      app.db
        .select({ block: suppressions, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName })
        .from(suppressions)
        .innerJoin(subscribers, and(eq(subscribers.shopId, suppressions.shopId), eq(subscribers.addressHash, suppressions.addressHash)))
        .where(and(eq(suppressions.shopId, shopId), isShown, isNull(subscribers.restrictedAt), last ? behind(last.block) : undefined))
        .orderBy(desc(suppressions.createdAt), desc(suppressions.addressHash), desc(suppressions.reason))
        .limit(pageSize)
    for await (const rows of pagesOf(page))
      yield rows.map(({ block, email, firstName, lastName }) => [email, firstName, lastName, blockWords[blockReason.parse(block.reason)], utc(block.createdAt), block.detail])
  }
  return csvFile(head, pages())
}

const behind = ({ createdAt, addressHash, reason }: typeof suppressions.$inferSelect) =>
  or(
    lt(suppressions.createdAt, createdAt),
    and(eq(suppressions.createdAt, createdAt), or(lt(suppressions.addressHash, addressHash), and(eq(suppressions.addressHash, addressHash), lt(suppressions.reason, reason)))),
  )
