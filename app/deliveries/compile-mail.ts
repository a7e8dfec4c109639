import type { App } from '../app.ts'
import { escapeHtml } from '../lib/http.ts'
import { messageSigner } from '../lib/tokens.ts'
import type { Mail, Piece, SharedMail, SharedPart } from '../mail/provider.ts'
import type { StoreFacts } from '../templates/conditions.ts'
import { chosen, fillParts, isPersonal, mergeShop, oneLine } from '../templates/merge.ts'
import { asksStoreIn, isChoice } from '../templates/structure.ts'
import { compileBody, nobody, partsOf, piecesOf, type Body } from './compile-body.ts'
import { newValues, type Values } from './compile-values.ts'
import type { Run } from './run.ts'

export interface Recipient {
  subscriberId: string
  /** The address as it was bound at the freeze. */
  email: string
  /** The key under which the provider tells about this mail. */
  key: string
  firstName: string | null
  lastName: string | null
  /** May opens and clicks of this person be recorded? If not, nothing in the mail is theirs alone except the way out. */
  track: boolean
  /** Country, locale, ordersCount and totalSpent as they stand in `subscribers`. Needed where `CompiledMail.asksStore` is true. */
  store?: StoreFacts | null
}

/** A message made ready once, for all its people. It holds for as long as the run does: settings and words are those of the run. */
export interface CompiledMail {
  /**
   * The mail as one body for everybody, or null when it must be made for each person: it is no campaign, its words depend on
   * conditions, or the values of one person could be more than a provider takes.
   */
  shared: SharedMail | null
  /**
   * The values of `shared` for one person. Who may not be tracked gets links that name the message and nobody, which are the same
   * for all such people and count nothing, and no picture.
   */
  valuesOf(to: Recipient): string[]
  /** True when conditions ask for what only the store knows: then `Recipient.store` must be there. Never for a shared mail. */
  asksStore: boolean
  /**
   * The complete mail for one person. Throws when `asksStore` and the facts are missing, or when an id is none of ours; there is
   * nothing in a template that could fail for one person and not for another.
   */
  one(to: Recipient): Mail
}

/** What a provider takes of values for one person. SendGrid's limit is 10,000 bytes. */
const mostBytesOfValues = 9_500

/**
 * Compiles a message: tags are parsed, links cut and the footer placed once. What is left for a person is one keyed computation
 * and setting values in, which are never looked at again.
 */
export function compileMail(app: Pick<App, 'url' | 'settings'>, run: Run): CompiledMail {
  const { message } = run
  const shop = mergeShop(run.shop)
  const signer = messageSigner(app.settings.keys, { shopId: run.shopId, messageId: run.messageId })
  const list = newValues(run, app.url.length)
  const counts = message.kind === 'campaign' && run.settings.tracking !== 'off'
  const bodies = (counted: boolean): Body => compileBody({ app, run, list, head: signer.head, counted })
  const direct = bodies(false)
  const tracked = counts ? bodies(true) : direct
  const subject = subjectOf(run, list)
  const headers = headersOf(app, run, signer.head, list)
  const from = { name: oneLine(message.fromName), email: message.fromEmail }
  const picture = `<img src="${escapeHtml(app.url)}/o/${signer.head}`
  const asksStore = direct.asksStore || asksStoreIn(partsOf(run, message.subject))
  const domain = message.fromEmail.split('@')[1] ?? 'localhost'

  const valuesFor = (to: Recipient, counted: boolean): string[] => {
    if (asksStore && !to.store) throw new Error('the mail depends on facts of the person that were not read')
    const tags = signer.tagsOf(to.subscriberId)
    const whose = counted ? { tags, click: tags.click, pixel: picture + tags.open + endOfPicture } : { tags, click: signer.forNobody, pixel: '' }
    const values: string[] = []
    for (const read of list.readers) values.push(read(to, whose))
    return values
  }

  return {
    shared: sharedOf(),
    asksStore,
    valuesOf: (to) => valuesFor(to, to.track && counts),
    one(to) {
      const counted = to.track && counts
      const values = valuesFor(to, counted)
      const { html, text } = counted ? tracked : direct
      const choose = (choice: Parameters<typeof chosen>[0]) => chosen(choice, to, shop)
      const pieces = { html: piecesOf(html.cells, values, choose), text: piecesOf(text.cells, values, choose) }
      const own: Record<string, string> = { 'Message-ID': `<${to.key}@${domain}>` } // the same at every attempt
      for (const [name, parts] of Object.entries(headers)) own[name] = filled(parts, values)
      return {
        key: to.key,
        from,
        replyTo: message.replyTo,
        to: to.email,
        subject: filled(subject, values),
        html: wordsOf(pieces.html),
        text: wordsOf(pieces.text),
        headers: own,
        pieces,
      }
    },
  }

  function sharedOf(): SharedMail | null {
    if (message.kind !== 'campaign' || !tracked.html.flat || !tracked.text.flat || list.bytes() > mostBytesOfValues) return null
    return { from, replyTo: message.replyTo, subject, html: tracked.html.flat, text: tracked.text.flat, headers }
  }
}

/** A subject with something personal in it is one value. A subject without any words says who writes. */
function subjectOf(run: Run, list: Values): SharedPart[] {
  const parts = partsOf(run, run.message.subject)
  const otherwise = oneLine(run.message.fromName)
  if (parts.some((part) => typeof part !== 'string' && (isChoice(part) || isPersonal(part)))) return [list.subject(parts, otherwise)]
  return [oneLine(fillParts(parts, nobody, mergeShop(run.shop), 'text')) || otherwise]
}

const headersOf = (app: Pick<App, 'url'>, { message }: Run, head: string, list: Values): Record<string, SharedPart[]> =>
  message.kind === 'confirmation'
    ? { 'Auto-Submitted': ['auto-generated'] }
    : { 'List-Unsubscribe': [`<${app.url}/u/${head}`, list.wayOut(), '>'], 'List-Unsubscribe-Post': ['List-Unsubscribe=One-Click'], Precedence: ['bulk'] }

function filled(parts: SharedPart[], values: string[]): string {
  let out = ''
  for (const part of parts) out += typeof part === 'string' ? part : values[part.value]!
  return out
}

function wordsOf(pieces: Piece[]): string {
  let out = ''
  for (const piece of pieces) out += typeof piece === 'string' ? piece : piece.words
  return out
}

const endOfPicture = '" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
