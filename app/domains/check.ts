import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import { after, DAY, HOUR, MINUTE } from '../lib/clock.ts'
import { getSettings } from '../shops/shops.ts'
import { askForCheckAt } from './ask.ts'
import { dmarcSuggestion } from './dmarc-suggestion.ts'
import { lookAt, type Verdict } from './look.ts'
import { findDomain, isDomain, providerWords, type SendingDomain } from './rows.ts'

/** What is gone must be gone in two checks that are so far apart: a slip of a name server must not stop a shop's mail. */
export const goneFor = 20 * HOUR

/**
 * Looks at a domain and writes down what was found. Everything right: verified. A failed look-up never changes the status. What
 * is missing keeps a new domain pending; a verified one becomes failing only when the checks of two days agree (the nightly ones
 * are a day apart; those that somebody asks for in between do not shorten it). Campaigns under way go on; new ones are blocked.
 */
export async function checkDomain(app: App, { shopId, domain }: { shopId: string; domain: string }): Promise<void> {
  const row = await findDomain(app, shopId, domain)
  if (!row) return
  const { senderEmail } = await getSettings(app, shopId)
  const { domains } = app.mail
  const { verdict, found } = await lookAt(app.dns, {
    domain, setup: row.setup, selector: row.dkimSelector, provider: providerWords(app.mail.name), dmarcValue: dmarcSuggestion(senderEmail, domain),
    validate: domains && row.providerRef !== null ? () => domains.validate(row.providerRef!) : null,
  })
  const now = app.clock.now()
  const next = nextStatus(row, verdict, now)
  await app.db
    .update(sendingDomains)
    .set({ ...next, findings: found, checkedAt: now, checkAskedAt: null, updatedAt: now })
    // The status that was read: of two checks at once, the slower one must not undo what the faster one found.
    .where(and(isDomain(shopId, domain), eq(sendingDomains.status, row.status)))
  if (next.status !== row.status) app.log.info({ shopId, from: row.status, to: next.status }, 'a sending domain changed')
  const again = lookAgainAfter(row, next.status, verdict, now)
  if (again !== null) await askForCheckAt(app, shopId, domain, after(now, again))
}

type Standing = Pick<SendingDomain, 'status' | 'verifiedAt' | 'brokenSince'>
/** Where a domain stands after a check. Pure. */
export function nextStatus({ status, verifiedAt, brokenSince }: Standing, verdict: Verdict, now: Date): Standing {
  if (verdict === 'unknown') return { status, verifiedAt, brokenSince }
  if (verdict === 'ok') return { status: 'verified', verifiedAt: status === 'verified' ? verifiedAt : now, brokenSince: null }
  if (status !== 'verified') return { status, verifiedAt, brokenSince }
  const since = brokenSince ?? now
  return { status: now.getTime() - since.getTime() >= goneFor ? 'failing' : 'verified', verifiedAt, brokenSince: since }
}

/** Who has just set records waits for them: often at first, then each hour, after three days with the others each night. */
function lookAgainAfter(row: SendingDomain, status: SendingDomain['status'], verdict: Verdict, now: Date): number | null {
  if (verdict === 'unknown') return HOUR
  if (status !== 'pending') return null
  const age = now.getTime() - row.createdAt.getTime()
  return age < HOUR ? 5 * MINUTE : age < 3 * DAY ? HOUR : null
}
