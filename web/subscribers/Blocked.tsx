import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'react-router-dom'
import { blockReason, suppressionFound, suppressionList, type BlockedAddress } from '../../app/suppressions/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { useLater } from '../components/useLater.ts'
import { number, plural, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { BlockStack, Box, Button, Card, Empty, Failed, Icon, icons, PageFrame, PageSkeleton, SkeletonBodyText, Text, TextField } from '../ui/index.ts'
import { BlockDialog } from './BlockDialog.tsx'
import { BlockedItem, reasonNames } from './BlockedItem.tsx'
import css from './Blocked.module.css'
import filters from './Filters.module.css'
import { LiftDialog } from './LiftDialog.tsx'

/** Which addresses get nothing, and why? */
export default function Blocked() {
  const formats = useFormat()
  const client = useQueryClient()
  const [params, setParams] = useSearchParams()
  const [adding, setAdding] = useState(false)
  const [lifting, setLifting] = useState<BlockedAddress | null>(null)
  const [search, setSearch] = useState('')
  const sought = useLater(search.trim(), 300)
  const reason = blockReason.safeParse(params.get('reason')).data
  const list = useInfiniteQuery({
    queryKey: ['suppressions', reason ?? ''],
    queryFn: ({ pageParam, signal }) => ask(suppressionList, `/api/suppressions?${new URLSearchParams({ ...(reason ? { reason } : {}), ...(pageParam ? { cursor: pageParam } : {}) })}`, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  })
  if (list.isError && !list.data) return <Failed title="The blocked addresses could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
  if (!list.data || !formats) return <PageSkeleton />
  const counts = list.data.pages[0]?.counts ?? { bounced: 0, complained: 0, manual: 0 }
  const total = counts.bounced + counts.complained + counts.manual
  const rows = list.data.pages.flatMap((page) => page.rows)
  const changed = (): void => void Promise.all([['suppressions'], ['subscribers'], ['subscriber'], ['home']].map((queryKey) => client.invalidateQueries({ queryKey })))
  return (
    <PageFrame
      title="Blocked addresses"
      back={{ content: 'Subscribers', url: '/subscribers' }}
      sentence={total === 0 ? 'No address is blocked.' : `${plural(total, 'address gets', 'addresses get')} nothing from you.`}
      detail="Whatever else they agreed to: a blocked address is left out of everything, also of mail that is just going out. Whoever unsubscribed need not be here: they get nothing anyway."
      primary={{ content: 'Block addresses', onAction: () => setAdding(true) }}
    >
      {total === 0 && sought === '' ? (
        <Empty icon={icons.Lock} heading="Nobody yet">
          Addresses that do not work and people who mark a mail as spam come here by themselves. You can block others by hand.
        </Empty>
      ) : (
        <Card padding="0">
          <div className={filters.filters}>
            <div role="search">
              <TextField
                label="Look for one address"
                labelHidden
                value={search}
                onChange={setSearch}
                placeholder="Look for a whole e-mail address"
                autoComplete="off"
                maxLength={320}
                prefix={<Icon source={icons.Search} tone="subdued" />}
                clearButton
                onClearButtonClick={() => setSearch('')}
              />
            </div>
            {sought === '' && (
              <div className={filters.chips} role="group" aria-label="Why they are blocked">
                <Chip words={`All ${number(total)}`} on={!reason} onPress={() => setParams({}, { replace: true })} />
                {blockReason.options.map((one) => (
                  <Chip key={one} words={`${reasonNames[one]} ${number(counts[one])}`} on={reason === one} onPress={() => setParams(reason === one ? {} : { reason: one }, { replace: true })} />
                ))}
              </div>
            )}
          </div>
          {sought === '' ? (
            <>
              <ul className={css.list}>
                {rows.map((row) => (
                  <BlockedItem key={`${row.key} ${row.reason}`} row={row} formats={formats} onLift={() => setLifting(row)} />
                ))}
              </ul>
              {rows.length === 0 && (
                <Box padding="600">
                  <Text as="p" tone="subdued" alignment="center">
                    Nobody is blocked for this reason.
                  </Text>
                </Box>
              )}
              {list.hasNextPage && (
                <Box padding="300">
                  <Button fullWidth onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                    Show more
                  </Button>
                </Box>
              )}
            </>
          ) : (
            <Found email={sought} formats={formats} onLift={setLifting} />
          )}
        </Card>
      )}
      {adding && <BlockDialog onClose={() => setAdding(false)} onDone={changed} />}
      <LiftDialog row={lifting} {...(sought ? { email: sought } : {})} onClose={() => setLifting(null)} onDone={changed} />
    </PageFrame>
  )
}

/** One address, whether or not it is in the list. */
function Found({ email, formats, onLift }: { email: string; formats: Format; onLift: (row: BlockedAddress) => void }) {
  const whole = /^\S+@\S+\.\S{2,}$/.test(email)
  const found = useQuery({
    queryKey: ['suppressions', 'find', email],
    queryFn: ({ signal }) => ask(suppressionFound, '/api/suppressions/find', { method: 'POST', body: { email }, signal }),
    enabled: whole,
  })
  if (!whole || found.isError || !found.data)
    return (
      <Box padding="400">
        {!whole ? (
          <Text as="p" tone="subdued">
            Write the whole address, such as ada@example.com. Addresses are kept as a secret code, so parts of them cannot be looked for.
          </Text>
        ) : found.isError ? (
          <Failed inline title="The search did not work" words={wordsOf(found.error)} again={() => void found.refetch()} />
        ) : (
          <SkeletonBodyText lines={2} />
        )}
      </Box>
    )
  const { rows, acts } = found.data
  return (
    <div aria-live="polite">
      {rows.length === 0 ? (
        <Box padding="400">
          <Text as="p">{email} is not blocked.</Text>
        </Box>
      ) : (
        <ul className={css.list}>
          {rows.map((row) => (
            <BlockedItem key={row.reason} row={row} email={email} formats={formats} onLift={() => onLift(row)} />
          ))}
        </ul>
      )}
      {acts.length > 0 && (
        <Box padding="400" borderBlockStartWidth="025" borderColor="border-secondary">
          <BlockStack gap="100">
            <Text as="h2" variant="headingSm">
              What your shop did with it
            </Text>
            {acts.map((act) => (
              <Text as="p" tone="subdued" key={`${act.at} ${act.act}`} breakWord>
                {formats.dateTime(act.at)}: {act.act === 'blocked' ? 'blocked' : `the block “${reasonNames[act.reason]}” was lifted`}
                {act.note ? ` (${act.note})` : ''}
              </Text>
            ))}
          </BlockStack>
        </Box>
      )}
    </div>
  )
}

const Chip = ({ words, on, onPress }: { words: string; on: boolean; onPress: () => void }) => (
  <button type="button" className={on ? filters.chipOn : filters.chip} aria-pressed={on} onClick={onPress}>
    {words}
  </button>
)
