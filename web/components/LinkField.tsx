import { useState } from 'react'
import { TextField } from '../ui/index.ts'

/** The same rule as the server's: empty, a web address, or an e-mail address. */
const fits = (text: string): boolean => text === '' || /^https?:\/\/[^\s]+$/i.test(text) || /^mailto:[^\s]+$/i.test(text)

/** Adds what people leave out: "shop.example/new" becomes https://shop.example/new. */
export function completed(text: string): string {
  const trimmed = text.trim()
  if (fits(trimmed)) return trimmed
  if (/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(trimmed)) return `mailto:${trimmed}`
  return /^[\w-]+(\.[\w-]+)+([/?#:][^\s]*)?$/.test(trimmed) ? `https://${trimmed}` : trimmed
}

/** Takes half-typed addresses without losing them; only what fits goes on to be saved. */
export function LinkField({ label, value, onChange, help, placeholder = 'https://' }: { label: string; value: string; onChange: (value: string) => void; help?: string; placeholder?: string }) {
  const [text, setText] = useState(value)
  const [left, setLeft] = useState(false)
  // News from outside (undo, a product's picture) replaces what is typed; our own news is what is typed.
  const [seen, setSeen] = useState(value)
  if (seen !== value) {
    setSeen(value)
    if (completed(text) !== value) setText(value)
  }
  const good = fits(completed(text))
  return (
    <TextField
      label={label}
      type="url"
      value={text}
      placeholder={placeholder}
      autoComplete="off"
      maxLength={2000}
      onChange={(next) => {
        setText(next)
        setLeft(false)
        if (fits(completed(next))) onChange(completed(next))
      }}
      onBlur={() => {
        setLeft(true)
        if (good) setText(completed(text))
      }}
      {...(left && !good ? { error: 'Not an address; it is not saved yet. It begins with https://' } : {})}
      {...(help ? { helpText: help } : {})}
    />
  )
}
