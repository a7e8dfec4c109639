import type { SimMail, World } from '../types.ts'

/** Who fetches: a person at a desk, a person in Gmail (pictures come through Google's proxy), Apple's privacy proxy, a security scanner. */
export type Reader = 'human' | 'gmail' | 'proxy' | 'scanner'

const agents: Record<Reader, string> = {
  human: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  gmail: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
  proxy: 'Mozilla/5.0',
  scanner: 'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BarracudaCentral; LinkScanner)',
}
const browser = { 'user-agent': agents.human, accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'accept-language': 'en-GB,en;q=0.9' }

export interface MailLink { n: number; url: string; label: string }
/** Where a walk through redirects ended. */
export interface Landing { url: string; status: number; html: string }

/** The links of a mail in their order, with what a person reads on them. */
export function linksOf(mail: SimMail): MailLink[] {
  return [...mail.html.matchAll(/<a\b[^>]*\bhref\s*=\s*("([^"]*)"|'([^']*)')[^>]*>([\s\S]*?)<\/a>/gi)].map((found, n) => ({
    n,
    url: decode(found[2] ?? found[3] ?? ''),
    label: decode((found[4] ?? '').replace(/<img\b[^>]*\balt="([^"]*)"[^>]*>/gi, '$1').replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ').trim(),
  }))
}

/** Pictures that the mail loads from the app itself: the open pixel is one of them. Pictures of the store say nothing to the app. */
export const picturesOf = (world: World, mail: SimMail): string[] =>
  [...mail.html.matchAll(/<img\b[^>]*\bsrc\s*=\s*("([^"]*)"|'([^']*)')/gi)].map((found) => decode(found[2] ?? found[3] ?? '')).filter((url) => url.startsWith(`${world.urls.app}/`))

/**
 * Opens a mail as its reader would. Human and Gmail: the pictures are fetched. `proxy`: the same from Apple's machines, whether
 * or not anybody looks. `scanner`: also asks every link, by HEAD and by GET, as security products do.
 */
export async function openMail(world: World, mail: SimMail, how: { as: Reader }): Promise<void> {
  const headers = { 'user-agent': agents[how.as], accept: 'image/*,*/*;q=0.8', ...(how.as === 'gmail' ? { via: '1.1 google' } : {}) }
  for (const url of picturesOf(world, mail)) await drain(fetch(url, { headers, redirect: 'manual' }))
  mail.events.push({ kind: how.as === 'human' || how.as === 'gmail' ? 'opened by a person' : how.as === 'proxy' ? 'fetched by a privacy proxy' : 'read by a scanner', at: world.clock.now() })
  if (how.as !== 'scanner') return
  const targets = [...linksOf(mail).map((link) => link.url), listUnsubscribe(mail)].filter((url): url is string => url?.startsWith('http') === true)
  for (const url of new Set(targets)) {
    for (const method of ['HEAD', 'GET']) await drain(fetch(local(world, url), { method, headers: { ...browser, 'user-agent': agents.scanner }, redirect: 'manual' }))
  }
}

/**
 * Presses a link as a person does and follows it like a browser.
 * @param which the number of the link in the mail, its address, or a word of its label
 * @returns the address where it led. Throws when the mail has no such link.
 */
export async function clickLink(world: World, mail: SimMail, which: number | string): Promise<string> {
  const links = linksOf(mail)
  const link = typeof which === 'number' ? links[which] : (links.find((one) => one.url === which) ?? links.find((one) => one.label.toLowerCase().includes(which.toLowerCase())))
  if (!link) throw new Error(`the mail "${mail.subject}" has no link ${typeof which === 'number' ? `number ${which}` : `"${which}"`}; it has: ${links.map((one) => one.label).join(', ')}`)
  const landing = await walk(world, link.url)
  mail.events.push({ kind: `clicked "${link.label}"`, at: world.clock.now() })
  return landing.url
}

/**
 * Unsubscribes. `one-click`: the mail programme's own button, a POST as RFC 8058 has it. `page`: the link in the mail's foot and
 * the button on its page. Throws when the mail does not offer it or the app does not take it.
 */
export async function unsubscribe(world: World, mail: SimMail, how: 'one-click' | 'page'): Promise<Landing> {
  if (how === 'page') {
    const link = unsubscribeLink(mail)
    if (!link) throw new Error(`the mail "${mail.subject}" has no unsubscribe link`)
    const done = await pressButton(world, await walk(world, link.url))
    mail.events.push({ kind: 'unsubscribed on the page', at: world.clock.now() })
    return done
  }
  const url = listUnsubscribe(mail)
  if (!url || header(mail, 'list-unsubscribe-post') !== 'List-Unsubscribe=One-Click') throw new Error(`the mail "${mail.subject}" does not offer one-click unsubscribing`)
  const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' })
  const html = await answer.text()
  if (!answer.ok) throw new Error(`one-click unsubscribing was answered with ${answer.status}`)
  mail.events.push({ kind: 'unsubscribed with one click', at: world.clock.now() })
  return { url, status: answer.status, html }
}

/** The link in a mail's foot with which a person leaves; undefined when there is none. */
export const unsubscribeLink = (mail: SimMail): MailLink | undefined => linksOf(mail).find((one) => /unsubscribe|abmelden|abbestellen|désinscri|desabonn/i.test(`${one.label} ${one.url}`))

/** Sends the first form of a page as a person would who only presses its button. Throws when the page has none. */
export async function pressButton(world: World, page: Landing, fields: Record<string, string> = {}): Promise<Landing> {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(page.html)
  if (!form) throw new Error(`the page ${page.url} has no form (it answered ${page.status})`)
  const attribute = (text: string, name: string): string | undefined => {
    const found = new RegExp(`\\b${name}\\s*=\\s*("([^"]*)"|'([^']*)')`, 'i').exec(text)
    return found ? decode(found[2] ?? found[3] ?? '') : undefined
  }
  const body = new URLSearchParams()
  for (const [input] of form[2]!.matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(input, 'name')
    const kind = attribute(input, 'type') ?? 'text'
    if (!name || kind === 'submit' || (/^(checkbox|radio)$/.test(kind) && !/\schecked\b/i.test(input))) continue
    body.append(name, attribute(input, 'value') ?? (kind === 'checkbox' ? 'on' : ''))
  }
  const button = /<button\b[^>]*>/i.exec(form[2]!)?.[0]
  const buttonName = button && attribute(button, 'name')
  if (button && buttonName) body.append(buttonName, attribute(button, 'value') ?? '')
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  const url = new URL(attribute(form[1]!, 'action') || page.url, page.url).href
  return walk(world, url, { method: 'POST', body: body.toString() })
}

/** Goes to an address and follows redirects, as a browser does; addresses of stores lead to the pretend storefronts. */
export async function walk(world: World, from: string, first: { method: string; body?: string } = { method: 'GET' }): Promise<Landing> {
  let url = local(world, from)
  let step = first
  for (let hop = 0; hop < 10; hop++) {
    const answer = await fetch(url, { method: step.method, body: step.body, redirect: 'manual', headers: { ...browser, ...(step.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) } })
    const next = answer.headers.get('location')
    if (answer.status < 300 || answer.status >= 400 || !next) return { url, status: answer.status, html: await answer.text() }
    await answer.body?.cancel()
    url = local(world, new URL(next, url).href)
    if (answer.status !== 307 && answer.status !== 308) step = { method: 'GET' }
  }
  throw new Error(`${from} redirects without end`)
}

/** An address of a store on the platform, as it is reached on this machine. */
export function local(world: World, url: string): string {
  const parsed = new URL(url)
  return world.stores.has(parsed.hostname) ? world.urls.storefront(parsed.hostname) + parsed.pathname + parsed.search + parsed.hash : url
}

export const header = (mail: SimMail, name: string): string | undefined => Object.entries(mail.headers).find(([key]) => key.toLowerCase() === name)?.[1]

/** Why this mail lies in no inbox, in words; null when it arrived or is still on its way. */
export function cameBack(mail: SimMail): string | null {
  const kinds = new Set(mail.events.map((event) => event.kind))
  if (kinds.has('delivered')) return null
  if (kinds.has('bounce')) return 'This mail came back: there is no such address.'
  if (kinds.has('blocked')) return 'This mail came back: the reader’s mail server did not want it.'
  return kinds.has('dropped') ? 'This mail was not sent: the mail service has blocked the address.' : null
}

/** The address for one-click unsubscribing, or null when the mail has none. */
export const listUnsubscribe = (mail: SimMail): string | null => /<(https?:[^>]+)>/.exec(header(mail, 'list-unsubscribe') ?? '')?.[1] ?? null

const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
const decode = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) =>
    decimal ? String.fromCodePoint(Number(decimal)) : hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (names[(name ?? '').toLowerCase()] ?? all))

async function drain(answer: Promise<Response>): Promise<void> {
  await (await answer).arrayBuffer()
}
