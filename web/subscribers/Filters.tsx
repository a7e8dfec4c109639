import { useState } from 'react'
import { mailable } from '../../app/subscribers/contract.ts'
import { standingWords } from '../components/PersonBadge.tsx'
import { Button, Icon, icons, Popover, Spinner, Tag, TextField } from '../ui/index.ts'
import css from './Filters.module.css'

interface Props {
  search: string
  onSearch: (value: string) => void
  status: string
  onStatus: (value: string) => void
  tag: string
  onTag: (value: string) => void
  busy: boolean
}

/** Search, and how people stand as chips: one press, no menu. */
export function Filters({ search, onSearch, status, onStatus, tag, onTag, busy }: Props) {
  return (
    <div className={css.filters}>
      <div className={css.search}>
        <TextField
          label="Search people"
          labelHidden
          value={search}
          onChange={onSearch}
          placeholder="Search by name or e-mail address"
          autoComplete="off"
          maxLength={200}
          prefix={<Icon source={icons.Search} tone="subdued" />}
          {...(busy ? { suffix: <Spinner size="small" accessibilityLabel="Searching" /> } : {})}
          clearButton
          onClearButtonClick={() => onSearch('')}
        />
      </div>
      <div className={css.chips} role="group" aria-label="How they stand">
        <Chip words="Everybody" on={status === ''} onPress={() => onStatus('')} />
        {mailable.options.map((one) => (
          <Chip key={one} words={standingWords[one]} on={status === one} onPress={() => onStatus(status === one ? '' : one)} />
        ))}
        {tag ? <Tag onRemove={() => onTag('')}>{`Tag: ${tag}`}</Tag> : <TagFilter onTag={onTag} />}
      </div>
    </div>
  )
}

const Chip = ({ words, on, onPress }: { words: string; on: boolean; onPress: () => void }) => (
  <button type="button" className={on ? css.chipOn : css.chip} aria-pressed={on} onClick={onPress}>
    {words}
  </button>
)

function TagFilter({ onTag }: { onTag: (tag: string) => void }) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      activator={
        <button type="button" className={css.chip} aria-expanded={open} onClick={() => setOpen(!open)}>
          With a tag…
        </button>
      }
    >
      <form
        className={css.tag}
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim()) onTag(text.trim())
          setOpen(false)
        }}
      >
        <TextField label="Tag" value={text} onChange={setText} autoComplete="off" maxLength={255} autoFocus />
        <Button submit disabled={text.trim() === ''}>
          Show people with it
        </Button>
      </form>
    </Popover>
  )
}
