import { useState } from 'react'
import type { SegmentView } from '../../app/segments/contract.ts'
import { number, people, type Format } from '../format.ts'
import { Banner, BlockStack, PageFrame, Section, Text } from '../ui/index.ts'
import { DeleteDialog } from './DeleteDialog.tsx'

/** A segment of the store's own: who is in it is decided there; here one sees how many, and since when we know. */
export function Followed({ segment, formats }: { segment: SegmentView; formats: Format }) {
  const [deleting, setDeleting] = useState(false)
  return (
    <PageFrame
      title={segment.name}
      back={{ content: 'Segments', url: '/segments' }}
      sentence={segment.readAt ? `${people(segment.people)}, of whom you may mail ${number(segment.mailable)}.` : 'The people of this segment are being read from your store.'}
      detail={`“${segment.name}” is a segment of your store.`}
      secondary={[{ content: 'Stop following', tone: 'critical', onAction: () => setDeleting(true) }]}
    >
      <BlockStack gap="400">
        {segment.fault && (
          <Banner tone="warning" title="Nobody is in this segment at the moment">
            <Text as="p">{segment.fault}</Text>
          </Banner>
        )}
        <Section title="Followed from your store">
          <Text as="p">Who belongs to it is decided in your store’s admin, under Customers. Change it there, and it changes here when it is read again.</Text>
          <Text as="p" tone="subdued">
            {segment.readAt ? `Last read on ${formats.dateTime(segment.readAt)}.` : 'You may leave this page: the reading goes on.'}
          </Text>
        </Section>
      </BlockStack>
      {deleting && <DeleteDialog segment={segment} onClose={() => setDeleting(false)} />}
    </PageFrame>
  )
}
