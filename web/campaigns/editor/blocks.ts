import type { Block, LeafBlock } from '../../../app/templates/contract.ts'

// Pure changes of a mail's blocks. A block has one id wherever it stands, at the top or in a column.

export type Kind = Block['type']
/** Where blocks stand: the mail itself, or one side of a columns block. */
export type Place = { in: 'mail' } | { in: string; side: 0 | 1 }

export const leafKinds = ['heading', 'text', 'image', 'button', 'products', 'divider', 'spacer'] as const
export const kindWords: Record<Kind, string> = {
  heading: 'Heading', text: 'Text', image: 'Picture', button: 'Button', products: 'Products', divider: 'Line', spacer: 'Space', columns: 'Two columns',
}

const freshId = (): string => `b${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`

export function newBlock(kind: Exclude<Kind, 'columns'>): LeafBlock
export function newBlock(kind: Kind): Block
export function newBlock(kind: Kind): Block {
  const id = freshId()
  switch (kind) {
    case 'heading':
      return { id, type: 'heading', text: 'A new heading', level: 2, align: 'left' }
    case 'text':
      return { id, type: 'text', html: '<p>Write what you want to tell.</p>', align: 'left' }
    case 'image':
      return { id, type: 'image', src: '', alt: null, href: '', width: 600 }
    case 'button':
      return { id, type: 'button', text: 'Have a look', href: '', align: 'center' }
    case 'products':
      return { id, type: 'products', picks: [], columns: 2, button: 'Have a look' }
    case 'divider':
      return { id, type: 'divider' }
    case 'spacer':
      return { id, type: 'spacer', height: 24 }
    case 'columns':
      return { id, type: 'columns', columns: [[newBlock('text')], [newBlock('text')]] }
  }
}

export function find(blocks: Block[], id: string): { block: Block; place: Place; index: number; among: number } | null {
  for (const [index, block] of blocks.entries()) {
    if (block.id === id) return { block, place: { in: 'mail' }, index, among: blocks.length }
    if (block.type !== 'columns') continue
    for (const side of [0, 1] as const) {
      const leaves = block.columns[side] ?? []
      const at = leaves.findIndex((leaf) => leaf.id === id)
      const leaf = leaves[at]
      if (leaf) return { block: leaf, place: { in: block.id, side }, index: at, among: leaves.length }
    }
  }
  return null
}

export const replace = (blocks: Block[], next: Block): Block[] =>
  blocks.map((block) => {
    if (block.id === next.id) return next
    if (block.type !== 'columns' || next.type === 'columns') return block
    return block.columns.some((leaves) => leaves.some((leaf) => leaf.id === next.id))
      ? { ...block, columns: block.columns.map((leaves) => leaves.map((leaf) => (leaf.id === next.id ? next : leaf))) }
      : block
  })

export const remove = (blocks: Block[], id: string): Block[] =>
  blocks.filter((block) => block.id !== id).map((block) => (block.type === 'columns' ? { ...block, columns: block.columns.map((leaves) => leaves.filter((leaf) => leaf.id !== id)) } : block))

/** Puts a block at `index` of a place. Columns do not go into columns: then nothing changes. */
export function insert(blocks: Block[], block: Block, place: Place, index: number): Block[] {
  if (place.in === 'mail') return blocks.toSpliced(index, 0, block)
  if (block.type === 'columns') return blocks
  return blocks.map((one) =>
    one.id === place.in && one.type === 'columns' && 'side' in place ? { ...one, columns: one.columns.map((leaves, side) => (side === place.side ? leaves.toSpliced(index, 0, block) : leaves)) } : one,
  )
}

/** Moves a block to `index` of a place, counted after it was taken out. */
export function move(blocks: Block[], id: string, place: Place, index: number): Block[] {
  const found = find(blocks, id)
  if (!found || (found.block.type === 'columns' && place.in !== 'mail')) return blocks
  return insert(remove(blocks, id), found.block, place, index)
}

/** A copy right after the original, with ids of its own. Answers the copy's id too. */
export function duplicate(blocks: Block[], id: string): { blocks: Block[]; id: string } | null {
  const found = find(blocks, id)
  if (!found) return null
  const copy = withFreshIds(found.block)
  return { blocks: insert(blocks, copy, found.place, found.index + 1), id: copy.id }
}

/** What a block says in the list: its words, or its kind when it has none. */
export function labelOf(block: Block): string {
  switch (block.type) {
    case 'heading':
      return block.text.trim()
    case 'button':
      return block.text.trim()
    case 'text':
      return block.html.replace(/<[^>]+>/g, ' ').replace(/&nbsp;/g, ' ').replace(/&amp;/g, '&').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/\s+/g, ' ').trim()
    case 'image':
      return block.alt ?? ''
    case 'products':
      return block.picks.map((pick) => pick.title).join(', ')
    default:
      return ''
  }
}

function withFreshIds(block: Block): Block {
  if (block.type !== 'columns') return { ...block, id: freshId() }
  return { ...block, id: freshId(), columns: block.columns.map((leaves) => leaves.map((leaf) => ({ ...leaf, id: freshId() }))) }
}
