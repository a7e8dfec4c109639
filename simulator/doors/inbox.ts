import { cameBack, header, linksOf, listUnsubscribe, unsubscribeLink } from '../mail/mailbox.ts'
import type { SimMail, World } from '../types.ts'
import { shell } from './home.ts'
import { escape, initialsOf } from './html.ts'

const pageSize = 100
const most = 400 // people beside the list; the search finds the others

/** The inboxes: people on the left, their mails on the right. `to` shows one person's, `find` searches people by address. */
export function inboxPage(world: World, asked: { to: string | null; find: string; page: number }): string {
  const counts = new Map<string, { address: string; count: number }>()
  for (const mail of world.mails) {
    const key = mail.to.toLowerCase()
    const known = counts.get(key)
    if (known) known.count += 1
    else counts.set(key, { address: mail.to, count: 1 })
  }
  const people = [...counts.values()].filter((one) => one.address.toLowerCase().includes(asked.find.toLowerCase())).reverse()
  const to = asked.to?.toLowerCase() ?? null
  const mails = world.mails.filter((mail) => to === null || mail.to.toLowerCase() === to).reverse()
  const shown = mails.slice(asked.page * pageSize, (asked.page + 1) * pageSize)
  const side = people.slice(0, most).map((one) => `<a href="/inbox?to=${encodeURIComponent(one.address)}"${one.address.toLowerCase() === to ? ' aria-current="page"' : ''}><span>${escape(one.address)}</span><small>${one.count}</small></a>`)
  const rows = shown.map((mail) => `<a href="/mail/${encodeURIComponent(mail.id)}"><b>${to === null ? escape(mail.to) : escape(mail.from.name || mail.from.email)}</b><span class="what">${cameBack(mail) ? '<em>Came back</em> ' : ''}${escape(mail.subject)} <i>${escape(snippetOf(mail))}</i></span>${when(mail.at)}</a>`)
  const page = (n: number, label: string): string => `<a href="/inbox?${new URLSearchParams({ ...(asked.to ? { to: asked.to } : {}), ...(asked.find ? { find: asked.find } : {}), page: String(n) }).toString()}">${label}</a>`
  const body = `<a class="back" href="/">‹ The three doors</a>
<header class="head"><div><h1>${to === null ? 'All inboxes' : escape(asked.to!)}</h1><p>${mails.length.toLocaleString('en')} ${mails.length === 1 ? 'mail' : 'mails'}${to === null ? ` to ${counts.size.toLocaleString('en')} ${counts.size === 1 ? 'person' : 'people'}` : ''}</p></div></header>
<div class="post">
  <nav class="people" aria-label="People"><form method="get" action="/inbox"><input type="search" name="find" value="${escape(asked.find)}" placeholder="Find a person" aria-label="Find a person"></form>
    <a href="/inbox"${to === null ? ' aria-current="page"' : ''}><span>All inboxes</span><small>${world.mails.length}</small></a>${side.join('')}${people.length > most ? `<p class="none">and ${people.length - most} more</p>` : ''}</nav>
  <main>${rows.length > 0 ? `<div class="letters">${rows.join('')}</div>` : '<p class="none">No mail has come yet. Sign up in the shop, or send a campaign from the back office.</p>'}
    <div class="more">${asked.page > 0 ? page(asked.page - 1, '‹ Newer') : '<span></span>'}${mails.length > (asked.page + 1) * pageSize ? page(asked.page + 1, 'Older ›') : ''}</div></main>
</div>`
  return shell('Inboxes', body, '/_/times.js')
}

export type View = 'mail' | 'text' | 'headers' | 'source'
const views: [View, string][] = [['mail', 'Mail'], ['text', 'Plain text'], ['headers', 'Headers'], ['source', 'Source']]

/** One mail as its reader sees it, what can be done with it, and what was done. */
export function mailPage(world: World, mail: SimMail, wanted: { view: View; images: boolean; phone: boolean }): string {
  const back = cameBack(mail)
  const asked = back ? { ...wanted, images: false } : wanted // nobody sees it, so its pictures are not fetched
  const id = encodeURIComponent(mail.id)
  const link = (change: Partial<typeof asked>): string => {
    const now = { ...asked, ...change }
    return `/mail/${id}?${new URLSearchParams({ view: now.view, images: now.images ? 'on' : 'off', width: now.phone ? 'phone' : 'desktop' }).toString()}`
  }
  const tabs = views.map(([view, label]) => `<a href="${link({ view })}"${view === asked.view ? ' aria-current="page"' : ''}>${label}</a>`)
  const oneClick = !back && listUnsubscribe(mail) && header(mail, 'list-unsubscribe-post') === 'List-Unsubscribe=One-Click'
  const toggles = asked.view === 'mail' ? `<span class="right">${back ? '' : `<a href="${link({ images: !asked.images })}">${asked.images ? 'Hide pictures' : 'Show pictures'}</a>`}<a href="${link({ phone: !asked.phone })}">${asked.phone ? 'Wide window' : 'On a phone'}</a></span>` : ''
  const all = linksOf(mail)
  const links = all.filter((one, n) => all.findIndex((other) => other.url === one.url) === n).map((one) => `<li><a href="${escape(one.url)}" target="_blank" rel="noopener noreferrer" title="${escape(one.url)}">${escape(one.label || one.url)}</a><button data-act="click" data-n="${one.n}">Press</button></li>`)
  const acts = `<section class="card"><h2>Who reads it?</h2><p>Looking at the mail with pictures on is already an opening by a person: you. These act in your place.</p>
      <div class="buttons"><button data-act="human">A person</button><button data-act="gmail">A person in Gmail</button><button data-act="proxy">Apple’s privacy proxy</button><button data-act="scanner">A security scanner</button></div></section>
    <section class="card"><h2>What they do</h2><div class="buttons">${oneClick ? '<button data-act="one-click">Unsubscribe (one click)</button>' : ''}${unsubscribeLink(mail) ? '<button data-act="page">Unsubscribe on the page</button>' : ''}<button data-act="spam">Report as spam</button></div></section>
    ${links.length > 0 ? `<section class="card"><h2>Links</h2><ul class="links">${links.join('')}</ul></section>` : ''}`
  const happened = [{ kind: 'sent', at: mail.at }, ...mail.events].map((event) => `<li><span>${escape(event.kind)}</span>${when(event.at)}</li>`)
  const body = `<a class="back" href="/inbox?to=${encodeURIComponent(mail.to)}">‹ ${escape(mail.to)}</a>
<div class="mail">
  <article class="sheet">
    <div class="subject"><h1>${escape(mail.subject)}</h1>
      <div class="from"><span class="face" aria-hidden="true">${escape(initialsOf(mail.from.name || mail.from.email))}</span><div><b>${escape(mail.from.name)}</b>${oneClick ? '<button class="link" data-act="one-click">Unsubscribe</button>' : ''}<small>${escape(mail.from.email)} to ${escape(mail.to)} · ${when(mail.at)}</small></div></div></div>
    ${back ? `<p class="came-back">${back} Nobody reads it.</p>` : ''}<nav class="tabs" aria-label="Views">${tabs.join('')}${toggles}</nav>
    ${contentOf(mail, asked, id)}
  </article>
  <aside data-mail="${id}">
    ${back ? '' : acts}
    <section class="card"><h2>What happened</h2><ul class="happened">${happened.join('')}</ul></section>
  </aside>
</div>
<p class="toast" role="status" hidden></p>`
  return shell(mail.subject, body, '/_/mail.js')
}

function contentOf(mail: SimMail, asked: { view: View; images: boolean; phone: boolean }, id: string): string {
  if (asked.view === 'text') return `<pre>${escape(mail.text || 'This mail has no plain text.')}</pre>`
  if (asked.view === 'source') return `<pre>${escape(mail.source)}</pre>`
  if (asked.view === 'headers') {
    const all: [string, string][] = [['From', `${mail.from.name} <${mail.from.email}>`], ['To', mail.to], ...(mail.replyTo ? [['Reply-To', mail.replyTo] as [string, string]] : []), ['Subject', mail.subject], ['Date', mail.at.toUTCString()], ['Message-ID', `<${mail.id}>`], ...Object.entries(mail.headers)]
    return `<table>${all.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</table>`
  }
  return `<div class="stage${asked.phone ? ' phone' : ''}"><iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" src="/letter/${id}?images=${asked.images ? 'on' : 'off'}"></iframe></div>`
}

/** The mail's own HTML, for a frame without scripts. Links open in a new window; pictures only when they are wanted. */
export const letterHtml = (mail: SimMail): string => {
  const html = mail.html || `<pre style="white-space:pre-wrap;font:15px/1.5 system-ui;padding:16px">${escape(mail.text)}</pre>`
  const base = '<base target="_blank">'
  return /<head\b[^>]*>/i.test(html) ? html.replace(/<head\b[^>]*>/i, (head) => head + base) : base + html
}

export const letterPolicy = (images: boolean): string =>
  `default-src 'none'; img-src ${images ? 'http: https: data:' : 'data:'}; style-src 'unsafe-inline' http: https:; font-src http: https: data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox`

/** Universal time, which times.js turns into that of whoever looks. */
const when = (at: Date): string => `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')}</time>`
const snippetOf = (mail: SimMail): string => mail.text.replace(/https?:\/\/\S+|[=_*-]{3,}/g, '').replace(/\s+/g, ' ').trim().slice(0, 120)
