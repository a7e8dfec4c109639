import { Component, type ReactNode } from 'react'
import { reload } from '../bridge.ts'
import { Failed } from '../ui/index.ts'

/** A page that breaks, or a part that does not load, shows words and a way on instead of nothing. */
export class PageBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }
  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true }
  }
  override render(): ReactNode {
    if (!this.state.broken) return this.props.children
    return <Failed title="This page could not be shown" words="What you saved before is safe." again={reload} />
  }
}
