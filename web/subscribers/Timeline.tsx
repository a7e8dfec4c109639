import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { timeline, type SubscriberProfile, type Timeline as Part } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import type { Format } from '../format.ts'
import { Badge, BlockStack, Button, Icon, icons, InlineError, InlineStack, SkeletonBodyText, Text, type IconSource } from '../ui/index.ts'
import { Chip } from './Filters.tsx'
import filters from './Filters.module.css'
import css from './Timeline.module.css'

const looks: Record<string, IconSource> = {
  ordered: icons.Order, delivered: icons.Mail, sent: icons.Send, opened: icons.Opened, clicked: icons.Clicked, bounced: icons.Warning, blocked: icons.Warning, dropped: icons.Warning, deferred: icons.Schedule,
  complained: icons.Alert, signed_up: icons.Forms, confirmed: icons.Done, unsubscribed: icons.PersonLeft, consent: icons.Consent, restricted: icons.Lock, restriction_lifted: icons.Lock,
}

const shows = [
  { words: 'Everything', kinds: null },
  { words: 'Orders', kinds: ['ordered'] },
  { words: 'Mails', kinds: ['sent', 'delivered', 'deferred', 'blocked', 'dropped', 'bounced', 'complained'] },
  { words: 'Opens', kinds: ['opened'] },
  { words: 'Clicks', kinds: ['clicked'] },
  { words: 'Consent', kinds: ['signed_up', 'confirmed', 'unsubscribed', 'consent', 'complained', 'restricted', 'restriction_lifted'] },
] as const

/** What happened with one person, newest first, all of it or one sort. What a machine did says so. */
export function Timeline({ person, formats }: { person: SubscriberProfile; formats: Format }) {
  const [at, setAt] = useState(0)
  const { nextBefore } = person
  // The newest part came with the person; this asks for what is older.
  const older = useInfiniteQuery({
    queryKey: ['subscriber', person.id, 'older', nextBefore],
    queryFn: ({ pageParam, signal }) => ask(timeline, `/api/subscribers/${person.id}/timeline?${new URLSearchParams({ before: pageParam ?? '' })}`, { signal }),
    initialPageParam: nextBefore,
    getNextPageParam: (part: Part) => part.nextBefore,
    enabled: false,
    staleTime: Infinity, // the past stays as it is
  })
  const parts = older.data?.pages ?? []
  const more = older.data ? older.hasNextPage : nextBefore !== null
  const fetchMore = (): void => void (older.data ? older.fetchNextPage() : older.refetch())
  const kinds: readonly string[] | null = shows[at]?.kinds ?? null
  const all = [...person.timeline, ...parts.flatMap((part) => part.items)]
  const items = kinds ? all.filter((item) => kinds.includes(item.kind)) : all
  const seeks = kinds !== null && items.length === 0 && more && !older.isError
  useEffect(() => {
    // Nothing of this sort so far: look further back until there is something, or nothing is left.
    if (seeks && !older.isFetching) fetchMore()
  })
  if (all.length === 0) return null
  return (
    <BlockStack gap="400">
      <div className={filters.chips} role="group" aria-label="What to show">
        {shows.map((one, n) => (
          <Chip key={one.words} words={one.words} on={n === at} onPress={() => setAt(n)} />
        ))}
      </div>
      {items.length === 0 && (seeks || older.isFetching ? <SkeletonBodyText lines={2} /> : <Text as="p" tone="subdued">{older.isError ? '' : 'Nothing of this.'}</Text>)}
      <ol className={css.line}>
        {items.map((item, n) => (
          <li key={`${item.at}${item.kind}${n}`} className={css.item}>
            <span className={css.icon}>
              <Icon source={looks[item.kind] ?? icons.Info} tone={item.verdict === 'machine' ? 'subdued' : 'base'} />
            </span>
            <div className={css.words}>
              <InlineStack gap="200" blockAlign="center">
                <Text as="span" fontWeight="medium" {...(item.verdict === 'machine' ? { tone: 'subdued' as const } : {})} breakWord>
                  {item.title}
                </Text>
                {item.verdict === 'machine' && <Badge>Machine</Badge>}
                {item.verdict === 'unknown' && <Badge>Cannot be told</Badge>}
              </InlineStack>
              {item.detail && (
                <Text as="p" tone="subdued" breakWord>
                  {item.detail}
                </Text>
              )}
            </div>
            <time dateTime={item.at} className={css.time}>
              {formats.dateTime(item.at)}
            </time>
          </li>
        ))}
      </ol>
      {older.isError && <InlineError message={wordsOf(older.error)} fieldID="timeline" />}
      {more && !seeks && (
        <div>
          <Button onClick={fetchMore} loading={older.isFetching}>
            Older
          </Button>
        </div>
      )}
    </BlockStack>
  )
}
