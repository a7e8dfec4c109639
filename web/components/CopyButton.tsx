import { useEffect, useState } from 'react'
import { toastFault } from '../bridge.ts'
import { Button, icons } from '../ui/index.ts'

/** Copies a text. `what` names it for who cannot see where the button stands. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 2_000)
    return () => clearTimeout(timer)
  }, [done])
  const copy = async (): Promise<void> => {
    if (await copied(text)) setDone(true)
    else toastFault('Your browser did not let us copy it. Select the words and copy them by hand.')
  }
  return (
    <>
      <Button variant="tertiary" size="micro" icon={done ? icons.Check : icons.Copy} accessibilityLabel={`Copy ${what}`} onClick={() => void copy()} />
      <span className="visually-hidden" role="status">
        {done ? 'Copied' : ''}
      </span>
    </>
  )
}

/** By the clipboard of the browser; where a frame may not use that, as browsers did it before. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.readOnly = true
    area.style.position = 'fixed'
    area.style.opacity = '0'
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}
