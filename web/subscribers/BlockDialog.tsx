import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { suppressionAdded } from '../../app/suppressions/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { number, plural } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Button, InlineError, List, Text, TextField } from '../ui/index.ts'

const shown = 10

/** One address or up to 10,000, one a line. Lines that are none are named, and may be taken out with one press. */
export function BlockDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState('')
  const [note, setNote] = useState('')
  const lines = text.split(/\r\n|\r|\n/)
  const written = lines.filter((line) => line.trim() !== '')
  const block = useMutation({
    mutationFn: () =>
      written.length === 1
        ? ask(suppressionAdded, '/api/suppressions', { method: 'POST', body: { email: written[0], note } })
        : ask(suppressionAdded, '/api/suppressions/many', { method: 'POST', body: { text, note } }),
    onSuccess: ({ added, already }) => {
      toast(added === 0 ? 'Blocked already' : `${plural(added, 'address', 'addresses')} blocked${already > 0 ? `, ${number(already)} were already` : ''}`)
      onDone()
      onClose()
    },
  })
  const bad = block.error instanceof Fault ? Object.entries(block.error.fields).flatMap(([field, words]) => (/^line \d+$/.test(field) ? [{ n: Number(field.slice(5)), words }] : [])) : []
  const takeOut = (): void => {
    const out = new Set(bad.map((one) => one.n))
    setText(lines.filter((_, i) => !out.has(i + 1)).join('\n'))
    block.reset()
  }
  const change = (set: (value: string) => void) => (value: string) => {
    set(value)
    block.reset() // what was said about the words before
  }
  return (
    <Dialog
      open
      title="Block addresses"
      onClose={onClose}
      primary={{ content: written.length > 1 ? `Block ${number(written.length)} addresses` : 'Block', loading: block.isPending, disabled: written.length === 0, onAction: () => block.mutate() }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <TextField label="E-mail addresses" helpText="One a line, up to 10,000." value={text} onChange={change(setText)} multiline={5} maxHeight={240} autoComplete="off" spellCheck={false} />
        {block.isError && (
          <BlockStack gap="200" inlineAlign="start">
            <InlineError message={wordsOf(block.error)} fieldID="block" />
            {bad.length > 0 && (
              <>
                <List>
                  {bad.slice(0, shown).map((one) => (
                    <List.Item key={one.n}>
                      Line {number(one.n)}: {one.words}
                    </List.Item>
                  ))}
                  {bad.length > shown && <List.Item>and {number(bad.length - shown)} more</List.Item>}
                </List>
                <Button onClick={takeOut}>{bad.length === 1 ? 'Take this line out' : `Take these ${number(bad.length)} lines out`}</Button>
              </>
            )}
          </BlockStack>
        )}
        <TextField label="Note" helpText="Why, for you and your team. It stays with the address." value={note} onChange={change(setNote)} maxLength={300} autoComplete="off" />
        <Text as="p" tone="subdued">
          They get nothing from now on, also of a campaign that is just going out. You can lift it again.
        </Text>
      </BlockStack>
    </Dialog>
  )
}
