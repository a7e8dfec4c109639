import { type RefObject, useEffect, useRef } from 'react'

/** When `what` changes and the button that had the focus is gone with it, the first button of this part takes it, so that the keyboard goes on from here. */
export function useFocusKept(at: RefObject<HTMLElement | null>, what: unknown): void {
  const before = useRef(what)
  useEffect(() => {
    if (before.current === what) return
    before.current = what
    if ((document.activeElement ?? document.body) === document.body) at.current?.querySelector('button')?.focus({ preventScroll: true })
  }, [at, what])
}
