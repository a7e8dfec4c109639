import { useMemo, useState } from 'react'
import type { Block } from '../../../app/templates/contract.ts'
import { duplicate, find, insert, move, newBlock, remove, replace, type Kind, type Place } from './blocks.ts'
import type { Draft } from './history.ts'

export interface BlockVerbs {
  select(id: string | null): void
  add(kind: Kind, place?: Place, index?: number): void
  change(block: Block, field?: string): void
  move(id: string, place: Place, index: number): void
  nudge(id: string, by: -1 | 1): void
  moveOut(id: string): void
  duplicate(id: string): void
  remove(id: string): void
}

/** What one can do with the blocks of a draft, and which one is chosen. */
export function useBlocks(draft: Draft, set: (next: (draft: Draft) => Draft, key?: string | null) => void) {
  const [chosen, setChosen] = useState<string | null>(null)
  const { blocks } = draft.content
  const verbs = useMemo((): BlockVerbs => {
    const alter = (next: (blocks: Block[]) => Block[], key: string | null = null): void =>
      set((now) => {
        const changed = next(now.content.blocks)
        return changed === now.content.blocks ? now : { ...now, content: { ...now.content, blocks: changed } }
      }, key)
    return {
      select: setChosen,
      add(kind, place, index) {
        const block = newBlock(kind)
        const at = chosen === null ? null : find(blocks, chosen)
        // After the chosen block; columns go after the columns in which the chosen one stands.
        const after = at && (at.place.in === 'mail' || kind !== 'columns') ? { place: at.place, index: at.index + 1 } : at ? { place: { in: 'mail' } as Place, index: (find(blocks, at.place.in)?.index ?? 0) + 1 } : null
        const target = place ? { place, index: index ?? 0 } : (after ?? { place: { in: 'mail' } as Place, index: blocks.length })
        alter((now) => insert(now, block, target.place, target.index))
        setChosen(block.id)
      },
      change: (block, field) => alter((now) => replace(now, block), field ? `${block.id}.${field}` : null),
      move: (id, place, index) => alter((now) => move(now, id, place, index)),
      nudge: (id, by) =>
        alter((now) => {
          const at = find(now, id)
          const to = at ? at.index + by : -1
          return at && to >= 0 && to < at.among ? move(now, id, at.place, to) : now
        }),
      moveOut: (id) =>
        alter((now) => {
          const at = find(now, id)
          const around = at && at.place.in !== 'mail' ? find(now, at.place.in) : null
          return around ? move(now, id, { in: 'mail' }, around.index + 1) : now
        }),
      duplicate(id) {
        const made = duplicate(blocks, id)
        if (!made) return
        alter(() => made.blocks)
        setChosen(made.id)
      },
      remove(id) {
        alter((now) => remove(now, id))
        setChosen((now) => (now === id ? null : now))
      },
    }
  }, [blocks, chosen, set])
  const found = chosen === null ? null : find(blocks, chosen)
  return { verbs, found, chosen: found ? chosen : null }
}
