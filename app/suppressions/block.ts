import { and, eq, inArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { suppressionActs, suppressions } from '../db/schema.ts'
import { addressHash } from '../lib/crypto.ts'
import { invalid } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { isAddress } from '../mail/check.ts'
import { mostLines, type suppressionAdded } from './contract.ts'
import { isShown } from './list.ts'

type Added = z.infer<typeof suppressionAdded>

/** Blocks one address by hand: nothing of ours is sent to it any more, campaigns under way included. 422 names the field. */
export async function blockOne(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, userId: string, input: { email: string; note: string }): Promise<Added> {
  if (!isAddress(input.email)) throw invalid('Enter a whole e-mail address.', { email: 'is not an e-mail address' })
  return block(app, shopId, userId, [input.email], input.note)
}

/** Blocks many, one address a line. When a line is none, nothing is blocked and each such line is named with its number. */
export async function blockMany(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, userId: string, input: { text: string; note: string }): Promise<Added> {
  const lines = input.text.split(/\r\n|\r|\n/).map((line, i) => ({ n: i + 1, email: line.trim().replace(/\s*[,;]$/, '') })).filter((line) => line.email !== '')
  if (lines.length === 0) throw invalid('Write one e-mail address a line.', { text: 'is empty' })
  if (lines.length > mostLines) throw invalid(`At most ${mostLines.toLocaleString('en')} addresses at a time; these are ${lines.length.toLocaleString('en')}.`, { text: `has more than ${mostLines.toLocaleString('en')} lines` })
  const bad = lines.filter((line) => !isAddress(line.email))
  if (bad.length > 0) {
    const words = bad.length === 1 ? `Line ${bad[0]!.n} is not an e-mail address. Nothing was blocked.` : `${bad.length.toLocaleString('en')} lines are not e-mail addresses. Nothing was blocked.`
    throw invalid(words, Object.fromEntries(bad.map((line) => [`line ${line.n}`, `“${line.email.length > 60 ? `${line.email.slice(0, 60)}…` : line.email}” is not an e-mail address`])))
  }
  return block(app, shopId, userId, lines.map((line) => line.email), input.note)
}

async function block(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, userId: string, emails: string[], note: string): Promise<Added> {
  const hashes = [...new Set(emails.map((email) => addressHash(app.settings.keys, shopId, email)))]
  return app.db.transaction(async () => {
    const given = jsonRows(hashes.map((hash) => [hash]))
    const known = await app.db
      .select({ hash: suppressions.addressHash })
      .from(suppressions)
      .where(and(eq(suppressions.shopId, shopId), eq(suppressions.reason, 'manual'), isShown, inArray(suppressions.addressHash, sql`(select ${given.text(0)} from ${given.from})`)))
    const already = new Set(known.map((row) => row.hash))
    const now = app.clock.now()
    const fresh = hashes.filter((hash) => !already.has(hash))
    const same = { shopId, reason: 'manual' as const }
    // A block that somebody's wish to be forgotten has hidden is the shop's own again once it says so anew.
    await insertAll(app.db, suppressions, fresh.map((hash) => ({ ...same, addressHash: hash, detail: note || null, createdAt: now })), {
      target: ['shopId', 'addressHash', 'reason'],
      update: ['detail', 'createdAt'],
    })
    await insertAll(app.db, suppressionActs, fresh.map((hash) => ({ ...same, id: newId(now), addressHash: hash, act: 'blocked' as const, note: note || null, userId, at: now })))
    return { added: fresh.length, already: hashes.length - fresh.length }
  })
}
