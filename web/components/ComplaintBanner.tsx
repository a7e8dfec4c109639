import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ComplaintNotice } from '../../app/campaigns/contract.ts'
import { tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Banner, BlockStack, Checkbox, Button, List, Text } from '../ui/index.ts'

/** Too many people call this mail spam: why it matters, what to do, and, where sending stopped, the way on. */
export function ComplaintBanner({ notice }: { notice: ComplaintNotice | null | undefined }) {
  if (!notice) return null
  return (
    <Banner tone={notice.level === 'stop' ? 'critical' : 'warning'} title={notice.level === 'stop' ? 'Sending stopped: too many people marked your mail as spam' : 'People mark your mail as spam'}>
      <BlockStack gap="200">
        <Text as="p">
          {notice.words} Gmail and Yahoo ask for less than 1 in 1,000; from 3 in 1,000 on they sort a store’s mail into the spam folder or turn it away, and then it reaches nobody, order confirmations included. Whoever complained gets
          nothing more from you.
        </Text>
        <List>
          <List.Item>Write to people who remember that they signed up: those who ordered or clicked lately.</List.Item>
          <List.Item>Leave out addresses from old or foreign lists.</List.Item>
          <List.Item>Keep to what the sign-up promised, in kind and in number of mails.</List.Item>
        </List>
        {notice.level === 'stop' && <GoOn />}
      </BlockStack>
    </Banner>
  )
}

function GoOn() {
  const client = useQueryClient()
  const [read, setRead] = useState(false)
  const confirm = useMutation({
    mutationFn: () => tell('/api/complaints/confirm', { method: 'POST', body: {} }),
    onSuccess: async () => {
      toast('Sending is allowed again')
      await client.invalidateQueries() // it stood in the way of many things
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  return (
    <BlockStack gap="200" inlineAlign="start">
      <Checkbox label="I have read this and know what I change before I send again" checked={read} onChange={setRead} />
      <Button disabled={!read} loading={confirm.isPending} onClick={() => confirm.mutate()}>
        Allow sending again
      </Button>
      <Text as="p" tone="subdued">
        Nothing goes out by this alone. It is written down who confirmed it, and when; from then on complaints are counted anew.
      </Text>
    </BlockStack>
  )
}
