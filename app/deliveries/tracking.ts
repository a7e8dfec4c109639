import type { Request, Response } from 'express'
import type { App } from '../app.ts'
import { answerLean, safeList } from '../lib/http.ts'
import { readLink, readMessageLink, type LinkSubject } from '../lib/tokens.ts'
import { targetOf } from './click-targets.ts'

/**
 * GET /o/:token. The picture always comes, for any token: who asks learns nothing. What is made of it, and whether anything may be,
 * is decided when it is recorded (record-hits.ts).
 */
export async function open(app: App, request: Request, response: Response): Promise<void> {
  const subject = readLink(app.settings.keys, 'open', String(request.params.token))
  const crowded = subject && note(app, subject, request, null)
  if (crowded) await crowded
  answerLean(response, 200, pictureHeaders, pixel)
}

/**
 * GET /c/:token/:n. Leads to the address that is stored for this link and nowhere else: what stands in the request is a key,
 * never a target (T9). HEAD is answered the same and writes nothing, and so is the link of those who are not counted.
 */
export async function click(app: App, request: Request, response: Response): Promise<void> {
  const { keys } = app.settings
  const token = String(request.params.token)
  const subject = readLink(keys, 'click', token)
  const message = subject ?? readMessageLink(keys, token)
  const n = /^\d{1,4}$/.test(String(request.params.n)) ? Number(request.params.n) : null
  const target = message && n !== null ? targetOf(app, message, n) : null
  const url = target instanceof Promise ? await target : target // one turn less for nearly all
  if (url === null) return answerLean(response, 404, pageHeaders, leadsNowhere)
  const crowded = subject && note(app, subject, request, n)
  if (crowded) await crowded
  answerLean(response, 302, [...clickHeaders, 'Location', url])
}

/** HEAD asks for nothing; Global Privacy Control and Do Not Track are a "no", whatever was said before. */
function note(app: App, subject: LinkSubject, { method, headers }: Request, linkNo: number | null): Promise<void> | null {
  if (method !== 'GET' || headers['sec-gpc'] === '1' || headers.dnt === '1') return null
  return app.hits.note({
    ...subject,
    linkNo,
    at: app.clock.now(),
    agent: (headers['user-agent'] ?? '').slice(0, 500),
    purpose: [headers['sec-purpose'], headers.purpose, headers['x-moz']].join(' ').slice(0, 100),
  })
}

const clickHeaders = ['Cache-Control', 'no-store, private', 'X-Robots-Tag', 'noindex']
const pageHeaders = [...safeList, ...clickHeaders, 'Content-Type', 'text/html; charset=utf-8']
const pictureHeaders = [
  'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store, private', 'Cross-Origin-Resource-Policy', 'cross-origin', 'Content-Type', 'image/gif',
]
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64').toString('latin1')
const leadsNowhere =
  '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Link not found</title></head>' +
  '<body><main><h1>This link does not lead anywhere</h1><p>It may be old, or a part of it is missing. Please open the mail again and press the link there.</p></main></body></html>'
