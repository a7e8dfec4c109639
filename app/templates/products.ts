import { addCheck, attribute, cut, escapeWords, link, plain, type Build } from './build.ts'
import type { LeafBlock, ProductPick } from './contract.ts'
import { button, squared, type Drawn, type Place } from './parts.ts'

type Products = LeafBlock & { type: 'products' }

/** A product block as wide as the mail: a row with the picture beside the words, or cards in two or three columns. */
export function drawProducts(build: Build, block: Products): { sections: string[]; text: string } {
  return block.columns === 1 ? rows(build, block) : cards(build, block, block.columns)
}

function cards(build: Build, block: Products, columns: 2 | 3): { sections: string[]; text: string } {
  const place = columns === 2 ? { width: 284, gutter: 16 } : { width: 184, gutter: 12 }
  const edge = columns === 2 ? 16 : 24
  const sections: string[] = []
  const texts: string[] = []
  for (let at = 0; at < block.picks.length; at += columns) {
    const drawn = block.picks.slice(at, at + columns).map((pick) => drawProductInColumn(build, pick, block.button, block.id, place))
    texts.push(...drawn.map((d) => d.text))
    const width = columns === 2 ? '50%' : '33.33%'
    const cells = drawn.map((d) => `<mj-column width="${width}" padding="0" vertical-align="top">${d.inner}</mj-column>`)
    const centred = drawn.length < columns ? ' text-align="center"' : ''
    // Two fit side by side on a phone as well; three would be too small to press and stack.
    const row = columns === 2 ? `<mj-group>${cells.join('')}</mj-group>` : cells.join('')
    sections.push(`<mj-section padding="0 ${edge}px"${centred}>${row}</mj-section>`)
  }
  return { sections, text: texts.filter((t) => t !== '').join('\n\n') }
}

function rows(build: Build, block: Products): { sections: string[]; text: string } {
  const sections: string[] = []
  const texts: string[] = []
  for (const pick of block.picks) {
    const product = build.products.get(pick.productId)
    if (!product) addCheck(build, 'error', 'product_gone', `“${cut(pick.title)}” is no longer in your store. Choose another product.`, block.id)
    const shown = product ?? pick
    const to = link(build, shown.url, shown.title, block.id)
    const image = shown.imageUrl && /^https?:\/\//i.test(shown.imageUrl) ? squared(shown.imageUrl, 216) : null
    const words =
      productWords(build, shown, to, 'left', block.button ? '8px 16px 12px' : '8px 16px 16px') +
      (block.button && to ? button(build, escapeWords(block.button), to, 'left', '0 16px 16px', `${block.button}: ${shown.title}`) : '')
    const picture = image
      ? `<mj-column width="43.66%" padding="0" vertical-align="middle"><mj-image css-class="hm-image" fluid-on-mobile="true" align="left" src="${escapeWords(image.src)}" alt="${escapeWords(shown.title)}" width="216px"${image.height} padding="8px 16px" border-radius="${Math.min(build.brand.radius, 12)}px"${to ? ` href="${attribute(to)}"` : ''} /></mj-column>`
      : ''
    sections.push(`<mj-section padding="0 16px"><mj-group>${picture}<mj-column width="${image ? '56.34%' : '100%'}" padding="0" vertical-align="middle">${words}</mj-column></mj-group></mj-section>`)
    texts.push(productText(shown, to))
  }
  return { sections, text: texts.join('\n\n') }
}

/** One product in a narrow column: picture, name, price, button. */
export function drawProductInColumn(build: Build, pick: ProductPick, buttonText: string, blockId: string, place: Place): Drawn {
  const { light } = build.look
  const product = build.products.get(pick.productId)
  if (!product) addCheck(build, 'error', 'product_gone', `“${cut(pick.title)}” is no longer in your store. Choose another product.`, blockId)
  const shown = product ?? pick
  const to = link(build, shown.url, shown.title, blockId)
  const title = escapeWords(shown.title)
  const width = Math.min(place.width - 2 * place.gutter, 536)
  const image = shown.imageUrl && /^https?:\/\//i.test(shown.imageUrl) ? squared(shown.imageUrl, width) : null
  const inner = [
    image ? `<mj-image css-class="hm-image" fluid-on-mobile="true" src="${escapeWords(image.src)}" alt="${title}" width="${width}px"${image.height} padding="8px ${place.gutter}px 0" border-radius="${Math.min(build.brand.radius, 12)}px"${to ? ` href="${attribute(to)}"` : ''} />` : '',
    productWords(build, shown, to, 'left', `12px ${place.gutter}px ${buttonText ? '8px' : '24px'}`),
    buttonText && to ? button(build, escapeWords(buttonText), to, 'left', `0 ${place.gutter}px 24px`, `${buttonText}: ${shown.title}`) : '',
  ].join('')
  return { inner: inner || `<mj-text color="${light.text}">${title}</mj-text>`, text: productText(shown, to) }
}

function productWords(build: Build, shown: ProductPick, to: string | null, align: string, padding: string): string {
  const { light } = build.look
  const title = escapeWords(shown.title)
  const name = to ? `<a class="hm-plain" href="${attribute(to)}" target="_blank" style="color:${light.text};text-decoration:none">${title}</a>` : title
  const before = shown.compareAt ? ` <s class="hm-soft" style="color:${light.quiet}">${escapeWords(shown.compareAt)}</s>` : ''
  return `<mj-text css-class="hm-text" align="${align}" font-size="16px" line-height="24px" padding="${padding}"><strong style="font-weight:600">${name}</strong><br />${escapeWords(shown.price)}${before}</mj-text>`
}

const productText = (shown: ProductPick, to: string | null): string =>
  `${plain(shown.title)}\n${plain(shown.price)}${shown.compareAt ? ` (${plain(shown.compareAt)})` : ''}${to ? `\n${to}` : ''}`
