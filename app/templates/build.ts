import type { Brand, MailCheck, ProductPick } from './contract.ts'
import { lookOf, type Look } from './colours.ts'
import { hasMerge } from './merge.ts'
import { isWebUrl } from './rich-text.ts'
import { assemble } from './structure.ts'
import { isFault, isLogic, splitTags, type MergeFault, type TagPiece } from './tags.ts'

export interface CompiledLink {
  n: number
  url: string
  label: string
}

/** What grows while the blocks of one mail are drawn: its links, its faults, and marks that MJML must carry unread. */
export interface Build {
  brand: Brand
  look: Look
  font: string
  products: Map<string, ProductPick>
  links: CompiledLink[]
  checks: MailCheck[]
  /** Pieces that are put in after MJML has run, in place of `\ue000n\ue001`. */
  kept: string[]
}

export function newBuild(brand: Brand, products: Map<string, ProductPick>): Build {
  return { brand, look: lookOf(brand), font: fonts[brand.font], products, links: [], checks: [], kept: [] }
}

export function addCheck(build: Build, level: MailCheck['level'], code: string, message: string, blockId: string | null = null): void {
  if (!build.checks.some((c) => c.code === code && c.blockId === blockId && c.message === message)) build.checks.push({ level, code, message, blockId })
}

/** Words as HTML: everything escaped, merge tags kept for later. Faulty tags are noted and shown as they were written. */
export function words(build: Build, text: string, blockId: string | null): string {
  const pieces = splitTags(text)
  const sound = noteFaults(build, assemble(pieces.map((piece) => ({ piece, place: null }))).faults, blockId)
  return written(build, pieces, sound)
}

/** @returns whether there are none. */
export function noteFaults(build: Build, faults: MergeFault[], blockId: string | null): boolean {
  for (const fault of faults) addCheck(build, 'error', 'merge_tag', fault.message, blockId)
  return faults.length === 0
}

/** @param sound false when something is wrong with the tags: then none of them may make a choice. */
export const written = (build: Build, pieces: TagPiece[], sound: boolean): string =>
  pieces
    .map(({ text, tag }) => {
      if (tag === null || isFault(tag)) return escapeWords(text)
      return isLogic(tag) && !sound ? escapeWords(text).replace('{', '&#123;') : keep(build, text)
    })
    .join('')

/** Words for the text part; a bracket pair of the merchant's cannot be taken for one of our marks. */
export const plain = (text: string): string => text.replace(privateUse, '').replace(/\[(?=\[)/g, '[ ')

/** Hides a piece from MJML until the end. */
export function keep(build: Build, piece: string): string {
  build.kept.push(piece)
  return `\ue000${build.kept.length - 1}\ue001`
}

/** Puts the hidden pieces back. */
export const putBack = (build: Build, html: string): string => html.replace(/\ue000(\d+)\ue001/g, (_, n: string) => build.kept[Number(n)] ?? '')

/**
 * Numbers a link and answers what stands in its place: `[[link:n]]`, or the address itself for a mailto. Null when it leads
 * nowhere; the fault is noted.
 */
export function link(build: Build, url: string, label: string, blockId: string | null): string | null {
  if (url === '') return null
  if (hasMerge(url)) {
    addCheck(build, 'error', 'link_merge_tag', `The link “${cut(url)}” holds a merge tag. Names and addresses of people do not belong in links, because links are kept in logs.`, blockId)
    return null
  }
  if (!isWebUrl(url)) {
    addCheck(build, 'error', 'link_wrong', `The link “${cut(url)}” cannot be followed. It must begin with https://, http:// or mailto:.`, blockId)
    return null
  }
  if (/^mailto:/i.test(url)) return url.replace(/[[\]\ue000-\ue003]/g, '')
  const n = build.links.length + 1
  build.links.push({ n, url, label: label.replace(/\s+/g, ' ').trim().slice(0, 200) || url.slice(0, 200) })
  return `[[link:${n}]]`
}

/** For an attribute of MJML or HTML. `[[link:n]]` is passed as it is. */
export const attribute = (value: string): string => (/^\[\[link:\d+\]\]$/.test(value) ? value : escapeWords(value))

export const escapeWords = (text: string): string => text.replace(privateUse, '').replace(/[&<>"'[]/g, (c) => marks[c]!)
export const cut = (text: string, length = 60): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)

const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '[': '&#91;' }
const privateUse = /[\ue000-\ue003\u0000-\u0008\u000b\u000c\u000e-\u001f]/g // eslint-disable-line no-control-regex

const fonts: Record<Brand['font'], string> = {
  system: "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  serif: "Georgia, 'Times New Roman', Times, serif",
  rounded: "ui-rounded, 'SF Pro Rounded', 'Hiragino Maru Gothic ProN', Nunito, 'Segoe UI', Arial, sans-serif",
  mono: "ui-monospace, 'SF Mono', Menlo, Consolas, 'Courier New', monospace",
}
