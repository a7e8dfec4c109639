import type { App } from '../app.ts'
import { listSegments } from '../segments/segments.ts'
import type { Shop } from '../shops/shops.ts'
import { csvFile, utc, yesNo, type Cell } from './file.ts'

const head = ['Segment', 'In words', 'People', 'May be mailed', 'Follows a segment of the store', 'Changed (UTC)', 'Rules (JSON)']

/** The segments of a shop as a CSV file: in words, and as the rules from which they can be made again. */
export function exportSegments(app: App, shop: Shop): AsyncGenerator<string> {
  const pages = async function* (): AsyncGenerator<Cell[][]> {
    const all = await listSegments(app, shop)
    if (all.length > 0) yield all.map((one) => [one.name, one.sentence, one.people, one.mailable, yesNo(one.platform), utc(new Date(one.updatedAt)), one.rules ? JSON.stringify(one.rules) : null])
  }
  return csvFile(head, pages())
}
