import type { App } from '../app.ts'
import { cancelDeliveries } from '../deliveries/cancel.ts'
import { wakeSending } from '../deliveries/wake.ts'
import { domainFault } from '../domains/may-send.ts'
import { conflict, invalid } from '../lib/errors.ts'
import { after, DAY } from '../lib/clock.ts'
import { startRefused } from '../operations/rests.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import { audienceOf } from './audience.ts'
import { refuseWhileStopped } from './complaints.ts'
import { anybody } from './rehearsal.ts'
import { inOneSentence, missing } from './ready.ts'
import { compileFor } from './render.ts'
import { spread } from './spread.ts'
import { findCampaign, makeMove, refusal, type Campaign } from './state.ts'

/** Sends a draft at a time to come (at most a year away). What is missing is said now, and looked at again at that time. */
export async function schedule(app: App, shop: Shop, id: string, at: Date): Promise<Campaign> {
  const now = app.clock.now()
  if (at <= now) throw invalid('Choose a time that is still to come.', { at: 'is over' })
  if (at > after(now, 366 * DAY)) throw invalid('Choose a time within a year.', { at: 'is more than a year away' })
  await mustBeReady(app, shop, id)
  return queueStart(app, shop.id, id, at)
}

/** Sends a draft now. Refused when nobody would get it, and while nothing may leave (409, with the reason). */
export async function sendNow(app: App, shop: Shop, id: string): Promise<Campaign> {
  const rests = await startRefused(app)
  if (rests) throw conflict(rests)
  const campaign = await mustBeReady(app, shop, id)
  const audience = await audienceOf(app, shop, campaign.audience)
  if (!(await anybody(app, shop.id, audience?.where ?? null))) throw invalid('Nobody in this audience may be mailed, so there is nothing to send.', { audience: 'is empty' })
  return queueStart(app, shop.id, id, app.clock.now())
}

/** Back to a draft: scheduled, or could not be prepared. */
export const unschedule = (app: App, shop: Shop, id: string): Promise<Campaign> => makeMove(app, shop.id, id, 'unschedule', { scheduledAt: null })

/** Nobody new is taken from now on; what a worker holds at this moment goes out or comes back. */
export const pause = (app: App, shop: Shop, id: string): Promise<Campaign> => makeMove(app, shop.id, id, 'pause')

/** Goes on. 409 while complaints have stopped sending and nobody has confirmed it. */
export async function resume(app: App, shop: Shop, id: string): Promise<Campaign> {
  await refuseWhileStopped(app, shop.id)
  return app.db.transaction(async () => {
    const campaign = await makeMove(app, shop.id, id, 'resume')
    await spread(app, shop, id)
    await wakeSending(app, shop.id, id)
    return campaign
  })
}

/** Ends a campaign for good. Whoever has not got it will not. */
export function cancel(app: App, shop: Shop, id: string): Promise<Campaign> {
  return app.db.transaction(async () => {
    const campaign = await makeMove(app, shop.id, id, 'cancel', { finishedAt: app.clock.now() })
    await cancelDeliveries(app, shop.id, id)
    if (campaign.startedAt) await app.queue.add('campaigns.compare', { shopId: shop.id, campaignId: id }, { key: id })
    return campaign
  })
}

async function mustBeReady(app: App, shop: Shop, id: string): Promise<Campaign> {
  const campaign = await findCampaign(app, shop.id, id)
  if (campaign.status !== 'draft') throw await refusal(app, shop.id, id)
  const settings = await getSettings(app, shop.id)
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const { checks } = await compileFor(app, shop, words, settings)
  const faults = missing(settings, checks, await audienceOf(app, shop, campaign.audience), await domainFault(app, settings))
  if (faults.length > 0) throw invalid(inOneSentence(faults), Object.fromEntries(faults.map((f) => [f.code, f.message])))
  return campaign
}

function queueStart(app: App, shopId: string, id: string, at: Date): Promise<Campaign> {
  return app.db.transaction(async () => {
    const campaign = await makeMove(app, shopId, id, 'schedule', { scheduledAt: at })
    // The key names the time: a campaign that is taken back and scheduled again has a job of its own.
    await app.queue.add('campaigns.start', { shopId, campaignId: id }, { key: `${id}@${at.getTime()}`, at })
    return campaign
  })
}
