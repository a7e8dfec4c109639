import { useId, useState } from 'react'
import { ActionList, Button, icons, Popover, TextField } from '../../ui/index.ts'

export const mergeTags = [
  { words: 'First name, or “there”', tag: '{{ subscriber.first_name | default: "there" }}' },
  { words: 'Last name', tag: '{{ subscriber.last_name | default: "" }}' },
  { words: 'E-mail address', tag: '{{ subscriber.email }}' },
  { words: 'Your shop’s name', tag: '{{ shop.name }}' },
  { words: 'Your shop’s address', tag: '{{ shop.url }}' },
  { words: 'Other words where the name is missing', tag: '{% if subscriber.first_name %}Dear {{ subscriber.first_name }}{% else %}Hello{% endif %}' },
  { words: 'Other words for those who never bought', tag: '{% if subscriber.orders_count > 0 %}Thank you for coming back{% else %}Nice to meet you{% endif %}' },
]

/** The button that puts a person's own words into a text. */
export function MergeButton({ onChoose }: { onChoose: (tag: string) => void }) {
  const [open, setOpen] = useState(false)
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      autofocusTarget="first-node"
      preventFocusOnClose
      activator={<Button icon={icons.Merge} size="micro" variant="tertiary" disclosure onClick={() => setOpen(!open)} accessibilityLabel="Insert something personal" />}
    >
      <ActionList
        actionRole="menuitem"
        items={mergeTags.map(({ words, tag }) => ({
          content: words,
          onAction: () => {
            setOpen(false)
            // Once the list is gone, so that the focus goes back into the text.
            setTimeout(() => onChoose(tag))
          },
        }))}
      />
    </Popover>
  )
}

interface Props {
  label: string
  value: string
  onChange: (value: string) => void
  maxLength: number
  help?: string
  error?: string | undefined
  lines?: number
}

/** A line of text that may hold merge tags; they go in where the cursor stands. */
export function MergeField({ label, value, onChange, maxLength, help, error, lines }: Props) {
  const id = useId()
  const put = (tag: string): void => {
    const field = document.getElementById(id)
    const typed = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field : null
    const [from, to] = [typed?.selectionStart ?? value.length, typed?.selectionEnd ?? value.length]
    if (value.length - (to - from) + tag.length > maxLength) return
    onChange(value.slice(0, from) + tag + value.slice(to))
    requestAnimationFrame(() => {
      typed?.focus()
      typed?.setSelectionRange(from + tag.length, from + tag.length)
    })
  }
  return (
    <div style={{ position: 'relative' }}>
      <TextField
        id={id}
        label={label}
        value={value}
        onChange={onChange}
        maxLength={maxLength}
        autoComplete="off"
        {...(lines ? { multiline: lines } : {})}
        {...(help ? { helpText: help } : {})}
        {...(error ? { error } : {})}
      />
      <div style={{ position: 'absolute', top: -4, right: 0 }}>
        <MergeButton onChoose={put} />
      </div>
    </div>
  )
}
