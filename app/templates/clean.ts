import type { Block, LeafBlock, MailContent } from './contract.ts'
import { cleanRichText } from './rich-text.ts'

/** The same mail with only the marks that text blocks may have: what is stored is already harmless, and is made so again when it is drawn. */
export function cleanContent(content: MailContent): MailContent {
  const leaf = (block: LeafBlock): LeafBlock => (block.type === 'text' ? { ...block, html: cleanRichText(block.html) } : block)
  const whole = (block: Block): Block => (block.type === 'columns' ? { ...block, columns: block.columns.map((column) => column.map(leaf)) } : leaf(block))
  return { blocks: content.blocks.map(whole) }
}

/** The ids of all picked products. */
export function pickedProducts(content: MailContent): string[] {
  const leaves = content.blocks.flatMap((block) => (block.type === 'columns' ? block.columns.flat() : [block]))
  return [...new Set(leaves.flatMap((leaf) => (leaf.type === 'products' ? leaf.picks.map((pick) => pick.productId) : [])))]
}
