import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { suppressionLifted, type BlockedAddress } from '../../app/suppressions/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Text, TextField } from '../ui/index.ts'

/** Lifts one block, once its consequences have been read. */
export function LiftDialog({ row, email, onClose, onDone }: { row: BlockedAddress | null; email?: string; onClose: () => void; onDone: () => void }) {
  const [note, setNote] = useState('')
  const close = (): void => {
    setNote('')
    onClose()
  }
  const lift = useMutation({
    mutationFn: ({ key, reason }: BlockedAddress) => ask(suppressionLifted, '/api/suppressions/lift', { method: 'POST', body: { key, reason, note, understood: true } }),
    onSuccess: ({ sentence }) => toast(sentence),
    onError: (error) => toastFault(wordsOf(error)),
    onSettled: () => {
      onDone()
      close()
    },
  })
  const name = row?.person ? row.person.email : (email ?? 'this address')
  return (
    <Dialog
      open={row !== null}
      title={`Lift the block of ${name}?`}
      size="small"
      onClose={close}
      primary={{ content: 'Lift it', loading: lift.isPending, onAction: () => row && lift.mutate(row) }}
      secondary={[{ content: 'Leave it', onAction: close }]}
    >
      <BlockStack gap="300">
        {row?.lift === 'warn' && (
          <Banner tone="warning">
            <Text as="p">
              Mail to this address came back. If it still does, mailbox services trust your other mail less. Lift it only if you know that it works again. Your mail service may keep a block of its own.
            </Text>
          </Banner>
        )}
        {row?.lift === 'asked_again' && (
          <Banner tone="warning">
            <Text as="p">They marked a mail of yours as spam, and have signed up again since. Lift it only if you are sure that they want your mail.</Text>
          </Banner>
        )}
        <Text as="p">{afterwards(row)}</Text>
        <TextField label="Note" helpText="Why, for you and your team." value={note} onChange={setNote} maxLength={300} autoComplete="off" />
      </BlockStack>
    </Dialog>
  )
}

function afterwards(row: BlockedAddress | null): string {
  if (row?.unsubscribed) return 'They unsubscribed themselves, so they still get nothing. Only they can change that.'
  if (row?.person) return 'They get mail again if nothing else stands against it: their own consent still decides.'
  return 'The address is not in your list. Lifting the block lets it join again.'
}
