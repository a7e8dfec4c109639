import { useEffect, useId, useRef, useState } from 'react'
import { BlockStack, Button, icons, InlineStack, Popover, Text, TextField } from '../../ui/index.ts'
import { editable, serialise, withChips } from './clean.ts'
import { completed } from '../../components/LinkField.tsx'
import { MergeButton } from './MergeField.tsx'
import css from './RichText.module.css'

/** Text with bold, italics, underlining, links and lists. What is pasted comes in as plain words. */
export function RichText({ label, html, onChange }: { label: string; html: string; onChange: (html: string) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const told = useRef<string | null>(null)
  const chosen = useRef<Range | null>(null)
  const id = useId()
  // Only news from outside (undo, another block) is put in; what was typed here already stands here, with its cursor.
  useEffect(() => {
    if (!box.current || told.current === html) return
    told.current = html
    box.current.innerHTML = editable(html)
  }, [html])

  const tell = (): void => {
    if (!box.current) return
    const next = serialise(box.current)
    if (next === told.current) return
    told.current = next
    onChange(next)
  }
  const remember = (): void => {
    const selection = getSelection()
    const range = selection?.rangeCount ? selection.getRangeAt(0) : null
    if (range && box.current?.contains(range.commonAncestorContainer)) chosen.current = range.cloneRange()
  }
  /** Browsers call these commands deprecated, but all of them have them, and nothing has come in their place. */
  const command = (name: string, value?: string): void => {
    box.current?.focus()
    if (chosen.current) {
      const selection = getSelection()
      selection?.removeAllRanges()
      selection?.addRange(chosen.current)
    }
    document.execCommand('styleWithCSS', false, 'false')
    document.execCommand('defaultParagraphSeparator', false, 'p')
    document.execCommand(name, false, value)
    remember()
    tell()
  }
  /** Puts a merge tag where the cursor was last, and the cursor behind it. */
  const putChip = (tag: string): void => {
    const field = box.current
    if (!field) return
    field.focus()
    const range = chosen.current ?? document.createRange()
    if (!chosen.current) {
      range.selectNodeContents(field.lastElementChild ?? field)
      range.collapse(false)
    }
    range.deleteContents()
    const made = range.createContextualFragment(`${needsSpace(range) ? ' ' : ''}${withChips(tag)}`)
    const last = made.lastChild
    range.insertNode(made)
    if (last) range.setStartAfter(last)
    range.collapse(true)
    const selection = getSelection()
    selection?.removeAllRanges()
    selection?.addRange(range)
    remember()
    tell()
  }
  const tools = [
    { icon: icons.Bold, words: 'Bold', name: 'bold' },
    { icon: icons.Italic, words: 'Italics', name: 'italic' },
    { icon: icons.Underline, words: 'Underlined', name: 'underline' },
    { icon: icons.Bullets, words: 'List', name: 'insertUnorderedList' },
    { icon: icons.Numbers, words: 'Numbered list', name: 'insertOrderedList' },
  ]
  return (
    <BlockStack gap="100">
      <span id={id}>
        <Text as="span">{label}</Text>
      </span>
      <div className={css.field}>
        <div className={css.tools} role="toolbar" aria-label="Look of the text" onMouseDown={(event) => event.preventDefault()}>
          {tools.map((tool) => (
            <Button key={tool.name} icon={tool.icon} size="micro" variant="tertiary" accessibilityLabel={tool.words} onClick={() => command(tool.name)} />
          ))}
          <LinkButton onLink={(href) => (href ? command('createLink', href) : command('unlink'))} onOpen={remember} />
          <span className={css.end}>
            <MergeButton onChoose={putChip} />
          </span>
        </div>
        <div
          ref={box}
          role="textbox"
          tabIndex={0}
          aria-multiline="true"
          aria-labelledby={id}
          contentEditable
          suppressContentEditableWarning
          className={css.text}
          onInput={() => {
            remember()
            tell()
          }}
          onKeyUp={remember}
          onMouseUp={remember}
          onBlur={tell}
          onFocus={() => document.execCommand('defaultParagraphSeparator', false, 'p')}
          onPaste={(event) => {
            event.preventDefault()
            document.execCommand('insertText', false, event.clipboardData.getData('text/plain'))
          }}
          onDrop={(event) => event.preventDefault()}
        />
      </div>
    </BlockStack>
  )
}

/** Does the cursor stand right behind a letter? */
function needsSpace(range: Range | null): boolean {
  const text = range?.startContainer.nodeType === Node.TEXT_NODE ? (range.startContainer.textContent ?? '').slice(0, range.startOffset) : ''
  return /\S$/.test(text)
}

function LinkButton({ onLink, onOpen }: { onLink: (href: string | null) => void; onOpen: () => void }) {
  const [open, setOpen] = useState(false)
  const [href, setHref] = useState('')
  const full = completed(href)
  const good = /^(https?:\/\/|mailto:)\S+$/i.test(full)
  const done = (value: string | null): void => {
    setOpen(false)
    setHref('')
    onLink(value)
  }
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      activator={
        <Button
          icon={icons.LinkTo}
          size="micro"
          variant="tertiary"
          accessibilityLabel="Link"
          onClick={() => {
            onOpen()
            setOpen(!open)
          }}
        />
      }
    >
      <div className={css.link} onMouseDown={(event) => event.stopPropagation()}>
        <TextField label="Where the chosen words lead" type="url" value={href} onChange={setHref} placeholder="https://" autoComplete="off" autoFocus />
        <InlineStack gap="200" align="end">
          <Button variant="tertiary" onClick={() => done(null)}>
            Remove the link
          </Button>
          <Button disabled={!good} onClick={() => done(full)}>
            Link
          </Button>
        </InlineStack>
      </div>
    </Popover>
  )
}
