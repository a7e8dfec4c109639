import { useState } from 'react'
import { ActionList, Button, icons, Popover } from '../../ui/index.ts'
import { kindIcons } from './BlockList.tsx'
import { kindWords, leafKinds, type Kind } from './blocks.ts'

/** The kinds of blocks; columns hold all but columns. */
export function AddBlock({ onAdd, small = false, inColumn = false }: { onAdd: (kind: Kind) => void; small?: boolean; inColumn?: boolean }) {
  const [open, setOpen] = useState(false)
  const kinds: Kind[] = inColumn ? [...leafKinds] : [...leafKinds, 'columns']
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      autofocusTarget="first-node"
      activator={
        small ? (
          <Button icon={icons.Plus} size="micro" variant="tertiary" onClick={() => setOpen(!open)} accessibilityLabel="Add a block here" />
        ) : (
          <Button icon={icons.Plus} fullWidth onClick={() => setOpen(!open)} disclosure={open ? 'up' : 'down'}>
            Add a block
          </Button>
        )
      }
    >
      <ActionList
        actionRole="menuitem"
        items={kinds.map((kind) => ({
          content: kindWords[kind],
          icon: kindIcons[kind],
          onAction: () => {
            setOpen(false)
            onAdd(kind)
          },
        }))}
      />
    </Popover>
  )
}
