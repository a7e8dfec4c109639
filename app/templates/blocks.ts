import { addCheck, attribute, cut, escapeWords, link, plain, words, type Build } from './build.ts'
import type { Block, LeafBlock } from './contract.ts'
import { button, type Drawn, type Place } from './parts.ts'
import { drawProductInColumn, drawProducts } from './products.ts'
import { drawRichText } from './rich-part.ts'

export const wholeWidth: Place = { width: 600, gutter: 32 }
export const halfWidth: Place = { width: 284, gutter: 16 }

/** The blocks of a mail as sections of MJML and as paragraphs of text. Neighbours share a section, which keeps the mail small. */
export function drawBlocks(build: Build, blocks: Block[]): { mjml: string; text: string[] } {
  const sections: string[] = []
  const texts: string[] = []
  let column: string[] = []
  const flush = (): void => {
    if (column.length > 0) sections.push(`<mj-section padding="0"><mj-column padding="0">${column.join('')}</mj-column></mj-section>`)
    column = []
  }
  for (const block of blocks) {
    if (block.type === 'columns') {
      flush()
      const columns = block.columns.map((leaves) => leaves.map((leaf) => drawLeaf(build, leaf, halfWidth)))
      if (columns.every((drawn) => drawn.length === 0)) addCheck(build, 'hint', 'columns_empty', 'The columns are empty.', block.id)
      sections.push(`<mj-section padding="0 16px">${columns.map((drawn) => `<mj-column width="50%" padding="0">${drawn.map((d) => d.inner).join('')}</mj-column>`).join('')}</mj-section>`)
      texts.push(...columns.flat().map((d) => d.text))
    } else if (block.type === 'products' && block.picks.length > 0) {
      flush()
      const drawn = drawProducts(build, block)
      sections.push(...drawn.sections)
      texts.push(drawn.text)
    } else {
      const drawn = drawLeaf(build, block, wholeWidth)
      column.push(drawn.inner)
      texts.push(drawn.text)
    }
  }
  flush()
  return { mjml: sections.join('\n'), text: texts.filter((t) => t !== '') }
}

function drawLeaf(build: Build, block: LeafBlock, place: Place): Drawn {
  const { light } = build.look
  const side = `${place.gutter}px`
  switch (block.type) {
    case 'heading': {
      const text = block.text.trim()
      if (text === '') {
        addCheck(build, 'hint', 'heading_empty', 'A heading has no words.', block.id)
        return { inner: '', text: '' }
      }
      const [size, line] = headingSizes[block.level]
      const tag = `h${block.level}`
      const style = `margin:0;font-family:${build.font};font-size:${size}px;line-height:${line}px;font-weight:700;letter-spacing:${block.level === 1 ? '-0.4px' : '0'};color:${light.text}`
      const inner = `<mj-text css-class="hm-text hm-${tag}" align="${block.align}" padding="${block.level === 3 ? '8px' : '12px'} ${side} 12px"><${tag} style="${style}">${words(build, text, block.id)}</${tag}></mj-text>`
      const rule = '-='[block.level === 1 ? 1 : 0]!.repeat(Math.min(60, Math.max(3, text.length)))
      return { inner, text: block.level === 3 ? plain(text) : `${plain(text)}\n${rule}` }
    }
    case 'text': {
      const drawn = drawRichText(build, block.html, block.id)
      if (drawn.text === '') addCheck(build, 'hint', 'text_empty', 'A text has no words.', block.id)
      return { inner: drawn.text === '' ? '' : `<mj-text css-class="hm-text" align="${block.align}" padding="4px ${side} 16px">${drawn.html}</mj-text>`, text: drawn.text }
    }
    case 'image':
      return drawImage(build, block, place)
    case 'button': {
      if (block.text.trim() === '') addCheck(build, 'error', 'button_empty', 'A button has no words.', block.id)
      if (block.href === '') addCheck(build, 'error', 'link_missing', `The button “${cut(block.text.trim())}” leads nowhere yet.`, block.id)
      const to = link(build, block.href, block.text, block.id)
      if (block.text.trim() === '') return { inner: '', text: '' }
      return { inner: button(build, words(build, block.text.trim(), block.id), to, block.align, `12px ${side} 20px`), text: `${plain(block.text.trim())}${to ? `\n${to.replace(/^mailto:/i, '')}` : ''}` }
    }
    case 'products': {
      if (block.picks.length === 0) {
        addCheck(build, 'error', 'products_empty', 'The product block is empty. Choose at least one product, or take the block out.', block.id)
        const box = `border:1px dashed ${light.quiet};border-radius:${build.brand.radius}px;padding:24px;color:${light.quiet}`
        return { inner: `<mj-text css-class="hm-quiet" align="center" padding="8px ${side} 16px"><div style="${box}">Choose products to show here</div></mj-text>`, text: '' }
      }
      const drawn = block.picks.map((pick) => drawProductInColumn(build, pick, block.button, block.id, place))
      return { inner: drawn.map((d) => d.inner).join(''), text: drawn.map((d) => d.text).filter((t) => t !== '').join('\n\n') }
    }
    case 'divider':
      return { inner: `<mj-divider css-class="hm-line" border-width="1px" border-color="${light.line}" padding="16px ${side}" />`, text: '-----' }
    case 'spacer':
      return { inner: `<mj-spacer height="${block.height}px" />`, text: '' }
  }
}

function drawImage(build: Build, block: LeafBlock & { type: 'image' }, place: Place): Drawn {
  const { light } = build.look
  if (block.alt === null) addCheck(build, 'error', 'image_alt', 'Say what the picture shows, or mark it as decoration: some people cannot see it, and many mail programs hide pictures at first.', block.id)
  const to = link(build, block.href, block.alt || 'Picture', block.id)
  if (to && block.alt === '') addCheck(build, 'error', 'image_link_alt', 'A picture that is a link needs words that say where it leads.', block.id)
  const text = [block.alt ? `(${plain(block.alt)})` : '', to ?? ''].filter((t) => t !== '').join('\n')
  if (block.src === '' || !/^https?:\/\//i.test(block.src)) {
    addCheck(build, 'error', 'image_missing', 'A picture block has no picture yet.', block.id)
    const box = `border:1px dashed ${light.quiet};border-radius:${build.brand.radius}px;padding:40px 24px;color:${light.quiet}`
    return { inner: `<mj-text css-class="hm-quiet" align="center" padding="8px ${place.gutter}px 16px"><div style="${box}">Your picture</div></mj-text>`, text }
  }
  const inside = place.width - 2 * place.gutter
  const edge = block.width > inside && place.width === 600 // as wide as the mail itself: without a margin
  const width = Math.min(block.width, edge ? place.width : inside)
  const height = block.height ? ` height="${Math.max(1, Math.round((block.height * width) / block.width))}px"` : ''
  const at = `css-class="hm-image" src="${escapeWords(block.src)}" alt="${words(build, block.alt ?? '', block.id)}" width="${width}px"${height} padding="${edge ? '0 0 20px' : `8px ${place.gutter}px 20px`}"`
  return { inner: `<mj-image ${at}${edge ? '' : ` border-radius="${Math.min(build.brand.radius, 12)}px"`}${to ? ` href="${attribute(to)}"` : ''} />`, text }
}

const headingSizes: Record<1 | 2 | 3, [size: number, line: number]> = { 1: [30, 38], 2: [22, 30], 3: [18, 26] }
