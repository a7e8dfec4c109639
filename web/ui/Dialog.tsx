import { Modal } from '@shopify/polaris'
import type { ReactNode } from 'react'
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
