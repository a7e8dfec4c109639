import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { links, messages } from '../db/schema.ts'
import { freeze } from '../deliveries/freeze.ts'
import { chooseWay } from '../deliveries/way.ts'
import { wakeSending } from '../deliveries/wake.ts'
import { domainFault } from '../domains/may-send.ts'
import { after, HOUR } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import { startRefused } from '../operations/rests.ts'
import { getSettings, getShop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import { audienceOf, freshenAudience } from './audience.ts'
import { ensureManifest } from './manifest.ts'
import { inOneSentence, missing } from './ready.ts'
import { compileFor } from './render.ts'
import { partSize, spread } from './spread.ts'
import { findCampaign, tryMove, type Campaign } from './state.ts'

/** A campaign that could not begin within this time (we were down) is not sent by itself any more: the merchant is asked (reliability.md Q9). */
export const tooLate = 6 * HOUR

/**
 * Begins a scheduled campaign whose time has come: checks it, draws the mail once, freezes the audience and hands over to the
 * deliveries, the last three in one transaction. Safe to run twice and to die at any point: what was `preparing` is prepared
 * again, what is `sending` is left alone. What cannot be sent becomes `failed` with the reason in words.
 */
export async function startCampaign(app: App, { shopId, campaignId }: { shopId: string; campaignId: string }): Promise<void> {
  const campaign = await findCampaign(app, shopId, campaignId).catch(nothingThere)
  if (!campaign || (campaign.status !== 'scheduled' && campaign.status !== 'preparing')) return
  const now = app.clock.now()
  const due = campaign.scheduledAt ?? now
  if (due > now) return // scheduled anew for later; that time has a job of its own
  if (now > after(due, tooLate)) {
    const reason = 'We could not send this at its time, because the service was not running. So much later we would rather ask: send it now, choose another time, or leave it.'
    await tryMove(app, shopId, campaignId, 'tooLate', { scheduledAt: null, statusReason: reason })
    return
  }
  if (await startRefused(app)) return // it stays where it is; each minute somebody looks again (recover.ts)
  if (campaign.status === 'scheduled' && !(await tryMove(app, shopId, campaignId, 'prepare'))) return
  const fault = await prepare(app, campaign)
  if (fault) await tryMove(app, shopId, campaignId, 'fail', { statusReason: fault })
}

/** Everything between `preparing` and `sending`. @returns what is wrong, in words, or null. */
async function prepare(app: App, campaign: Campaign): Promise<string | null> {
  const { shopId, id } = campaign
  const shop = await getShop(app, shopId)
  if (!shop || shop.status === 'uninstalled') return 'The app was removed from the store.'
  const unknown = await freshenAudience(app, shopId, campaign.audience)
  if (unknown) return unknown
  const settings = await getSettings(app, shopId)
  const audience = await audienceOf(app, shop, campaign.audience)
  const content = mailContent.safeParse(campaign.content)
  if (!content.success) return 'The content of the mail could not be read. Open the campaign and save it again.'
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: content.data }
  const compiled = await compileFor(app, shop, words, settings)
  const faults = missing(settings, compiled.checks, audience, await domainFault(app, settings))
  if (faults.length > 0 || !audience) return inOneSentence(faults)
  await ensureManifest(app, shopId, campaign, audience.where)
  try {
    await app.db.transaction(async () => {
      const now = app.clock.now()
      // First, because it locks the row: a second worker waits here and then finds that somebody was faster.
      if (!(await tryMove(app, shopId, id, 'begin', { startedAt: now }))) return
      await app.db.insert(messages).values({
        shopId, id, kind: 'campaign', subject: words.subject, preheader: words.preheader, html: compiled.html, text: compiled.text, language: shop.locale,
        fromName: settings.senderName, fromEmail: settings.senderEmail, replyTo: settings.replyTo, way: 'individual', createdAt: now,
      })
      await insertAll(app.db, links, compiled.links.map((link) => ({ shopId, messageId: id, ...link })))
      await chooseWay(app, shopId, id)
      const { audience: people } = await freeze(app, shopId, id, audience.where, await partSize(app, shop, settings.senderEmail))
      if (people === 0) throw new NobodyLeft()
      await spread(app, shop, id)
      await wakeSending(app, shopId, id)
    })
  } catch (error) {
    if (error instanceof NobodyLeft) return 'When it was time to send, nobody in the audience could be mailed.'
    throw error
  }
  return null
}

class NobodyLeft extends Error {}

function nothingThere(error: unknown): null {
  if (error instanceof AppError && error.status === 404) return null // deleted with its shop
  throw error
}
