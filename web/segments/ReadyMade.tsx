import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from 'react-router-dom'
import { z } from 'zod'
import { readyMade, segmentView, type ReadyMade as Ready, type SegmentView } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { number, people } from '../format.ts'
import { Button, CardSkeleton, Failed, Link, Section, Text } from '../ui/index.ts'
import css from './Segment.module.css'

const reply = z.object({ segments: z.array(readyMade) })
const useReadyMade = (): UseQueryResult<z.infer<typeof reply>> => useQuery({ queryKey: ['segments-ready'], queryFn: ({ signal }) => ask(reply, '/api/segments/ready-made', { signal }), staleTime: 30_000 })

/** Segments that most shops need, each made with one press. */
export function ReadyMade({ own }: { own: SegmentView[] }) {
  const asked = useReadyMade()
  const client = useQueryClient()
  const navigate = useNavigate()
  const make = useMutation({
    mutationFn: (one: Ready) => ask(segmentView, '/api/segments', { method: 'POST', body: { name: one.name, rules: one.rules } }),
    onSuccess: async (view) => {
      client.setQueryData(['segment', view.id], view)
      await client.invalidateQueries({ queryKey: ['segments'] })
      toast('Made')
      navigate(`/segments/${view.id}`)
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const madeAs = (one: Ready): SegmentView | undefined => own.find(({ rules }) => JSON.stringify(rules) === JSON.stringify(one.rules))
  return (
    <Shelf asked={asked} title="Ready-made" explain="What most shops ask for. Taken into your list with one press; you can change them afterwards.">
      {(one) => {
        const made = madeAs(one)
        if (made) return <Link url={`/segments/${made.id}`}>In your list</Link>
        return (
          <Button onClick={() => make.mutate(one)} loading={make.isPending && make.variables.key === one.key} disabled={make.isPending} accessibilityLabel={`Use it: ${one.name}`}>
            Use it
          </Button>
        )
      }}
    </Shelf>
  )
}

/** The same, as a beginning of a new segment. */
export function Beginnings({ onChoose }: { onChoose: (one: Ready) => void }) {
  return (
    <Shelf asked={useReadyMade()} title="Or begin with one of these">
      {(one) => (
        <Button onClick={() => onChoose(one)} accessibilityLabel={`Begin with it: ${one.name}`}>
          Begin with it
        </Button>
      )}
    </Shelf>
  )
}

function Shelf({ asked, title, explain, children }: { asked: UseQueryResult<z.infer<typeof reply>>; title: string; explain?: string; children: (one: Ready) => React.ReactNode }) {
  if (asked.isError && !asked.data) return <Failed inline title="The ready-made segments could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <CardSkeleton lines={6} />
  return (
    <Section title={title} {...(explain ? { explain } : {})}>
      <ul className={css.shelf}>
        {asked.data.segments.map((one) => (
          <li key={one.key} className={css.ready}>
            <div className={css.readyWords}>
              <Text as="h3" variant="headingSm" breakWord>
                {one.name}
              </Text>
              <Text as="p" variant="bodySm" tone="subdued" breakWord>
                {one.help}
              </Text>
            </div>
            <span className={css.readyCount}>
              {people(one.people)}
              <Text as="span" variant="bodySm" tone="subdued">
                {number(one.mailable)} may be mailed
              </Text>
            </span>
            {children(one)}
          </li>
        ))}
      </ul>
    </Section>
  )
}
