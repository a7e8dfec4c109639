import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { rehearsals } from '../db/schema.ts'
import { NotAsked } from '../lib/ask.ts'
import { getSettings, getShop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import type { AskedLink } from './contract.ts'
import { compileFor } from './render.ts'
import { findCampaign } from './state.ts'

/** At most so many addresses are asked for one rehearsal, so many at a time, each for so long and over so many redirects. */
const most = 50
const atOnce = 4
const patience = 8_000
const hops = 5

/**
 * Asks each link of a campaign once whether there is something, and keeps what it said with the rehearsal. It says nothing about who
 * we are or whom the mail is for, and never keeps a send from going.
 */
export async function askLinks(app: App, { shopId, campaignId, rehearsalId }: { shopId: string; campaignId: string; rehearsalId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  const ours = and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, rehearsalId))
  const [manifest] = await app.db.select({ links: rehearsals.links }).from(rehearsals).where(ours)
  if (!shop || !manifest || manifest.links !== null) return // rehearsed anew meanwhile, or asked already
  const campaign = await findCampaign(app, shopId, campaignId)
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const { links } = await compileFor(app, shop, words, await getSettings(app, shopId))
  const urls = [...new Set(links.map((link) => link.url))].slice(0, most)
  const asked: AskedLink[] = []
  const lane = async (): Promise<void> => {
    for (let url = urls.shift(); url !== undefined; url = urls.shift()) asked.push(await askOne(app, url))
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  await app.db.update(rehearsals).set({ links: asked }).where(ours)
}

/** Asks one address, and where it sends on, each looked at anew. Never throws. */
export async function askOne(app: Pick<App, 'ask'>, link: string): Promise<AskedLink> {
  const told = (result: AskedLink['result'], words: string): AskedLink => ({ url: link, result, words })
  const signal = AbortSignal.timeout(patience)
  try {
    let url = new URL(link)
    for (let hop = 0; hop <= hops; hop++) {
      const { status, location } = await app.ask(url, signal)
      if (status >= 300 && status < 400 && location) {
        url = new URL(location, url)
        continue
      }
      if (status < 400) return told('answers', 'Answers')
      if (status === 404 || status === 410) return told('does_not', `There is no such page (${status})`)
      if (status >= 500) return told('does_not', `The page is broken (${status})`)
      return told('could_not', `Does not let machines look (${status}). Open it yourself to be sure`)
    }
    return told('does_not', 'Sends on again and again without end')
  } catch (error) {
    return told(...wordsOf(error))
  }
}

function wordsOf(error: unknown): [AskedLink['result'], string] {
  if (error instanceof NotAsked) return ['could_not', 'Leads to an address that only machines near us can reach, so it was not asked']
  const codes: unknown[] = []
  for (let e = error as { code?: unknown; name?: unknown; cause?: unknown } | undefined; e; e = e.cause as typeof e) codes.push(e.code, e.name)
  const is = (...some: string[]): boolean => some.some((code) => codes.includes(code))
  if (is('ENOTFOUND')) return ['does_not', 'There is no such address']
  if (is('TimeoutError', 'AbortError', 'ABORT_ERR', 'ETIMEDOUT')) return ['does_not', 'Did not answer in time']
  if (is('ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH')) return ['does_not', 'Does not answer']
  if (codes.some((code) => typeof code === 'string' && /CERT|TLS|SSL|SELF_SIGNED|ALTNAME/.test(code))) return ['does_not', 'Its certificate is not in order, so browsers warn of it']
  return ['could_not', 'Could not be asked']
}
