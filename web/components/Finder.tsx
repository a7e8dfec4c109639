import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Button, Icon, icons, Popover, Spinner, Text, TextField } from '../ui/index.ts'
import css from './Finder.module.css'
import { search, type Find } from './search.ts'
import { useFocusInside } from './useFocusInside.ts'

export type { Find }

interface Props {
  /** What opens it: a button. It gets the press and, when the list closes, the focus again. */
  button: (press: () => void, open: boolean) => ReactElement
  /** What is looked for, as the search field says it: "Search countries" */
  label: string
  options: Find[]
  chosen?: string[]
  /** Several may be chosen: the list stays open until it is closed. */
  several?: boolean
  onChoose: (value: string) => void
  /** When the search is done elsewhere: what was typed. Otherwise the options are searched here. */
  onSearch?: (text: string) => void
  busy?: boolean
  /** Why there are none, when there are none at all. */
  none?: string
  /** Offers what was typed, in these words, although it is not in the list. */
  offer?: (text: string) => string
  /** The groups stand beside each other where there is room. */
  columns?: boolean
  /** Do not give the focus back to the button after a choice: it goes elsewhere. */
  focusElsewhere?: boolean
}

/** A button that opens a list with a search field above it: arrows move, Enter chooses, Escape closes. */
export function Finder(props: Props) {
  const { button, label, options, chosen = [], several = false, onChoose, onSearch, busy = false, none, offer, columns = false, focusElsewhere = false } = props
  const id = useId()
  const at = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const typed = text.trim()
  const found = onSearch ? options : search(options, typed)
  const shown = offer && typed !== '' && !options.some((one) => one.title.toLowerCase() === typed.toLowerCase()) ? [...found, { value: typed, title: offer(typed) }] : found
  const current = Math.min(active, shown.length - 1)

  const type = (next: string): void => {
    setText(next)
    setActive(0)
    onSearch?.(next)
  }
  const toggle = (): void => {
    if (!open && text !== '') type('') // each time from the beginning
    setActive(0)
    setOpen(!open)
  }
  const close = (): void => {
    setOpen(false)
    at.current?.querySelector<HTMLElement>('button')?.focus()
  }
  const choose = (value: string): void => {
    onChoose(value)
    if (several) return
    if (focusElsewhere) setOpen(false)
    else close()
  }
  const keys = (event: KeyboardEvent): void => {
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + 8, PageUp: current - 8 }[event.key]
    if (to !== undefined && shown.length > 0) {
      event.preventDefault()
      setActive(event.key.startsWith('Arrow') ? (to + shown.length) % shown.length : Math.max(0, Math.min(shown.length - 1, to)))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      const one = shown[current]
      if (one && !busy) choose(one.value)
    }
  }
  const wide = columns && typed === '' ? css.wide : ''
  return (
    <div ref={at}>
      <Popover active={open} onClose={() => setOpen(false)} autofocusTarget="none" preferredAlignment="left" fluidContent activator={button(toggle, open)}>
        <Popover.Pane fixed>
          <SearchRow className={`${css.search} ${wide}`} onKeyDown={keys}>
            <div className={css.field}>
              <TextField
                label={label}
                labelHidden
                placeholder={label}
                value={text}
                maxLength={200}
                autoComplete="off"
                role="combobox"
                ariaAutocomplete="list"
                ariaControls={`${id}list`}
                ariaExpanded
                {...(shown[current] ? { ariaActiveDescendant: `${id}o${current}` } : {})}
                prefix={<Icon source={icons.Search} tone="subdued" />}
                {...(busy ? { suffix: <Spinner size="small" accessibilityLabel="Searching" /> } : {})}
                onChange={type}
              />
            </div>
            {several && <Button onClick={close}>Done</Button>}
          </SearchRow>
        </Popover.Pane>
        <Popover.Pane fixed>
          <Options id={`${id}list`} label={label} busy={busy} several={several} className={`${css.list} ${wide}`} current={current}>
            {groups(shown, typed !== '').map(([name, members], g) => (
              <div key={name} {...(name ? { role: 'group', 'aria-labelledby': `${id}g${g}` } : { role: 'presentation' })}>
                {name && (
                  <div id={`${id}g${g}`} className={css.group} role="presentation">
                    {name}
                  </div>
                )}
                {members.map(({ one, n }) => (
                  // The keys are those of the search field, which keeps the focus.
                  <div
                    key={one.value}
                    id={`${id}o${n}`}
                    role="option"
                    aria-selected={chosen.includes(one.value)}
                    className={n === current ? `${css.option} ${css.active}` : css.option}
                    {...(n === current ? { 'data-active': '' } : {})}
                    // A list that moves under a resting pointer is not a pointer that moves.
                    onMouseMove={(event) => n !== current && (event.movementX !== 0 || event.movementY !== 0) && setActive(n)}
                    onMouseDown={(event) => event.preventDefault()}
                    onClick={() => choose(one.value)}
                  >
                    {one.imageUrl !== undefined && (one.imageUrl ? <img className={css.picture} src={one.imageUrl} alt="" loading="lazy" /> : <span className={css.picture} />)}
                    <span className={css.words}>
                      {one.title}
                      {one.help && <span className={css.help}>{one.help}</span>}
                    </span>
                    {chosen.includes(one.value) && (
                      <span className={css.check}>
                        <Icon source={icons.Check} />
                      </span>
                    )}
                  </div>
                ))}
              </div>
            ))}
          </Options>
          <div role="status">
            {shown.length === 0 && !busy && (
              <div className={css.none}>
                <Text as="p" tone="subdued">
                  {typed === '' ? (none ?? 'There is nothing to choose yet.') : `Nothing is called “${typed}”.`}
                </Text>
              </div>
            )}
          </div>
        </Popover.Pane>
      </Popover>
    </div>
  )
}

function SearchRow({ className, onKeyDown, children }: { className: string; onKeyDown: (event: KeyboardEvent) => void; children: ReactNode }) {
  const at = useRef<HTMLDivElement>(null)
  useFocusInside(at, 'input')
  return (
    <div ref={at} className={className} onKeyDown={(event) => event.target instanceof HTMLInputElement && onKeyDown(event)}>
      {children}
    </div>
  )
}

function Options({ id, label, busy, several, className, current, children }: { id: string; label: string; busy: boolean; several: boolean; className: string; current: number; children: ReactNode }) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const pane = list.current
    const one = pane?.querySelector('[data-active]')?.getBoundingClientRect()
    if (!pane || !one) return
    const within = pane.getBoundingClientRect()
    // Only the list: scrollIntoView would move the page too, and whatever scrolls its button out of sight is closed.
    if (current === 0) pane.scrollTop = 0
    else if (one.top < within.top) pane.scrollTop -= within.top - one.top
    else if (one.bottom > within.bottom) pane.scrollTop += one.bottom - within.bottom
  }, [current])
  return (
    <div ref={list} id={id} role="listbox" aria-label={label} aria-busy={busy} className={className} {...(several ? { 'aria-multiselectable': true } : {})}>
      {children}
    </div>
  )
}

/** Neighbours of one group together; among what was found by words (`mixed`) there are none. `n` counts through, as they stand on the screen. */
function groups(options: Find[], mixed: boolean): [name: string, { one: Find; n: number }[]][] {
  const made: [string, { one: Find; n: number }[]][] = []
  for (const [n, one] of options.entries()) {
    const name = mixed ? '' : (one.group ?? '')
    const last = made.at(-1)
    if (last?.[0] === name) last[1].push({ one, n })
    else made.push([name, [{ one, n }]])
  }
  return made
}
