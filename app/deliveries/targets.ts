/** Adds where the visit came from to an address of the store itself; the words name the mail, never the person. Others' addresses stay as they are. */
export function withSource(url: string, shop: { url: string | null; domain: string }, campaignName: string): string {
  const target = webAddress(url)
  if (!target) return url
  const own = [shop.domain, shop.url ? webAddress(shop.url)?.hostname : null].filter((host): host is string => Boolean(host)).map(bare)
  if (!own.includes(bare(target.hostname))) return url
  for (const [name, value] of [['utm_source', 'homing'], ['utm_medium', 'email'], ['utm_campaign', slugOf(campaignName)]] as const)
    if (!target.searchParams.has(name)) target.searchParams.set(name, value)
  return target.href
}

/** An address to which a browser may be sent, or null. */
export function webAddress(url: string): URL | null {
  const parsed = URL.canParse(url) ? new URL(url) : null
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') && parsed.username === '' && parsed.password === '' ? parsed : null
}

const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '')

const slugOf = (name: string): string =>
  name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'campaign'
