import { type RefObject, useEffect } from 'react'

/**
 * Gives the focus to the first thing of what has just opened, without scrolling. Polaris scrolls: a list whose button stands at the edge of
 * the window would scroll it out of sight, and close by that.
 */
export function useFocusInside(at: RefObject<HTMLElement | null>, what: string): void {
  useEffect(() => {
    let frames = 30
    let next = 0
    const take = (): void => {
      const first = at.current?.querySelector<HTMLElement>(what)
      first?.focus({ preventScroll: true }) // while it is being placed it is hidden, and takes no focus
      if (document.activeElement !== first && frames-- > 0) next = requestAnimationFrame(take)
    }
    next = requestAnimationFrame(take)
    return () => cancelAnimationFrame(next)
  }, [at, what])
}
