import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import { mailable, subscriberList, type SubscriberList } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { PersonBadge } from '../components/PersonBadge.tsx'
import { useLater } from '../components/useLater.ts'
import { countryName, money, number, people, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Rows, type Column } from '../ui/Rows.tsx'
import { BlockStack, Box, Button, Empty, Failed, icons, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import { Filters } from './Filters.tsx'

type Row = SubscriberList['rows'][number]

/** Who are they, and may I write to them? */
export default function Subscribers() {
  const formats = useFormat()
  const [params, setParams] = useSearchParams()
  const [search, setSearch] = useState(params.get('search') ?? '')
  const status = mailable.safeParse(params.get('status')).data
  const tag = params.get('tag') ?? ''
  const sought = useLater(search.trim(), 250)
  const list = useInfiniteQuery({
    queryKey: ['subscribers', sought, status ?? '', tag],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ ...(sought ? { search: sought } : {}), ...(status ? { status } : {}), ...(tag ? { tag } : {}), ...(pageParam ? { cursor: pageParam } : {}) })
      return ask(subscriberList, `/api/subscribers?${query}`, { signal })
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  })
  const change = (key: string, value: string): void => {
    const next = new URLSearchParams(params)
    if (value) next.set(key, value)
    else next.delete(key)
    setParams(next, { replace: true })
  }
  if (list.isError && !list.data) return <Failed title="The subscribers could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
  if (!list.data || !formats) return <PageSkeleton />
  const [page] = list.data.pages
  const rows = list.data.pages.flatMap((one) => one.rows)
  const { everybody, mailable: may } = page?.counts ?? { everybody: 0, mailable: 0 }
  const filtered = sought !== '' || status !== undefined || tag !== ''
  if (everybody === 0) {
    return (
      <PageFrame title="Subscribers" sentence="There is nobody here yet." secondary={[{ content: 'Blocked addresses', url: '/subscribers/blocked' }]}>
        <Empty icon={icons.Team} heading="People come by themselves" action={{ content: 'Go to the sign-up forms', url: '/forms' }}>
          Your store’s customers appear here once they are read, and visitors as soon as they sign up.
        </Empty>
      </PageFrame>
    )
  }
  return (
    <PageFrame title="Subscribers" sentence={`You may mail ${number(may)} of ${people(everybody)}.`} detail="The others are here too, with the reason why not." secondary={[{ content: 'Blocked addresses', url: '/subscribers/blocked' }]}>
      <Rows
        rows={rows}
        id={(row) => row.id}
        url={(row) => `/subscribers/${row.id}`}
        names={{ singular: 'person', plural: 'people' }}
        columns={columns(formats, page?.currency ?? formats.currency)}
        header={<Filters search={search} onSearch={setSearch} status={status ?? ''} onStatus={(value) => change('status', value)} tag={tag} onTag={(value) => change('tag', value)} busy={list.isFetching} />}
        footer={
          rows.length === 0 ? (
            <Box paddingBlock="800">
              <Text as="p" tone="subdued" alignment="center">
                Nobody fits. Look for less, or take a filter away.
              </Text>
            </Box>
          ) : (
            <BlockStack gap="200" inlineAlign="center">
              <Text as="p" tone="subdued" variant="bodySm">
                {number(rows.length)} of {people(page?.total ?? rows.length)}
                {filtered ? ' who fit' : ''}
              </Text>
              {list.hasNextPage && (
                <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                  Show more
                </Button>
              )}
            </BlockStack>
          )
        }
      />
    </PageFrame>
  )
}

const columns = (formats: Format, currency: string): Column<Row>[] => [
  {
    title: 'Person',
    cell: (row) => (
      <BlockStack>
        <Text as="span" fontWeight="semibold" breakWord>
          {row.name || row.email}
        </Text>
        {row.name && (
          <Text as="span" tone="subdued" variant="bodySm" breakWord>
            {row.email}
          </Text>
        )}
      </BlockStack>
    ),
  },
  { title: 'May I write?', phone: 'end', cell: (row) => <PersonBadge status={row.status} /> },
  { title: 'Country', phone: 'hide', cell: (row) => (row.country ? countryName(row.country) : '') },
  { title: 'Orders', number: true, phone: 'hide', cell: (row) => number(row.ordersCount) },
  { title: 'Spent', number: true, phone: 'below', cell: (row) => money(row.totalSpent, currency) },
  { title: 'Here since', phone: 'below', cell: (row) => <Text as="span" tone="subdued">{formats.date(row.createdAt)}</Text> },
]
