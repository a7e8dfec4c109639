import type { App } from './app.ts'
import { askLinks } from './campaigns/ask-links.ts'
import { compareCampaign } from './campaigns/compare.ts'
import { watchComplaints, watchSending } from './campaigns/complaints.ts'
import { finishCampaign } from './campaigns/finish.ts'
import { dropOlder, forgetManifests } from './campaigns/manifest.ts'
import { recoverCampaigns } from './campaigns/recover.ts'
import { startCampaign } from './campaigns/start.ts'
import { sealLedgers } from './consent/seal.ts'
import { recoverWriteBacks, resumeWriteBacks, writeBack } from './consent/write-back.ts'
import { recoverDeliveries, recoverSingles } from './deliveries/recover.ts'
import { sendDeliveries } from './deliveries/send.ts'
import { checkAllDomains } from './domains/all.ts'
import { checkDomain } from './domains/check.ts'
import { workInbox } from './events/ingest.ts'
import { recoverInbox } from './events/recover.ts'
import { ensureForms } from './forms/defaults.ts'
import { compareImport } from './imports/compare.ts'
import { recoverImports } from './imports/recover.ts'
import { runImport } from './imports/run.ts'
import { undoImport } from './imports/undo.ts'
import { after, DAY, HOUR, MINUTE } from './lib/clock.ts'
import type { Handlers } from './jobs/queue.ts'
import { exportPerson } from './privacy/export.ts'
import { forgetUnconfirmed } from './privacy/forget-again.ts'
import { recoverPrivacy } from './privacy/recover.ts'
import { redactPerson } from './privacy/redact.ts'
import { redactShop } from './privacy/redact-shop.ts'
import { measureBuyers } from './segments/rfm.ts'
import { readStoreSegment, readStoreSegments } from './segments/store-segments.ts'
import { hourly, keepTokensAlive, nightly } from './shops/nightly.ts'
import { getShop } from './shops/shops.ts'
import { readStore } from './sync/read.ts'
import { lookForConsents, reconcile } from './sync/reconcile.ts'
import { recoverSyncs, recoverWelcomes } from './sync/recover.ts'
import { startSync } from './sync/start.ts'

/** Who answers which job. */
export function handlers(app: App): Handlers {
  return {
    'shops.welcome': async ({ shopId }) => {
      const shop = await getShop(app, shopId)
      if (!shop) return
      await ensureForms(app, shop)
      await startSync(app, { shopId })
      await resumeWriteBacks(app, shopId)
    },
    'sync.start': (job) => startSync(app, job),
    'sync.read': (job) => readStore(app, job),
    'sync.reconcile': (job) => reconcile(app, job),
    'sync.consents': (job) => lookForConsents(app, job),
    'inbox.work': () => workInbox(app),
    'consent.write-back': (job) => writeBack(app, job),
    'campaigns.start': (job) => startCampaign(app, job),
    'campaigns.ask-links': (job) => askLinks(app, job),
    'campaigns.drop-rehearsals': (job) => dropOlder(app, job),
    'campaigns.compare': async (job) => void (await compareCampaign(app, job.shopId, job.campaignId)),
    'campaigns.finish': (job) => finishCampaign(app, job),
    'campaigns.watch': ({ shopId }) => watchComplaints(app, shopId),
    'deliveries.send': (job) => sendDeliveries(app, job),
    'deliveries.recover': () => again(app, 'deliveries.recover', MINUTE, () => recoverDeliveries(app)),
    'lost.recover': () => again(app, 'lost.recover', MINUTE, async () => void (await each(app, [recoverCampaigns, recoverInbox, recoverWriteBacks, recoverSyncs, recoverImports, sealLedgers, watchSending]))), // the next minute tries again
    'segments.read': (job) => readStoreSegment(app, job),
    'imports.compare': (job) => compareImport(app, job),
    'imports.run': (job) => runImport(app, job),
    'imports.undo': (job) => undoImport(app, job),
    'domains.check': (job) => checkDomain(app, job),
    'privacy.export': (job) => exportPerson(app, job),
    'privacy.redact': (job) => redactPerson(app, job),
    'privacy.redact-shop': (job) => redactShop(app, job),
    'shops.nightly': () => again(app, 'shops.nightly', DAY, async () => {
      const fault = await each(app, [nightly, measureBuyers, readStoreSegments, checkAllDomains, recoverPrivacy, forgetUnconfirmed, forgetManifests, recoverWelcomes, recoverSingles, tellFailedJobs])
      if (fault) throw fault // once more, tonight
    }),
    'shops.hourly': () => again(app, 'shops.hourly', HOUR, () => hourly(app)),
    'shops.refresh-tokens': () => again(app, 'shops.refresh-tokens', 7 * DAY, () => keepTokensAlive(app)),
  }
}

/** The schedule. Each of these asks for its own next turn, so that a turn missed while we were down is taken at once. */
export async function startSchedules(app: App): Promise<void> {
  await app.queue.add('deliveries.recover', {}, { key: 'next', at: after(app.clock.now(), 1_000) })
  await app.queue.add('lost.recover', {}, { key: 'next', at: after(app.clock.now(), 2_000) })
  await app.queue.add('shops.nightly', {}, { key: 'next', at: nextNight(app.clock.now()) })
  await app.queue.add('shops.hourly', {}, { key: 'next', at: after(app.clock.now(), HOUR) })
  await app.queue.add('shops.refresh-tokens', {}, { key: 'next', at: after(app.clock.now(), 7 * DAY) })
}

/** A clock that was ahead and was put right has left the next turns in the future: they come forward. Looks each minute until stopped. */
export function watchClock(app: App): { stop: () => void } {
  let last = app.clock.now()
  const timer = setInterval(() => {
    const now = app.clock.now()
    if (now < last) startSchedules(app).catch((error: unknown) => app.log.error({ err: error }, 'the clock went back, and the schedule could not be set anew'))
    last = now
  }, MINUTE)
  return { stop: () => clearInterval(timer) }
}

type Scheduled = 'deliveries.recover' | 'lost.recover' | 'shops.nightly' | 'shops.hourly' | 'shops.refresh-tokens'

async function again(app: App, kind: Scheduled, every: number, work: () => Promise<void>): Promise<void> {
  const at = kind === 'shops.nightly' ? nextNight(app.clock.now()) : after(app.clock.now(), every)
  await app.queue.add(kind, {}, { key: 'next', at }) // before the work: a fault must not end the schedule
  await work()
}

/**
 * A job is how work is asked for; that it was asked for stands in the rows themselves. So a lost job, or one that gave up, never
 * means lost work: each room looks here for what waits too long. A fault of one keeps nobody from their turn.
 * @returns the first fault; all are logged.
 */
async function each(app: App, verbs: ((app: App) => Promise<void>)[]): Promise<unknown> {
  let first: unknown = null
  for (const verb of verbs)
    await verb(app).catch((error: unknown) => {
      first ??= error
      app.log.error({ turn: verb.name, err: error }, 'a turn of the schedule failed')
    })
  return first
}

/** For whoever runs this: jobs that gave up stay visible for 30 days. */
async function tellFailedJobs(app: App): Promise<void> {
  const failed = await app.queue.failed()
  const kinds: Record<string, number> = {}
  for (const { kind } of failed) kinds[kind] = (kinds[kind] ?? 0) + 1
  if (failed.length > 0) app.log.warn({ kinds, newest: failed[0]?.at }, 'there are jobs that gave up')
}

/** 03:10 UTC: most stores sleep, and it is no full hour. */
function nextNight(now: Date): Date {
  const night = new Date(now)
  night.setUTCHours(3, 10, 0, 0)
  return night > now ? night : after(night, DAY)
}
