import { useState } from 'react'
import type { Block } from '../../../app/templates/contract.ts'
import { ActionList, Button, icons, Popover } from '../../ui/index.ts'
import { kindWords, type Place } from './blocks.ts'
import type { BlockVerbs } from './useBlocks.ts'

/** Everything that one can do with a block, without dragging. */
export function BlockMenu({ block, place, first, last, verbs }: { block: Block; place: Place; first: boolean; last: boolean; verbs: BlockVerbs }) {
  const [open, setOpen] = useState(false)
  const act = (verb: () => void) => () => {
    setOpen(false)
    verb()
  }
  const inColumn = place.in !== 'mail' && 'side' in place
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      autofocusTarget="first-node"
      activator={<Button icon={icons.More} variant="tertiary" size="micro" onClick={() => setOpen(!open)} accessibilityLabel={`More for ${kindWords[block.type]}`} />}
    >
      <ActionList
        actionRole="menuitem"
        items={[
          { content: 'Move up', icon: icons.Up, disabled: first, onAction: act(() => verbs.nudge(block.id, -1)) },
          { content: 'Move down', icon: icons.Down, disabled: last, onAction: act(() => verbs.nudge(block.id, 1)) },
          ...(inColumn
            ? [
                { content: place.side === 0 ? 'Move to the right column' : 'Move to the left column', icon: icons.Columns, onAction: act(() => verbs.move(block.id, { in: place.in, side: place.side === 0 ? 1 : 0 }, 0)) },
                { content: 'Move out of the columns', icon: icons.Leave, onAction: act(() => verbs.moveOut(block.id)) },
              ]
            : []),
          { content: 'Duplicate', icon: icons.Duplicate, onAction: act(() => verbs.duplicate(block.id)) },
          { content: 'Delete', icon: icons.Delete, destructive: true, onAction: act(() => verbs.remove(block.id)) },
        ]}
      />
    </Popover>
  )
}
