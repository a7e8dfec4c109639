import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router-dom'
import { z } from 'zod'
import { subscriberCounts, subscriberList, type SubscriberCounts, type SubscriberList } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { PersonBadge } from '../components/PersonBadge.tsx'
import { useLater } from '../components/useLater.ts'
import { countryName, money, number, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Rows, type Column } from '../ui/Rows.tsx'
import { BlockStack, Box, Button, ButtonGroup, Empty, Failed, icons, PageFrame, PageSkeleton, Text, type Action } from '../ui/index.ts'
import { ExportDialog } from '../imports/ExportDialog.tsx'
import { AddDialog } from './AddDialog.tsx'
import { Filters } from './Filters.tsx'
import { Counting, countWords, peopleWords } from './Headcount.tsx'
import { asQuery, isFiltered, keepPlace, returnTo, useFilter } from './query.ts'
import { TagDialog } from './TagDialog.tsx'

type Row = SubscriberList['rows'][number]

/** Who are they, and may I write to them? */
export default function Subscribers() {
  const formats = useFormat()
  const { filter, cursor, change, clear } = useFilter()
  const [search, setSearch] = useSearch(filter.search, (text) => change({ search: text }))
  const [adding, setAdding] = useState(false)
  const [exporting, setExporting] = useState(false)
  const [tagging, setTagging] = useState<'add' | 'remove' | null>(null)
  const question = asQuery(filter)
  const asked = asQuery(filter, cursor)
  const list = useQuery({ queryKey: ['subscribers', asked], queryFn: ({ signal }) => ask(subscriberList, `/api/subscribers?${asked}`, { signal }), placeholderData: keepPreviousData })
  // The numbers of a long list take longer than its rows, so they come after them.
  const counted = useQuery({
    queryKey: ['subscribers', 'counts', question],
    queryFn: ({ signal }) => ask(subscriberCounts, `/api/subscribers/counts?${question}`, { signal }),
    enabled: list.isSuccess,
    placeholderData: keepPreviousData,
  })
  const page = list.data
  const [chosen, setChosen] = useChosen(asked, page?.rows)
  const { trail, place } = usePaging(page !== undefined && !list.isPlaceholderData)
  if (list.isError && !page && asked === '') return <Failed title="The subscribers could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
  if ((!page && !list.isError) || !formats) return <PageSkeleton />
  const rows = page?.rows ?? []
  const next = page?.nextCursor ?? null
  const buttons: { primary: Action; secondary: Action[] } = {
    primary: { content: 'Add person', onAction: () => setAdding(true) },
    secondary: [
      { content: 'Blocked addresses', url: '/subscribers/blocked' },
      { content: 'Import', url: '/subscribers/import' },
      { content: 'Export', onAction: () => setExporting(true) },
    ],
  }
  const dialogs = (
    <>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
      {exporting && <ExportDialog filter={question} onClose={() => setExporting(false)} />}
      {tagging && (
        <TagDialog
          action={tagging}
          ids={[...chosen]}
          everybody={chosen.size === rows.length && next !== null ? { filter, count: counted.isPlaceholderData ? undefined : counted.data?.fit } : null}
          onClose={() => setTagging(null)}
        />
      )}
    </>
  )
  if (rows.length === 0 && asked === '') {
    return (
      <PageFrame title="Subscribers" sentence="There is nobody here yet." {...buttons}>
        <Empty icon={icons.Team} heading="People come by themselves" action={{ content: 'Go to the sign-up forms', url: '/forms' }}>
          Your store’s customers appear here once they are read, and visitors as soon as they sign up.
        </Empty>
        {dialogs}
      </PageFrame>
    )
  }
  return (
    <PageFrame title="Subscribers" sentence={<Sentence counts={counted.data} failed={counted.isError || list.isError} />} detail="The others are here too, with the reason why not." {...buttons}>
      <Rows
        rows={rows}
        id={(row) => row.id}
        url={(row) => `/subscribers/${row.id}`}
        onOpen={place}
        names={{ singular: 'person', plural: 'people' }}
        columns={columns(formats, page?.currency ?? formats.currency)}
        selection={{
          chosen,
          onChange: setChosen,
          name: (row) => row.email,
          actions: [
            { content: 'Add a tag', onAction: () => setTagging('add') },
            { content: 'Take a tag away', onAction: () => setTagging('remove') },
          ],
        }}
        header={<Filters search={search} onSearch={setSearch} filter={filter} onChange={change} onClear={clear} busy={list.isFetching} />}
        footer={
          !page ? (
            <Failed inline title="These people could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
          ) : rows.length === 0 ? (
            <Box paddingBlock="800">
              <BlockStack gap="300" inlineAlign="center">
                <Text as="p" tone="subdued" alignment="center">
                  {next ? 'Nobody who fits so far, and many are still to be looked through.' : cursor ? 'There is nobody further on.' : 'Nobody fits. Look for less, or take a filter away.'}
                </Text>
                {(cursor || next) && <Turn trail={trail} next={next} />}
              </BlockStack>
            </Box>
          ) : (
            <BlockStack gap="200" inlineAlign="center">
              <Text as="p" tone="subdued" variant="bodySm">
                {number(rows.length)} of {counted.data && !counted.isPlaceholderData ? peopleWords(counted.data.fit) : counted.isError ? 'all' : <Counting />}
                {isFiltered(filter) ? ' who fit' : ''}
              </Text>
              <Turn trail={trail} next={next} />
            </BlockStack>
          )
        }
      />
      {list.isError && page && (
        <Box paddingBlockStart="400">
          <Failed inline title="The list could not be read anew" words={wordsOf(list.error)} again={() => void list.refetch()} />
        </Box>
      )}
      {dialogs}
    </PageFrame>
  )
}

function Sentence({ counts, failed }: { counts: SubscriberCounts | undefined; failed: boolean }) {
  if (!counts) return failed ? <>Your subscribers.</> : <>You may mail <Counting /> of <Counting /> people.</>
  const { mailable: may, everybody } = counts
  if (may.more) return <>You may mail {peopleWords(may)}.</>
  return (
    <>
      You may mail {countWords(may)} of {peopleWords(everybody)}.
    </>
  )
}

/** Older people stand on the next page, newer ones on the one before. Who came by a link to the middle can go to the top. */
function Turn({ trail, next }: { trail: string[]; next: string | null }) {
  const navigate = useNavigate()
  const { search } = useLocation()
  const here = new URLSearchParams(search).get('cursor') ?? ''
  const go = (cursor: string, after: string[]): void => {
    const params = new URLSearchParams(search)
    if (cursor) params.set('cursor', cursor)
    else params.delete('cursor')
    navigate({ search: params.toString() }, { state: { trail: after } })
  }
  if (here === '' && next === null) return null
  return (
    <nav aria-label="Pages">
      <ButtonGroup>
        {here !== '' && trail.length !== 1 && <Button onClick={() => go('', [])}>Newest</Button>}
        <Button disabled={trail.length === 0} onClick={() => go(trail.at(-1) ?? '', trail.slice(0, -1))}>
          Newer
        </Button>
        <Button disabled={next === null} onClick={() => go(next ?? '', [...trail, here])}>
          Older
        </Button>
      </ButtonGroup>
    </nav>
  )
}

/** The pages before this one, newest first, by where they begin. */
const state = z.object({ trail: z.array(z.string()) })

/** How one came to this page of the list, and where one was in it when one opened a person: coming back leads there. */
function usePaging(stands: boolean): { trail: string[]; place: () => void } {
  const location = useLocation()
  const [back] = useState(() => returnTo(location.search))
  const told = state.safeParse(location.state).data?.trail
  const trail = told ?? (back?.search === location.search ? back.trail : [])
  const scrolled = useRef(false)
  const seen = useRef(location.search)
  useEffect(() => {
    if (!stands) return
    const turned = seen.current !== location.search
    seen.current = location.search
    if (turned) window.scrollTo(0, 0)
    else if (back && !scrolled.current) requestAnimationFrame(() => window.scrollTo(0, back.top)) // after the page itself began at its top
    scrolled.current = true
  }, [stands, back, location.search])
  return { trail, place: () => keepPlace({ search: location.search, trail, top: window.scrollY }) }
}

/** What is typed into the search field at once, and the address a little later. */
function useSearch(asked: string, onChange: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(asked)
  const later = useLater(text.trim(), 250)
  const last = useRef(asked)
  useEffect(() => {
    if (later === last.current) return
    last.current = later
    onChange(later)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only what is typed asks
  }, [later])
  useEffect(() => {
    if (asked === last.current) return
    last.current = asked // by a link, or by going back
    setText(asked)
  }, [asked])
  return [text, setText]
}

/** Who is chosen of those who are shown; another page begins with nobody. */
function useChosen(page: string, rows: Row[] = []): [Set<string>, (next: Set<string>) => void] {
  const [chosen, setChosen] = useState({ page, ids: new Set<string>() })
  const here = chosen.page === page ? rows.flatMap((row) => (chosen.ids.has(row.id) ? [row.id] : [])) : []
  return [new Set(here), (ids) => setChosen({ page, ids })]
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
