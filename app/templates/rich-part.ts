import { attribute, link, noteFaults, plain, written, type Build } from './build.ts'
import { readRichText, type RichPiece } from './rich-text.ts'
import { assemble, type Placed } from './structure.ts'
import { splitTags } from './tags.ts'

/** A text block as HTML and as plain text, drawn from the same pieces so that both carry the same links. */
export function drawRichText(build: Build, source: string, blockId: string): { html: string; text: string } {
  const pieces = readRichText(source)
  const sound = noteFaults(build, assemble(placed(pieces)).faults, blockId)
  let html = ''
  let text = ''
  const lists: { ordered: boolean; n: number }[] = []
  let inParagraph = 0
  let href: string | null = null
  const block = (lines: number): void => {
    text = text.replace(/[ \t]+$/, '')
    while (text !== '' && !text.endsWith('\n'.repeat(lines))) text += '\n'
  }
  pieces.forEach((piece, at) => {
    if ('text' in piece) {
      const spaced = piece.text.replace(/\s+/g, ' ')
      const loose = inParagraph === 0 && lists.length === 0
      if (loose && spaced.trim() === '' && (at === 0 || at === pieces.length - 1)) return
      html += written(build, splitTags(spaced), sound)
      text += plain(/[\n ]$|^$/.test(text) ? spaced.trimStart() : spaced)
    } else if ('br' in piece) {
      html += '<br />'
      text = text.replace(/[ \t]+$/, '') + '\n'
    } else if ('open' in piece) {
      if (piece.open === 'a') {
        href = link(build, piece.href, labelOf(pieces, at), blockId)
        html += href ? `<a class="hm-link" href="${attribute(href)}" target="_blank" style="color:${build.look.light.link};text-decoration:underline">` : ''
        return
      }
      if (piece.open === 'p') inParagraph++
      if (piece.open === 'p') block(2)
      if (piece.open === 'ul' || piece.open === 'ol') {
        block(lists.length > 0 ? 1 : 2)
        lists.push({ ordered: piece.open === 'ol', n: 0 })
      }
      if (piece.open === 'li') {
        block(1)
        const list = lists.at(-1)
        text += '  '.repeat(Math.max(0, lists.length - 1)) + (list?.ordered ? `${++list.n}. ` : '- ')
      }
      html += `<${piece.open}${styles[piece.open] ?? ''}>`
    } else {
      if (piece.close === 'a') {
        if (!href) return
        text += ` <${href.replace(/^mailto:/i, '')}>`
        href = null
      }
      if (piece.close === 'p') inParagraph--
      if (piece.close === 'ul' || piece.close === 'ol') lists.pop()
      if (piece.close === 'p' || piece.close === 'ul' || piece.close === 'ol') block(lists.length > 0 ? 1 : 2)
      html += `</${piece.close}>`
    }
  })
  return { html: endTight(html), text: text.replace(/\n{3,}/g, '\n\n').trim() }
}

const styles: Record<string, string | undefined> = {
  p: ' style="margin:0 0 16px 0"',
  ul: ' style="margin:0 0 16px 0;padding:0 0 0 24px"',
  ol: ' style="margin:0 0 16px 0;padding:0 0 0 24px"',
  li: ' style="margin:0 0 6px 0"',
}

/** The space after a block comes from the block, so the last paragraph brings none. */
function endTight(html: string): string {
  const at = Math.max(html.lastIndexOf('<p style='), html.lastIndexOf('<ul style='), html.lastIndexOf('<ol style='))
  if (at < 0) return html
  const tail = html.slice(at)
  if (!/<\/(p|ul|ol)>\s*$/.test(tail)) return html
  return html.slice(0, at) + tail.replace('margin:0 0 16px 0', 'margin:0')
}

/** The words of a link, up to its end. */
function labelOf(pieces: RichPiece[], from: number): string {
  let label = ''
  for (const piece of pieces.slice(from + 1)) {
    if ('close' in piece && piece.close === 'a') break
    if ('text' in piece) label += piece.text
  }
  return label
}

/** The tags of a text with the element that each stands in: a condition that began in one paragraph cannot end in another. */
function placed(pieces: RichPiece[]): Placed[] {
  const all: Placed[] = []
  const open: object[] = [{}]
  for (const piece of pieces) {
    if ('open' in piece) open.push(piece)
    else if ('close' in piece) open.pop()
    else if ('text' in piece) for (const tag of splitTags(piece.text.replace(/\s+/g, ' '))) all.push({ piece: tag, place: open.at(-1) })
  }
  return all
}
