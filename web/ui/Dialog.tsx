import { Modal } from '@shopify/polaris'
import { type ReactNode, useLayoutEffect } from 'react'
import type { Action } from './PageFrame.tsx'

interface Props {
  open: boolean
  title: string
  onClose: () => void
  primary?: Action
  secondary?: Action[]
  size?: 'small' | 'large'
  /** Content that brings its own padding, such as a table. */
  flush?: boolean
  children: ReactNode
}

/** A question or a list above the page. Escape and a press outside close it; the focus goes back. */
export function Dialog({ open, title, onClose, primary, secondary, size, flush = false, children }: Props) {
  useFocusBack(open)
  return (
    <Modal
      open={open}
      title={title}
      onClose={onClose}
      {...(size ? { size } : {})}
      {...(primary
        ? { primaryAction: { content: primary.content, onAction: () => primary.onAction?.(), loading: primary.loading ?? false, disabled: primary.disabled ?? false, destructive: primary.tone === 'critical' } }
        : {})}
      {...(secondary ? { secondaryActions: secondary.map((one) => ({ content: one.content, onAction: () => one.onAction?.(), disabled: one.disabled ?? false })) } : {})}
    >
      {flush ? children : <Modal.Section>{children}</Modal.Section>}
    </Modal>
  )
}

/** Polaris gives the focus back only to a button that is its own child. Ours stand anywhere. */
function useFocusBack(open: boolean): void {
  // Before the dialog takes the focus, which it does in an effect of its own.
  useLayoutEffect(() => {
    if (!open) return
    const before = document.activeElement
    return () => {
      let frames = 60
      const giveBack = (): void => {
        // While it slides away it still holds the focus; whoever took it meanwhile keeps it.
        if (document.querySelector('[role="dialog"]') && frames-- > 0) requestAnimationFrame(giveBack)
        else if (before instanceof HTMLElement && before.isConnected && (document.activeElement ?? document.body) === document.body) before.focus()
      }
      requestAnimationFrame(giveBack)
    }
  }, [open])
}
