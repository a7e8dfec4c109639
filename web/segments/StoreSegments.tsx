import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { segmentView, storeSegment, type StoreSegment } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Button, CardSkeleton, Failed, Link, Section, Text } from '../ui/index.ts'
import css from './Segment.module.css'

const reply = z.object({ segments: z.array(storeSegment) })

/** The segments that the store itself has, to be followed as they are. */
export function StoreSegments() {
  const client = useQueryClient()
  const asked = useQuery({ queryKey: ['segments-store'], queryFn: ({ signal }) => ask(reply, '/api/segments/store', { signal }), staleTime: 60_000 })
  const follow = useMutation({
    mutationFn: (one: StoreSegment) => ask(segmentView, '/api/segments/store', { method: 'POST', body: { platformId: one.platformId } }),
    onSuccess: async (view) => {
      client.setQueryData(['segment', view.id], view)
      await Promise.all([client.invalidateQueries({ queryKey: ['segments'] }), client.invalidateQueries({ queryKey: ['segments-store'] })])
      toast('Followed')
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  if (asked.isError && !asked.data) return <Failed inline title="The segments of your store could not be read" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <CardSkeleton lines={4} />
  if (asked.data.segments.length === 0) return null
  return (
    <Section title="Your store’s own segments" explain="Made in your store’s admin, under Customers. Follow one, and you can send campaigns to its people.">
      <ul className={css.shelf}>
        {asked.data.segments.map((one) => (
          <li key={one.platformId} className={css.ready}>
            <div className={css.readyWords}>
              <Text as="h3" variant="headingSm" breakWord>
                {one.name}
              </Text>
              <Text as="p" variant="bodySm" tone="subdued" breakWord>
                {one.query}
              </Text>
            </div>
            {one.segmentId ? (
              <Link url={`/segments/${one.segmentId}`}>In your list</Link>
            ) : (
              <Button onClick={() => follow.mutate(one)} loading={follow.isPending && follow.variables.platformId === one.platformId} disabled={follow.isPending} accessibilityLabel={`Follow: ${one.name}`}>
                Follow
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
