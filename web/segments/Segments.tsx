import { useQuery } from '@tanstack/react-query'
import type { SegmentView } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { number, plural } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Rows } from '../ui/Rows.tsx'
import { Badge, BlockStack, Empty, Failed, icons, InlineStack, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import { ReadyMade } from './ReadyMade.tsx'
import css from './Segment.module.css'
import { segmentsReply } from './reply.ts'
import { StoreSegments } from './StoreSegments.tsx'

/** Which groups of people have I made, and which could I take? */
export default function Segments() {
  const formats = useFormat()
  const asked = useQuery({ queryKey: ['segments'], queryFn: ({ signal }) => ask(segmentsReply, '/api/segments', { signal }) })
  if (asked.isError && !asked.data) return <Failed title="The segments could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data || !formats) return <PageSkeleton />
  const { segments } = asked.data
  const none = segments.length === 0
  return (
    <PageFrame
      title="Segments"
      sentence={none ? 'You have no segments yet.' : `${plural(segments.length, 'segment', 'segments')}, counted afresh each time they are used.`}
      {...(none ? { detail: 'A campaign goes to everybody you may mail, or to a segment of them.' } : { primary: { content: 'New segment', url: '/segments/new' } })}
    >
      <BlockStack gap="400">
        {none ? (
          <Empty icon={icons.Segment} heading="Write to the people it is for" action={{ content: 'Make a segment', url: '/segments/new' }}>
            For example: people who bought in the last 90 days, or who have not opened a mail for half a year.
          </Empty>
        ) : (
          <Rows<SegmentView>
            rows={segments}
            id={(one) => one.id}
            url={(one) => `/segments/${one.id}`}
            names={{ singular: 'segment', plural: 'segments' }}
            columns={[
              { title: 'Segment', cell: (one) => <Name segment={one} /> },
              { title: 'People', number: true, phone: 'below', cell: (one) => <Figure value={one.people} words={one.people === 1 ? 'person' : 'people'} /> },
              { title: 'May be mailed', number: true, phone: 'below', cell: (one) => <Figure value={one.mailable} words="may be mailed" strong /> },
              { title: 'Changed', phone: 'hide', cell: (one) => <Text as="span" tone="subdued">{formats.date(one.updatedAt)}</Text> },
            ]}
          />
        )}
        <ReadyMade own={segments} />
        <StoreSegments />
      </BlockStack>
    </PageFrame>
  )
}

const Name = ({ segment }: { segment: SegmentView }) => (
  <BlockStack>
    <InlineStack gap="200" blockAlign="center">
      <Text as="span" fontWeight="semibold" breakWord>
        {segment.name}
      </Text>
      {segment.platform && <Badge>Your store’s</Badge>}
      {segment.fault && <Badge tone="warning">Something is gone</Badge>}
    </InlineStack>
    <Text as="span" tone="subdued" variant="bodySm" breakWord>
      <span className={css.clamp}>{segment.fault ?? (segment.platform ? 'As your store has it' : `Everybody who ${segment.sentence}`)}</span>
    </Text>
  </BlockStack>
)

/** A number, which on a phone stands without a heading above it. */
const Figure = ({ value, words, strong = false }: { value: number; words: string; strong?: boolean }) => (
  <Text as="span" {...(strong ? { fontWeight: 'semibold' as const } : {})}>
    {number(value)}
    <span className={css.onPhone}> {words}</span>
  </Text>
)
