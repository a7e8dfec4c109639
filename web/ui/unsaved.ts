let open = 0

/** Says that something is not saved yet, until what it answers is called. */
export function keepUnsaved(): () => void {
  open++
  return () => {
    open--
  }
}

export const somethingUnsaved = (): boolean => open > 0
