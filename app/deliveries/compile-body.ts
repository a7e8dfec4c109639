import type { App } from '../app.ts'
import { escapeHtml } from '../lib/http.ts'
import type { Fixed, Piece, SharedPart } from '../mail/provider.ts'
import { fillValue, isPersonal, mergeShop, type MergePlace } from '../templates/merge.ts'
import { asksStoreIn, isChoice, parseText, type Choice, type Part } from '../templates/structure.ts'
import type { Values } from './compile-values.ts'
import { cutAtFooter, footerPieces, type FooterPiece } from './footer.ts'
import type { Run } from './run.ts'
import { webAddress, withSource } from './targets.ts'

/** Words for all, the number of a value, or a choice between such runs. */
export type Cell = Fixed | number | { choice: Choice; cells: Map<Part[], Cell[]> }

/** One part of a mail, HTML or text. */
export interface Half {
  cells: Cell[]
  /** The same where nothing is chosen, else null. */
  flat: SharedPart[] | null
}
export interface Body {
  html: Half
  text: Half
  asksStore: boolean
}

export interface Making {
  app: Pick<App, 'url'>
  run: Run
  list: Values
  /** The beginning of all tokens of this message. */
  head: string
  /** With the picture and the links that count; otherwise links lead straight to where they go. */
  counted: boolean
}

/**
 * Both parts of a message, cut into what all have in common and what is each person's own. The footer's place, the links and the
 * tags are looked for in the template alone, in that order: no value can become one, and no template can do without the footer.
 */
export function compileBody(making: Making): Body {
  const { message, shop, settings } = making.run
  const end = footerPieces({ kind: message.kind, language: message.language, senderName: message.fromName, postalAddress: settings.postalAddress, shopName: shop.name })
  const html = compileHalf(making, message.html, end.html, 'html')
  const text = compileHalf(making, message.text, end.text, 'text')
  return { html: html.half, text: text.half, asksStore: html.asksStore || text.asksStore }
}

/** The parts of a text of the message. A confirmation is complete as it was queued: it has no tags. */
export const partsOf = ({ message }: Run, text: string): Part[] => (message.kind === 'confirmation' ? [text] : parseText(text).parts)

/** The run of pieces for one person; `choose` tells whose words of a choice they get. */
export function piecesOf(cells: Cell[], values: string[], choose: (choice: Choice) => Part[], pieces: Piece[] = []): Piece[] {
  for (const cell of cells) {
    if (typeof cell === 'number') pieces.push(values[cell]!)
    else if ('words' in cell) pieces.push(cell)
    else piecesOf(cell.cells.get(choose(cell.choice)) ?? [], values, choose, pieces)
  }
  return pieces
}

function compileHalf(making: Making, template: string, end: FooterPiece[], place: MergePlace): { half: Half; asksStore: boolean } {
  const { before, after } = cutAtFooter(template, place)
  const [first, last] = [partsOf(making.run, before), partsOf(making.run, after)]
  const url = place === 'html' ? escapeHtml(making.app.url) : making.app.url
  const foot = end.flatMap((piece): SharedPart[] => (typeof piece === 'string' ? [piece] : [`${url}/${piece.way === 'unsubscribe' ? 'u' : 'p'}/${making.head}`, making.list.wayOut()]))
  if (making.counted && place === 'html') foot.push(making.list.pixel())
  const mixed = [...mix(making, first, place), ...foot, ...mix(making, last, place)]
  return { half: { cells: cellsOf(mixed), flat: mixed.every(isFlat) ? joined(mixed) : null }, asksStore: asksStoreIn(first) || asksStoreIn(last) }
}

type Mixed = SharedPart | { choice: Choice; parts: Map<Part[], Mixed[]> }
const isFlat = (part: Mixed): part is SharedPart => typeof part === 'string' || 'value' in part

const mix = (making: Making, parts: Part[], place: MergePlace): Mixed[] =>
  parts.flatMap((part): Mixed[] => {
    if (typeof part === 'string') return linked(making, part, place)
    if (isChoice(part)) return [{ choice: part, parts: new Map(part.branches.map((branch) => [branch.parts, mix(making, branch.parts, place)])) }]
    return isPersonal(part) ? [making.list.merge(part, place)] : [fillValue(part, nobody, mergeShop(making.run.shop), place)]
  })
export const nobody = { firstName: null, lastName: null, email: '' }

/** Words of the template with its links. Those that are not web addresses have nothing to count. */
function linked({ app, run, list, head, counted }: Making, words: string, place: MergePlace): SharedPart[] {
  const put = (url: string): string => (place === 'html' ? escapeHtml(url) : url)
  return words.split(/\[\[link:(\d{1,4})\]\]/).flatMap((piece, at): SharedPart[] => {
    if (at % 2 === 0) return [piece]
    const address = run.links.get(Number(piece))
    if (address === undefined) return ['#']
    const web = webAddress(address) !== null
    if (web && counted) return [`${put(app.url)}/c/${head}`, list.click(), `/${Number(piece)}`]
    return [put(web && run.campaign ? withSource(address, run.shop, run.campaign.name) : address)]
  })
}

/** Neighbouring words become one piece. */
function joined(parts: SharedPart[]): SharedPart[] {
  const out: SharedPart[] = []
  for (const part of parts) {
    const last = out.at(-1)
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part
    else if (part !== '') out.push(part)
  }
  return out
}

function cellsOf(mixed: Mixed[]): Cell[] {
  const cells: Cell[] = []
  let words = ''
  const end = (): void => {
    if (words !== '') cells.push({ words })
    words = ''
  }
  for (const part of mixed) {
    if (typeof part === 'string') {
      words += part
      continue
    }
    end()
    cells.push('value' in part ? part.value : { choice: part.choice, cells: new Map([...part.parts].map(([key, inner]) => [key, cellsOf(inner)])) })
  }
  end()
  return cells
}
