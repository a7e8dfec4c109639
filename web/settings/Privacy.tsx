import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { privacyRequestView } from '../../app/shops/contract.ts'
import { ask, download, tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { format } from '../format.ts'
import { Badge, BlockStack, Button, ButtonGroup, CardSkeleton, Empty, Failed, icons, InlineStack, Section, Text } from '../ui/index.ts'
import css from './Settings.module.css'

const reply = z.object({ requests: z.array(privacyRequestView) })
type Request = z.infer<typeof privacyRequestView>

/** People who asked what is known about them, or to be forgotten. */
export function Privacy({ timezone, currency }: { timezone: string; currency: string }) {
  const asked = useQuery({ queryKey: ['privacy'], queryFn: ({ signal }) => ask(reply, '/api/privacy/requests', { signal }) })
  if (asked.isError) return <Failed inline title="The requests could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <CardSkeleton lines={5} />
  const { requests } = asked.data
  if (requests.length === 0) {
    return (
      <Empty icon={icons.Lock} heading="No requests">
        When somebody asks through your store what is known about them, or to be forgotten, it appears here with the day until which it must be answered.
      </Empty>
    )
  }
  const open = requests.filter((one) => one.state === 'open').length
  return (
    <Section title="Requests" explain={open === 0 ? 'All are done.' : open === 1 ? 'One is open.' : `${open} are open.`}>
      <div>
        {requests.map((one) => (
          <Item key={one.id} request={one} formats={format(currency, timezone)} />
        ))}
      </div>
    </Section>
  )
}

function Item({ request, formats }: { request: Request; formats: ReturnType<typeof format> }) {
  const client = useQueryClient()
  const done = useMutation({
    mutationFn: () => tell(`/api/privacy/requests/${request.id}/done`, { method: 'POST', body: {} }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast('Marked as done')
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const fetchFile = useMutation({
    mutationFn: () => download(`/api/privacy/requests/${request.id}/export`, `data-request-${request.id}.json`),
    onError: (error) => toastFault(wordsOf(error)),
  })
  return (
    <div className={css.request}>
      <BlockStack gap="050">
        <InlineStack gap="200" blockAlign="center">
          <Text as="span" fontWeight="medium" breakWord>
            {request.who}
          </Text>
          <Badge {...(request.state === 'open' ? { tone: 'attention' as const } : { tone: 'success' as const })}>{request.state === 'open' ? 'Open' : 'Done'}</Badge>
        </InlineStack>
        <Text as="p" tone="subdued">
          {request.kind === 'data_request' ? 'Asked what is known about them' : 'Asked to be forgotten'} on {formats.date(request.receivedAt)}.{' '}
          {request.doneAt ? `Done on ${formats.date(request.doneAt)}.` : `To be answered until ${formats.date(request.dueAt)}.`}
        </Text>
      </BlockStack>
      <ButtonGroup>
        {request.hasExport && (
          <Button onClick={() => fetchFile.mutate()} loading={fetchFile.isPending}>
            Save the file
          </Button>
        )}
        {request.state === 'open' && (
          <Button onClick={() => done.mutate()} loading={done.isPending}>
            I have answered
          </Button>
        )}
      </ButtonGroup>
    </div>
  )
}
