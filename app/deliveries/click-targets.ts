import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { Db } from '../db/open.ts'
import { campaigns, links, shops } from '../db/schema.ts'
import { MINUTE } from '../lib/clock.ts'
import type { LinkSubject } from '../lib/tokens.ts'
import { webAddress, withSource } from './targets.ts'

type Message = Pick<LinkSubject, 'shopId' | 'messageId'>
interface Targets {
  readAt: number
  urls: Map<number, string>
}
const most = 300 // messages that are kept; their links take some ten kilobytes each
const fresh = 10 * MINUTE

/**
 * Where the n-th link of a message leads, or null when there is none. Links never change after the freeze, so they are read once for a
 * message and kept, the newest messages first; what stands beside them (the shop's address) is looked up again every ten minutes, and
 * until that is done the known answer is given: a click leads on while the database is away.
 */
export function targetOf(app: Pick<App, 'db' | 'clock'>, message: Message, n: number): string | Promise<string | null> {
  const cache = cacheOf(app.db)
  const known = cache.targets.get(keyOf(message))
  const url = known?.urls.get(n)
  if (!known || url === undefined) return read(app, cache, message).then((urls) => urls.get(n) ?? null)
  if (Math.abs(app.clock.now().getTime() - known.readAt) > fresh) read(app, cache, message).catch(() => undefined)
  return url
}

interface Cache {
  targets: Map<string, Targets>
  reading: Map<string, Promise<Map<number, string>>>
}
const caches = new WeakMap<Db, Cache>()
function cacheOf(db: Db): Cache {
  const cache = caches.get(db) ?? { targets: new Map(), reading: new Map() }
  caches.set(db, cache)
  return cache
}

const keyOf = ({ shopId, messageId }: Message): string => shopId + messageId

/** However many ask for the same message at once, it is read once. */
function read(app: Pick<App, 'db' | 'clock'>, { targets, reading }: Cache, message: Message): Promise<Map<number, string>> {
  const key = keyOf(message)
  const under = reading.get(key)
  if (under) return under
  const now = readTargets(app, message)
    .then((urls) => {
      targets.delete(key)
      if (urls.size > 0) targets.set(key, { readAt: app.clock.now().getTime(), urls })
      if (targets.size > most) targets.delete(targets.keys().next().value!)
      return urls
    })
    .finally(() => reading.delete(key))
  reading.set(key, now)
  return now
}

async function readTargets(app: Pick<App, 'db'>, { shopId, messageId }: Message): Promise<Map<number, string>> {
  const rows = await app.db
    .select({ n: links.n, url: links.url, shopUrl: shops.url, domain: shops.domain, campaign: campaigns.name })
    .from(links)
    .innerJoin(shops, eq(shops.id, links.shopId))
    .leftJoin(campaigns, and(eq(campaigns.shopId, links.shopId), eq(campaigns.id, links.messageId)))
    .where(and(eq(links.shopId, shopId), eq(links.messageId, messageId)))
  return new Map(
    rows.flatMap(({ n, url, shopUrl, domain, campaign }) => {
      // As a browser would write it: safe to stand in a header, whatever the merchant typed.
      const target = webAddress(campaign === null ? url : withSource(url, { url: shopUrl, domain }, campaign))
      return target ? [[n, target.href] as const] : []
    }),
  )
}
