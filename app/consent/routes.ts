import type { Request, Response } from 'express'
import type { App } from '../app.ts'
import { notFound } from '../lib/errors.ts'
import { escapeHtml, parse, shopRoute, type Route, type StreamedFile } from '../lib/http.ts'
import { readLink, signLink, type LinkPurpose, type LinkSubject } from '../lib/tokens.ts'
import { confirm, confirmationOf } from './confirm.ts'
import { disagreementDecision } from './contract.ts'
import { keepOurs, listDisagreements } from './disagreements.ts'
import { exportLedger, receiptOf } from './export-ledger.ts'
import { hiddenAddress, readBrand, say, sayPlain, sendPage, shopLink, wordsOf, type PageLook } from './page.ts'
import { howTheyLeft, takeOptOut } from './opt-out.ts'
import { personById, visitorOf, type Person, type Visitor } from './person.ts'
import { preferencesOf, setPreferences } from './preferences.ts'
import { historiesOf, newestEntry, type ConsentEntry } from './record.ts'
import { subscribeAgain, unsubscribe } from './unsubscribe.ts'
import { languageOf } from './words.ts'

// Pages that a link in a mail leads to. Opening one (GET, HEAD) never changes anything, because scanners open links; what a
// person decides is a POST. No login, no cookie, no script, no redirect. They work for as long as somebody keeps the mail.

interface Visit {
  app: App
  request: Request
  response: Response
  subject: LinkSubject
  visitor: Visitor
  look: PageLook
}

export const routes: Route[] = [
  page('get', '/confirm/:token', 'confirm', showConfirmation),
  page('post', '/confirm/:token', 'confirm', pressConfirm, 'form'),
  page('get', '/u/:token', 'unsubscribe', showUnsubscribe),
  // Reads no body: mail programs post List-Unsubscribe=One-Click in either encoding, and the token says all (RFC 8058).
  {
    guard: 'public',
    method: 'post',
    path: '/u/:token',
    handle: async (app, request, response) => {
      const token = String(request.params.token)
      const subject = readLink(app.settings.keys, 'unsubscribe', token)
      if (!subject) return badLink(request, response)
      await optOut(app, request, response, token, subject)
    },
  },
  page('post', '/u/:token/undo', 'unsubscribe', pressUndo),
  page('get', '/p/:token', 'preferences', showPreferences),
  page('post', '/p/:token', 'preferences', savePreferences, 'form'),
  page('get', '/p/:token/receipt', 'preferences', giveReceipt),
  // For the merchant.
  shopRoute('get', '/api/consent/disagreements', ({ app, shop }) => listDisagreements(app, shop.id)),
  shopRoute('post', '/api/consent/disagreements/:subscriberId', async ({ app, shop, params, body, userId }) => {
    parse(disagreementDecision, body)
    await keepOurs(app, shop.id, params.subscriberId!, userId)
    return listDisagreements(app, shop.id)
  }),
  shopRoute('get', '/api/consent/ledger', ({ app, shop }): Promise<StreamedFile> =>
    Promise.resolve({ __stream: exportLedger(app, shop), name: `consent-ledger-${shop.domain.split('.')[0]}.jsonl`, type: 'application/jsonl' }),
  ),
  shopRoute('get', '/api/subscribers/:id/receipt', async ({ app, shop, params }) => {
    const person = await personById(app, shop.id, params.id!)
    if (!person) throw notFound()
    return { __file: JSON.stringify(await receiptOf(app, shop.id, person, hiddenAddress(person.email)), null, 2), name: 'consent-receipt.json', type: 'application/json' }
  }),
]

function page(method: 'get' | 'post', path: string, purpose: LinkPurpose, handle: (visit: Visit) => Promise<void>, body?: 'form'): Route {
  return {
    guard: 'public',
    method,
    path,
    ...(body ? { body } : {}),
    handle: async (app, request, response) => {
      const subject = readLink(app.settings.keys, purpose, String(request.params.token))
      if (!subject) return badLink(request, response)
      const visitor = await visitorOf(app, subject)
      await handle({ app, request, response, subject, visitor, look: lookOf(request, visitor) })
    },
  }
}

async function showConfirmation({ app, request, response, subject, visitor, look: plain }: Visit): Promise<void> {
  const { person, settings, shop } = visitor
  const found = person && (await confirmationOf(app, subject.shopId, person.id, subject.messageId))
  if (!person || !settings || !shop || !found) return badLink(request, response)
  const look = inLanguageOf(found.request, plain)
  if (found.state === 'confirmed') return sayConfirmed(response, look, person)
  if (found.state === 'too_old') return sayTooOld(response, look)
  const words = wordsOf(look)
  const asks = settings.tracking !== 'off' && !found.tracking && !gpc(request)
  sendPage(response, look, {
    title: words.confirmTitle,
    body: `<p>${say(look, words.confirmText, hiddenAddress(person.email))}</p>
${found.request.wording ? `<p class="label">${escapeHtml(words.confirmWords)}</p><blockquote>${escapeHtml(found.request.wording)}</blockquote>` : ''}
${found.tracking && !gpc(request) ? `<p class="small">${say(look, words.trackingAsked)}</p>` : ''}
${settings.tracking !== 'off' && gpc(request) ? `<p class="small">${escapeHtml(words.gpc)}</p>` : ''}
<form method="post">
${asks ? `<label class="tick"><input type="checkbox" name="tracking" value="on"><span>${say(look, words.trackingBox)}</span></label>` : ''}
<button type="submit">${escapeHtml(words.confirmButton)}</button>
</form>
<p class="small">${escapeHtml(words.confirmNot)}</p>`,
  })
}

async function pressConfirm({ app, request, response, subject, visitor, look: plain }: Visit): Promise<void> {
  const { person, settings } = visitor
  const found = person && (await confirmationOf(app, subject.shopId, person.id, subject.messageId))
  if (!person || !settings || !found) return badLink(request, response)
  const look = inLanguageOf(found.request, plain)
  const ticked = fieldOf(request, 'tracking') === 'on' && settings.tracking !== 'off'
  const state = await confirm(app, subject.shopId, person.id, subject.messageId, {
    trackingWording: ticked ? sayPlain(look, wordsOf(look).trackingBox) : null,
    language: look.language,
    gpc: gpc(request),
  })
  if (!state) return badLink(request, response)
  if (state === 'too_old') return sayTooOld(response, look)
  sayConfirmed(response, look, person)
}

async function showUnsubscribe({ app, request, response, subject, visitor, look }: Visit): Promise<void> {
  const { person } = visitor
  if (!person || (await newestEntry(app, subject.shopId, person.id))?.state === 'unsubscribed') return sayLeft(request, response, look, person !== null && (await mayUndo(app, subject.shopId, person)))
  const words = wordsOf(look)
  sendPage(response, look, {
    title: sayPlain(look, words.leaveTitle),
    body: `<p>${say(look, words.leaveText, hiddenAddress(person.email))}</p>
<form method="post" action="${selfPath(request, '')}?from=page"><button type="submit">${escapeHtml(words.leaveButton)}</button></form>
<p class="small"><a class="quiet" href="${preferencesPath(app, subject)}">${escapeHtml(words.leaveInstead)}</a></p>`,
  })
}

/** Leaving works whatever the database does: what it cannot take in time is kept in the journal and answered the same. */
async function optOut(app: App, request: Request, response: Response, token: string, subject: LinkSubject): Promise<void> {
  const byHand = request.query.from === 'page'
  const language = languageOf(request.get('accept-language'))
  const visit = await takeOptOut(app, { token, byHand, language, at: app.clock.now() }, async () => {
    const visitor = await visitorOf(app, subject)
    const look = lookOf(request, visitor)
    if (visitor.person) await unsubscribe(app, subject.shopId, visitor.person.id, howTheyLeft(byHand, subject.messageId, look.language))
    const undo = visitor.person !== null && (await mayUndo(app, subject.shopId, visitor.person))
    return { look, undo }
  })
  sayLeft(request, response, visit?.look ?? { language, shop: null, brand: readBrand(null), postalAddress: '' }, visit?.undo ?? false)
}

async function pressUndo({ app, request, response, subject, visitor, look }: Visit): Promise<void> {
  const { person } = visitor
  if (!person || !(await mayUndo(app, subject.shopId, person))) return sayLeft(request, response, look, false)
  const words = wordsOf(look)
  await subscribeAgain(app, subject.shopId, person.id, {
    method: 'unsubscribe_page', source: 'Undo on the unsubscribe page', messageId: subject.messageId, language: look.language, wording: `${words.leftUndo}: ${words.leftUndoButton}`,
  })
  sendPage(response, look, { title: words.backTitle, body: `<p>${say(look, words.backText, hiddenAddress(person.email))}</p>${shopLink(look)}` })
}

async function showPreferences(visit: Visit): Promise<void> {
  if (!visit.visitor.person || !visit.visitor.settings) return badLink(visit.request, visit.response)
  await sayPreferences(visit, false)
}

async function savePreferences(visit: Visit): Promise<void> {
  const { app, request, response, subject, visitor, look } = visit
  const { person, settings } = visitor
  if (!person || !settings) return badLink(request, response)
  const words = wordsOf(look)
  await setPreferences(
    app,
    settings,
    person.id,
    { mail: fieldOf(request, 'mail') === 'on', tracking: fieldOf(request, 'asked') === 'tracking' ? fieldOf(request, 'tracking') === 'on' && !gpc(request) : null },
    { mailWording: words.prefMail, trackingWording: words.prefTracking, language: look.language, messageId: subject.messageId },
  )
  await sayPreferences(visit, true)
}

/** The person's own copy of what the ledger holds of them, signed. */
async function giveReceipt({ app, request, response, subject, visitor: { person } }: Visit): Promise<void> {
  if (!person) return badLink(request, response)
  const receipt = await receiptOf(app, subject.shopId, person, hiddenAddress(person.email))
  response.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex, nofollow' }).type('application/json').attachment('consent-receipt.json').send(JSON.stringify(receipt, null, 2))
}

async function sayPreferences({ app, request, response, visitor, look }: Visit, saved: boolean): Promise<void> {
  const { person, settings } = visitor as { person: Person; settings: NonNullable<Visitor['settings']> }
  const words = wordsOf(look)
  const now = await preferencesOf(app, settings, person.id)
  const box = (name: string, on: boolean, text: string, help: string): string =>
    `<label class="tick"><input type="checkbox" name="${name}" value="on"${on ? ' checked' : ''}><span>${escapeHtml(text)}<small>${escapeHtml(help)}</small></span></label>`
  sendPage(response, look, {
    title: words.prefTitle,
    body: `${saved ? `<p class="said" role="status">${escapeHtml(words.prefSaved)}</p>` : ''}
<p>${say(look, words.prefText, hiddenAddress(person.email))}</p>
<form method="post">
${box('mail', now.mail, words.prefMail, words.prefMailHelp)}
${now.tracking === null || gpc(request) ? '' : box('tracking', now.tracking, words.prefTracking, words.prefTrackingHelp)}
${now.tracking === null ? '' : '<input type="hidden" name="asked" value="tracking">'}
${now.tracking !== null && gpc(request) ? `<p class="small">${escapeHtml(words.gpc)}</p>` : ''}
<button type="submit">${escapeHtml(words.prefSave)}</button>
</form>
<p class="small"><a class="quiet" href="/p/${encodeURIComponent(String(request.params.token))}/receipt" download>${escapeHtml(words.prefReceipt)}</a><br>${escapeHtml(words.prefReceiptHelp)}</p>`,
  })
}

function sayConfirmed(response: Response, look: PageLook, person: Person): void {
  const words = wordsOf(look)
  sendPage(response, look, { title: words.confirmedTitle, body: `<p>${say(look, words.confirmedText, hiddenAddress(person.email))}</p>${shopLink(look, 'button')}` })
}

function sayTooOld(response: Response, look: PageLook): void {
  const words = wordsOf(look)
  sendPage(response, look, { status: 410, title: words.oldTitle, body: `<p>${say(look, words.oldText)}</p>${shopLink(look, 'button')}` })
}

/** Somebody who is gone from our tables is as unsubscribed as anybody can be, so the answer is the same. */
function sayLeft(request: Request, response: Response, look: PageLook, undo: boolean): void {
  const words = wordsOf(look)
  sendPage(response, look, {
    title: words.leftTitle,
    body: `<p>${say(look, words.leftText)}</p>
${undo ? `<form method="post" action="${selfPath(request, '/undo')}"><p class="label">${escapeHtml(words.leftUndo)}</p><button class="second" type="submit">${escapeHtml(words.leftUndoButton)}</button></form>` : ''}
${shopLink(look)}`,
  })
}

/** Only who was on the list can come back to it by an undo. */
async function mayUndo(app: App, shopId: string, person: Person): Promise<boolean> {
  const history = (await historiesOf(app, shopId, [person.id])).get(`${person.id} email_marketing`) ?? []
  return history.some((entry) => entry.state === 'subscribed' || entry.state === 'unconfirmed_record')
}

/** The same page for every link that is not ours, whatever is wrong with it. */
function badLink(request: Request, response: Response): void {
  const language = languageOf(request.get('accept-language'))
  const look: PageLook = { language, shop: null, brand: readBrand(null), postalAddress: '' }
  const words = wordsOf(look)
  sendPage(response, look, { status: 404, title: words.badTitle, body: `<p>${escapeHtml(words.badText)}</p>` })
}

/** A sign-up is confirmed in the language in which it was made. */
const inLanguageOf = (entry: ConsentEntry, look: PageLook): PageLook => ({ ...look, language: languageOf(entry.language, look.language) })

function lookOf(request: Request, { shop, settings, person }: Visitor): PageLook {
  return {
    language: languageOf(person?.locale, shop?.locale, request.get('accept-language')),
    shop: shop && { name: shop.name, url: shop.url },
    brand: readBrand(settings?.brand),
    postalAddress: (settings?.postalAddress ?? '').split(/\r?\n/).map((line) => line.trim()).filter(Boolean).join(', '),
  }
}

const selfPath = (request: Request, more: string): string => `/u/${encodeURIComponent(String(request.params.token))}${more}`
const preferencesPath = (app: App, subject: LinkSubject): string => `/p/${signLink(app.settings.keys, 'preferences', subject)}`

/** Global Privacy Control or Do Not Track: either is a "no" to tracking. */
const gpc = (request: Request): boolean => request.get('sec-gpc') === '1' || request.get('dnt') === '1'

function fieldOf(request: Request, name: string): string | null {
  const body: unknown = request.body
  const value = body !== null && typeof body === 'object' && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : null
  return typeof value === 'string' ? value : null
}
