import { useQuery } from '@tanstack/react-query'
import type { SegmentView } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { number, plural } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Rows } from '../ui/Rows.tsx'
import { BlockStack, Empty, Failed, icons, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import { segmentsReply } from './reply.ts'

/** Which groups of people have I made? */
export default function Segments() {
  const formats = useFormat()
  const asked = useQuery({ queryKey: ['segments'], queryFn: ({ signal }) => ask(segmentsReply, '/api/segments', { signal }) })
  if (asked.isError && !asked.data) return <Failed title="The segments could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data || !formats) return <PageSkeleton />
  const { segments } = asked.data
  if (segments.length === 0) {
    return (
      <PageFrame title="Segments" sentence="You have no segments yet." detail="A campaign goes to everybody you may mail, or to a segment of them.">
        <Empty icon={icons.Segment} heading="Write to the people it is for" action={{ content: 'Make a segment', url: '/segments/new' }}>
          For example: people who bought in the last 90 days, or who have not opened a mail for half a year.
        </Empty>
      </PageFrame>
    )
  }
  return (
    <PageFrame title="Segments" sentence={`${plural(segments.length, 'segment', 'segments')}, counted afresh each time they are used.`} primary={{ content: 'New segment', url: '/segments/new' }}>
      <Rows<SegmentView>
        rows={segments}
        id={(one) => one.id}
        url={(one) => `/segments/${one.id}`}
        names={{ singular: 'segment', plural: 'segments' }}
        columns={[
          {
            title: 'Segment',
            cell: (one) => (
              <BlockStack>
                <Text as="span" fontWeight="semibold" breakWord>
                  {one.name}
                </Text>
                <Text as="span" tone="subdued" variant="bodySm" breakWord>
                  Everybody who {one.sentence}
                </Text>
              </BlockStack>
            ),
          },
          { title: 'People', number: true, phone: 'hide', cell: (one) => number(one.people) },
          { title: 'May be mailed', number: true, phone: 'end', cell: (one) => <Text as="span" fontWeight="semibold">{number(one.mailable)}</Text> },
          { title: 'Changed', phone: 'below', cell: (one) => <Text as="span" tone="subdued">{formats.date(one.updatedAt)}</Text> },
        ]}
      />
    </PageFrame>
  )
}
