import { Resvg } from '@resvg/resvg-js'
import { drawings, paletteOf, type DrawingName } from './drawings.ts'
import { hashOf } from './random.ts'

// Which drawing a product gets: the first of these that its title names, or else its type. What a thing is comes before what is on it.
const kinds: [RegExp, DrawingName][] = [
  [/\b(plant|succulent|cactus|tree)$/i, 'plant'], [/mug|cup\b|cups\b|becher|tasse/i, 'mug'], [/watering|\bcan\b|mister/i, 'can'], [/teapot|kettle|coffee ?pot|théière|teekanne|kanne|kännchen|krug|jug|pitcher/i, 'teapot'],
  [/candle|t-light|tealight|bougie/i, 'candle'], [/lantern|lamp/i, 'lantern'], [/notebook|carnet|book|journal|diary|agenda/i, 'notebook'], [/secateur|scissor/i, 'scissors'],
  [/trowel|tool|fork|spoon|knife|dibber|rake|spade|scoop/i, 'tool'], [/seed(s|\b)(?!ling)|bulb/i, 'packet'], [/vase/i, 'vase'], [/planter|blumentopf|\bpots?\b|saucer|basket/i, 'pot'],
  [/bowl|schale|schüssel|dish|baking|cake|mould/i, 'bowl'], [/plate|teller|tray|coaster/i, 'plate'], [/bag|tote|purse|shopper|jumbo|apron|lunch|roll\b/i, 'bag'],
  [/pencil|\bpen\b|crayon|stylo|chalk/i, 'pencil'], [/\bink\b|encre|bottle|soap|\boil\b|spray|jar\b|bouteille/i, 'bottle'], [/clock|watch/i, 'clock'],
  [/box|\btin\b|gift|crate|case\b|drawer|cabinet|coffret/i, 'box'], [/cushion|pillow|blanket|towel|doormat|mat\b|rug\b|throw/i, 'cushion'],
  [/card|carte|wrap|paper|papier|sign\b|poster|sticker|tissue|napkin|ribbon/i, 'card'], [/heart|love/i, 'heart'], [/bird|dove|owl\b|hen\b|chick|duck/i, 'bird'],
  [/star\b|christmas|decoration|ornament|bauble|snowflake/i, 'star'], [/light|holder/i, 'candle'], [/plant|tree|fern\b|cactus|succulent/i, 'plant'], [/set\b/i, 'box'],
]
/** Words that decide among the shapes of one drawing. */
const shapes: [RegExp, number][] = [
  [/cactus/i, 4], [/succulent|rosette/i, 5], [/fig|monstera|lily|rubber/i, 2], [/tree/i, 3], [/snake/i, 1], [/fern|pothos|hearts/i, 0], [/fork|rake/i, 1], [/trowel|spade|scoop/i, 0],
]

/** The picture of a product as SVG, 600 x 600. The same title always gives the same picture. */
export function pictureSvg(title: string, productType = ''): string {
  const name = (kinds.find(([words]) => words.test(title)) ?? kinds.find(([words]) => words.test(productType)))?.[1] ?? 'abstract'
  const hash = hashOf(title)
  const palette = paletteOf(hash)
  const dice = (n: number): number => (hashOf(`${title}:${n}`) % 10_000) / 10_000
  const shape = shapes.find(([words]) => words.test(title))?.[1]
  const art = drawings[name]({ palette, dice, ...(shape === undefined ? {} : { shape }) })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" width="600" height="600"><rect width="600" height="600" fill="${palette.wall}"/><path d="M0 440H600V600H0Z" fill="${palette.ground}"/>${art}</svg>`
}

/** The same as PNG (mail programs show no SVG); drawn at the first need, then kept. About 10 ms and 10 KB each. */
export function picturePng(title: string, productType = ''): Buffer {
  const key = `${productType}\n${title}`
  let png = kept.get(key)
  if (!png) {
    png = new Resvg(pictureSvg(title, productType), { fitTo: { mode: 'width', value: 600 }, font: { loadSystemFonts: false } }).render().asPng()
    if (kept.size >= 600) kept.delete(kept.keys().next().value!)
    kept.set(key, png)
  }
  return png
}
const kept = new Map<string, Buffer>()
