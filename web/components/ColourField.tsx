import { useId, useState } from 'react'
import { InlineStack, TextField } from '../ui/index.ts'
import css from './ColourField.module.css'

const shape = /^#[0-9a-fA-F]{6}$/

/** A colour by the browser's own picker or by its number; half-typed numbers are kept here and go no further. */
export function ColourField({ label, value, onChange, help }: { label: string; value: string; onChange: (value: string) => void; help?: string }) {
  const id = useId()
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  if (seen !== value) {
    setSeen(value)
    if (text.toLowerCase() !== value.toLowerCase()) setText(value)
  }
  return (
    <TextField
      id={id}
      label={label}
      value={text}
      maxLength={7}
      autoComplete="off"
      onChange={(next) => {
        setText(next)
        if (shape.test(next)) onChange(next)
      }}
      onBlur={() => !shape.test(text) && setText(value)}
      prefix={
        <InlineStack>
          <input type="color" className={css.swatch} value={value} onChange={(event) => onChange(event.target.value)} aria-label={`Choose: ${label}`} />
        </InlineStack>
      }
      {...(shape.test(text) ? {} : { error: 'A colour such as #1f5132' })}
      {...(help ? { helpText: help } : {})}
    />
  )
}
