import { ActionList, Button, Popover } from '@shopify/polaris'
import { useState } from 'react'
import type { Action } from './PageFrame.tsx'

/** What is done seldom, behind one button. */
export default function Menu({ actions }: { actions: Action[] }) {
  const [open, setOpen] = useState(false)
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      autofocusTarget="first-node"
      preferredAlignment="right"
      activator={
        <Button disclosure onClick={() => setOpen(!open)}>
          More actions
        </Button>
      }
    >
      <ActionList
        actionRole="menuitem"
        items={actions.map(({ content, url, onAction, icon, tone, disabled }) => ({
          content,
          ...(url ? { url } : {}),
          ...(icon ? { icon } : {}),
          ...(disabled ? { disabled } : {}),
          ...(tone ? { destructive: true } : {}),
          onAction: () => {
            setOpen(false)
            onAction?.()
          },
        }))}
      />
    </Popover>
  )
}
