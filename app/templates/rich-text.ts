import { Parser } from 'htmlparser2'

// The little HTML of text blocks. It is never passed on: it is read into pieces of eleven known tags, and every mark that
// leaves is written by us from those pieces. What is not on the list cannot survive, whatever parser a mail client uses.

export type RichTag = 'b' | 'i' | 'u' | 'a' | 'p' | 'ul' | 'ol' | 'li'
export type RichPiece = { open: RichTag; href: string } | { close: RichTag } | { text: string } | { br: true }

/** Reads HTML into balanced pieces. Unknown tags lose their marks and keep their words; scripts and styles lose both. */
export function readRichText(html: string): RichPiece[] {
  const pieces: RichPiece[] = []
  const open: { from: string; tag: RichTag | null }[] = []
  let skipping = 0
  const closeTo = (depth: number): void => {
    while (open.length > depth) {
      const { tag } = open.pop()!
      if (tag) pieces.push({ close: tag })
    }
  }
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (skipped.has(name)) skipping++
        if (skipping) return
        if (name === 'br') return void pieces.push({ br: true })
        let tag = open.length < deepest ? (known[name] ?? null) : null
        if (tag === 'li' && !open.some((o) => o.tag === 'ul' || o.tag === 'ol')) tag = 'p'
        if (tag === 'p' && open.some((o) => o.tag === 'li')) tag = null // a list item is its own paragraph
        // A block ends a paragraph that is open, and marks such as bold: none may reach over a block.
        if (tag && blocks.has(tag)) {
          const inside = open.findLastIndex((o) => o.tag === 'ul' || o.tag === 'ol' || o.tag === 'li') + 1
          const ends = open.findIndex((o, at) => at >= inside && o.tag !== null)
          if (ends >= 0) closeTo(ends)
        }
        if (tag === 'a' && open.some((o) => o.tag === 'a')) tag = null
        open.push({ from: name, tag })
        if (tag) pieces.push({ open: tag, href: tag === 'a' ? (attributes.href ?? '').trim() : '' })
      },
      ontext(text) {
        if (!skipping && text) pieces.push({ text: text.replace(privateUse, '') })
      },
      onclosetag(name) {
        if (skipped.has(name)) skipping = Math.max(0, skipping - 1)
        if (skipping) return
        const at = open.findLastIndex((o) => o.from === name)
        if (at >= 0) closeTo(at)
      },
    },
    { decodeEntities: true, recognizeSelfClosing: false },
  )
  parser.write(html)
  parser.end()
  closeTo(0)
  return joined(pieces)
}

/** The same words with allowed marks only, as it is stored. */
export function cleanRichText(html: string): string {
  return readRichText(html)
    .map((piece) => {
      if ('text' in piece) return escapeText(piece.text)
      if ('br' in piece) return '<br>'
      if ('close' in piece) return `</${piece.close}>`
      return piece.open === 'a' && isWebUrl(piece.href) ? `<a href="${escapeAttribute(piece.href)}">` : `<${piece.open}>`
    })
    .join('')
}

/** The words alone. */
export const plainWords = (html: string): string =>
  readRichText(html).map((piece) => ('text' in piece ? piece.text : ' ')).join('').replace(/\s+/g, ' ').trim()

/** An address that a mail may lead to. */
export const isWebUrl = (url: string): boolean => /^(https?:\/\/[^\s/]|mailto:[^\s])/i.test(url) && !/[\s\u0000-\u001f]/.test(url) // eslint-disable-line no-control-regex

const known: Record<string, RichTag | undefined> = Object.assign(Object.create(null) as Record<string, RichTag>, {
  b: 'b', strong: 'b', i: 'i', em: 'i', u: 'u', a: 'a', p: 'p', ul: 'ul', ol: 'ol', li: 'li',
  div: 'p', h1: 'p', h2: 'p', h3: 'p', h4: 'p', h5: 'p', h6: 'p', blockquote: 'p', pre: 'p', section: 'p', article: 'p',
} satisfies Record<string, RichTag>)
const skipped = new Set(['script', 'style', 'template', 'noscript', 'noembed', 'noframes', 'iframe', 'object', 'svg', 'math', 'title', 'textarea', 'select', 'xmp', 'head'])
const blocks = new Set<RichTag>(['p', 'ul', 'ol', 'li'])
const deepest = 12
const privateUse = /[\ue000-\ue003\u0000-\u0008\u000b\u000c\u000e-\u001f]/g // eslint-disable-line no-control-regex

/** Neighbouring texts become one, so that a merge tag is found even where an entity split it. */
function joined(pieces: RichPiece[]): RichPiece[] {
  const out: RichPiece[] = []
  for (const piece of pieces) {
    const last = out.at(-1)
    if (last && 'text' in last && 'text' in piece) out[out.length - 1] = { text: last.text + piece.text }
    else out.push(piece)
  }
  return out
}

const escapeText = (text: string): string => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)
const escapeAttribute = (text: string): string => text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)
