import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { JsonCell } from '../db/json-rows.ts'
import { campaigns, deliveries } from '../db/schema.ts'
import { after, HOUR, MINUTE } from '../lib/clock.ts'
import type { Outcome } from '../mail/provider.ts'
import { blockAddresses } from './batches.ts'
import type { Begun } from './claim.ts'
import type { DeliveryReason } from './contract.ts'
import { pauseWords } from './pause-words.ts'
import type { Stop } from './post.ts'
import { givenRows, sameRow, type Run } from './run.ts'

export interface Result {
  row: Begun
  /** null: was not begun after all. */
  outcome: Outcome | null
}

/** After this many tries a mail that the receiving server keeps putting off is refused (about two days). */
export const patience = 12

/**
 * Writes down what became of a batch, in one statement. `accepted` counts wherever the row stands by now (it may have been
 * called uncertain meanwhile); everything else only while the row is still this worker's.
 */
export async function record(app: App, run: Run, worker: string, results: Result[], stop: Stop | null): Promise<void> {
  const now = app.clock.now()
  const { shopId, messageId } = run
  const given = givenRows(results.map((result) => ({ key: { shopId, messageId, subscriberId: result.row.subscriberId }, cells: [result.row.requestId, ...cellsOf(result, stop, now, run.campaign !== null)] })))
  const state = given.text(4)
  const bad = results.filter(({ outcome }) => outcome?.kind === 'refused' && outcome.badAddress)
  await steadily(() =>
    app.db.transaction(async () => {
      await app.db
        .update(deliveries)
        .set({
          state: sql`${state}`,
          reason: sql`${given.text(5)}`,
          providerId: sql`coalesce(${given.text(6)}, ${deliveries.providerId})`,
          nextAt: sql`${given.time(7)}`,
          attempts: sql`${deliveries.attempts} - ${given.int(8)}`,
          acceptedAt: sql`coalesce(${deliveries.acceptedAt}, ${given.time(9)})`,
          detail: sql`${given.text(10)}`,
          leaseUntil: null,
          updatedAt: now,
        })
        .from(given.from)
        .where(
          and(
            sameRow(given),
            sql`${deliveries.requestId} = ${given.text(3)}`,
            or(
              and(sql`${state} = 'accepted'`, inArray(deliveries.state, ['pending', 'claimed', 'posting', 'uncertain', 'held', 'suppressed', 'accepted'])),
              and(inArray(deliveries.state, ['posting', 'uncertain']), eq(deliveries.claimedBy, worker)),
            ),
          ),
        )
      await blockAddresses(app, shopId, bad.map(({ row, outcome }) => ({ email: row.email, detail: outcome?.kind === 'refused' ? outcome.reason : undefined })), now)
      if (stop?.kind === 'paused') await pauseCampaign(app, run, stop.reason)
    }),
  )
  if (stop?.kind === 'paused') app.log.warn({ messageId, reason: stop.reason }, 'sending was paused: the provider refuses us')
}

/** The campaign waits for somebody to repair what its provider says, and to resume it. */
export async function pauseCampaign(app: Pick<App, 'db' | 'clock' | 'mail'>, run: Run, reason: string): Promise<void> {
  if (!run.campaign) return
  await app.db
    .update(campaigns)
    .set({ status: 'paused', statusReason: pauseWords(app.mail.name, reason), updatedAt: app.clock.now() })
    .where(and(eq(campaigns.shopId, run.shopId), eq(campaigns.id, run.messageId), eq(campaigns.status, 'sending')))
}

/**
 * state, reason, providerId, nextAt, attempts to take back, acceptedAt, what the provider said. While the provider refuses us a campaign is paused and
 * goes on when somebody resumes it; a single mail has nobody to resume it and tries again every ten minutes.
 */
export function cellsOf({ row, outcome }: Result, stop: Stop | null, now: Date, isCampaign: boolean): JsonCell[] {
  const said = outcome && 'reason' in outcome ? outcome.reason : null
  const again = (at: Date | null, back: 0 | 1): JsonCell[] => ['pending', null, null, at, back, null, said]
  const ended = (reason: DeliveryReason): JsonCell[] => ['refused', reason, null, null, 0, null, said]
  const repaired = isCampaign ? null : after(now, 10 * MINUTE)
  if (!outcome) return again(stop?.kind === 'rest' ? stop.until : stop?.kind === 'paused' ? repaired : null, 1)
  switch (outcome.kind) {
    case 'accepted':
      return ['accepted', null, outcome.providerId, null, 0, now, null]
    case 'refused':
      return ended(outcome.badAddress ? 'bad_address' : 'provider_refused')
    case 'uncertain':
      return ['uncertain', null, null, null, 0, null, said]
    case 'paused':
      return again(repaired, 1)
    case 'later': {
      if (outcome.whole) return again(after(now, outcome.retryAfterMs), 1)
      if (row.attempts >= patience) return ended('provider_refused')
      return again(after(now, Math.min(outcome.retryAfterMs * 2 ** (row.attempts - 1), 6 * HOUR)), 0)
    }
  }
}

/** A fault of the database must not turn known outcomes into doubts, so it is tried a little longer. */
export async function steadily(work: () => Promise<void>): Promise<void> {
  for (const wait of [100, 500, 2000]) {
    try {
      return await work()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
  return work()
}
