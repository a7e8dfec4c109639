import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { campaignList, type CampaignRow } from '../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { SendBar } from '../components/SendBar.tsx'
import { money, number, plural, readable, share, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Rows, type Column } from '../ui/Rows.tsx'
import { BlockStack, Button, Failed, PageFrame, PageSkeleton, Section, Text } from '../ui/index.ts'
import css from './Campaigns.module.css'
import { beginsNow, useGoing } from './queries.ts'
import { Templates } from './Templates.tsx'

/** What did I send, what is going out? */
export default function Campaigns() {
  const [choosing, setChoosing] = useState(false)
  const formats = useFormat()
  const list = useInfiniteQuery({
    queryKey: ['campaigns'],
    queryFn: ({ pageParam, signal }) => ask(campaignList, `/api/campaigns${pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : ''}`, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    // Only until it has begun: how far the others are is asked for by itself, which costs the server a hundredth.
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.campaigns.some((row) => beginsNow(row, page.now))) ? 3000 : false),
  })
  const listed = list.data?.pages.flatMap((page) => page.campaigns.map((row) => ({ ...row, ...(beginsNow(row, page.now) ? { status: 'preparing' as const } : {}) })))
  const rows = useGoing(listed ?? [])
  if (list.isError && !list.data) return <Failed title="The campaigns could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
  if (!list.data || !formats) return <PageSkeleton />
  if (rows.length === 0) {
    return (
      <PageFrame title="Campaigns" sentence="You have not sent anything yet.">
        <Section title="Begin with a template" explain="Each one is yours to change: words, pictures, products, colours.">
          <Templates />
        </Section>
      </PageFrame>
    )
  }
  return (
    <PageFrame title="Campaigns" sentence={sentenceOf(rows, list.hasNextPage)} primary={{ content: 'New campaign', onAction: () => setChoosing(true) }}>
      <Rows
        rows={rows}
        columns={columns(formats)}
        id={(row) => row.id}
        url={(row) => `/campaigns/${row.id}`}
        names={{ singular: 'campaign', plural: 'campaigns' }}
        {...(list.hasNextPage
          ? {
              footer: (
                <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                  Show older ones
                </Button>
              ),
            }
          : {})}
      />
      <Dialog open={choosing} title="New campaign" onClose={() => setChoosing(false)} size="large">
        <Templates />
      </Dialog>
    </PageFrame>
  )
}

function sentenceOf(rows: CampaignRow[], more: boolean): string {
  const count = (...states: CampaignRow['status'][]): number => rows.filter((row) => states.includes(row.status)).length
  const going = count('preparing', 'sending')
  const planned = count('scheduled')
  const parts = [
    going > 0 && `${plural(going, 'campaign is', 'campaigns are')} going out now`,
    planned > 0 && `${number(planned)} ${planned === 1 ? 'is' : 'are'} scheduled`,
    !more && `${number(count('sent'))} sent`,
    count('draft') > 0 && plural(count('draft'), 'draft', 'drafts'),
  ].filter((part) => part !== false)
  const text = parts.join(', ')
  return text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : 'Your campaigns.'
}

const columns = (formats: Format): Column<CampaignRow>[] => [
  {
    title: 'Campaign',
    cell: (row) => (
      <BlockStack>
        <Text as="span" fontWeight="semibold" breakWord>
          {row.name}
        </Text>
        {row.subject && row.subject !== row.name && (
          <Text as="span" tone="subdued" variant="bodySm" breakWord>
            {readable(row.subject)}
          </Text>
        )}
      </BlockStack>
    ),
  },
  { title: 'Status', phone: 'end', cell: (row) => <CampaignBadge status={row.status} /> },
  { title: 'When', phone: 'below', cell: (row) => <When row={row} formats={formats} /> },
  { title: 'Delivered', number: true, phone: 'hide', cell: (row) => (row.figures ? number(row.figures.delivered) : '') },
  { title: 'Opened', number: true, phone: 'hide', cell: (row) => row.figures && <Share part={row.figures.openedHuman} whole={row.figures.delivered} /> },
  { title: 'Clicked', number: true, phone: 'hide', cell: (row) => row.figures && <Share part={row.figures.clickedHuman} whole={row.figures.delivered} /> },
  { title: 'Revenue', number: true, phone: 'below', cell: (row) => (row.figures ? money(row.figures.revenue, row.currency) : '') },
]

function When({ row, formats }: { row: CampaignRow; formats: Format }) {
  if (row.progress && (row.status === 'sending' || row.status === 'paused')) {
    return (
      <div className={css.progress}>
        <SendBar progress={row.progress} small />
      </div>
    )
  }
  const at = row.status === 'scheduled' ? row.scheduledAt : (row.finishedAt ?? row.startedAt)
  return (
    <Text as="span" tone="subdued">
      {at ? formats.dateTime(at) : `Changed ${formats.dateTime(row.updatedAt)}`}
    </Text>
  )
}

/** A percentage with a small bar, read as a number by everybody. */
function Share({ part, whole }: { part: number; whole: number }) {
  return (
    <span className={css.share}>
      {share(part, whole)}
      <span className={css.track} aria-hidden="true">
        <span style={{ width: `${whole === 0 ? 0 : Math.min(100, (part / whole) * 100)}%` }} />
      </span>
    </span>
  )
}
