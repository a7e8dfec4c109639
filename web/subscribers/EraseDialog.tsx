import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { eraseReply, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Checkbox, InlineError, List, Text } from '../ui/index.ts'

/** What goes, what stays, and that it is for good: read before it is done. */
export function EraseDialog({ person, back, onClose }: { person: SubscriberProfile; back: string; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [sure, setSure] = useState(false)
  const erase = useMutation({
    mutationFn: () => ask(eraseReply, `/api/subscribers/${person.id}/erase`, { method: 'POST', body: {} }),
    onSuccess: () => {
      toast('They get nothing from now on, and are forgotten within minutes')
      onClose()
      navigate(back)
      client.removeQueries({ queryKey: ['subscriber', person.id] })
      return Promise.all([['subscribers'], ['privacy'], ['home']].map((queryKey) => client.invalidateQueries({ queryKey })))
    },
  })
  return (
    <Dialog
      open
      title={`Erase ${person.email}?`}
      onClose={onClose}
      primary={{ content: 'Erase for good', tone: 'critical', disabled: !sure, loading: erase.isPending, onAction: () => erase.mutate() }}
      secondary={[{ content: 'Keep this person', onAction: onClose }]}
    >
      <BlockStack gap="400">
        <BlockStack gap="100">
          <Text as="h3" variant="headingSm">
            What goes
          </Text>
          <List>
            <List.Item>Address, names, tags, fields, and everything that happened with them</List.Item>
            <List.Item>What was written down about their consent</List.Item>
            <List.Item>Which mails they got, opened and clicked: your reports count one person less</List.Item>
          </List>
        </BlockStack>
        <BlockStack gap="100">
          <Text as="h3" variant="headingSm">
            What stays
          </Text>
          <List>
            <List.Item>Their orders, without a person</List.Item>
            <List.Item>Secret codes from which nobody can tell who it was: one keeps imports and your store’s records from bringing them back, the others keep your consent history whole</List.Item>
            <List.Item>A line under Privacy requests that says when it was done</List.Item>
            <List.Item>Your store’s own record of them, which you erase in your store</List.Item>
          </List>
        </BlockStack>
        <Banner tone="critical">
          <Text as="p">This cannot be undone, by you or by us. Only they themselves can come back, by signing up.</Text>
        </Banner>
        <Checkbox label="I want this person to be forgotten" checked={sure} onChange={setSure} />
        {erase.isError && <InlineError message={wordsOf(erase.error)} fieldID="erase" />}
      </BlockStack>
    </Dialog>
  )
}
