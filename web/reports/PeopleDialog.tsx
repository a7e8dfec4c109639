import { useInfiniteQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { peopleQuery, peopleReply } from '../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../api.ts'
import type { Format } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Box, Button, Failed, Link, SkeletonBodyText, Text } from '../ui/index.ts'
import css from './PeopleDialog.module.css'

export type Show = z.infer<typeof peopleQuery>['show']
const titles: Record<Show, string> = {
  all: 'Everybody', excluded: 'Who did not get it', accepted: 'Sent to', delivered: 'Delivered to', opened: 'Who opened it', clicked: 'Who clicked a link', ordered: 'Who ordered', bounced: 'Where it came back',
  unsubscribed: 'Who unsubscribed', held: 'Not known whether it arrived', refused: 'Refused by the mail service', suppressed: 'Left out at the last moment', uncertain: 'No clear answer yet', waiting: 'Waiting',
}

/** The people behind a number of a report, page by page. */
export const PeopleDialog = ({ id, show, formats, onClose }: { id: string; show: Show | null; formats: Format; onClose: () => void }) => (
  <PeoplePages title={titles[show ?? 'all']} path={show && `/api/campaigns/${id}/people?show=${show}`} formats={formats} onClose={onClose} />
)

/** The people that `path` (with a query) answers, page by page; closed while it is null. */
export function PeoplePages({ title, path, formats, onClose }: { title: string; path: string | null; formats: Format; onClose: () => void }) {
  const list = useInfiniteQuery({
    queryKey: ['people', path],
    queryFn: ({ pageParam, signal }) => ask(peopleReply, `${path ?? ''}${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''}`, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    enabled: path !== null,
  })
  const found = list.data?.pages.flatMap((page) => page.people)
  return (
    <Dialog open={path !== null} title={title} onClose={onClose} flush>
      {list.isError && (
        <Box padding="400">
          <Failed inline title="The people could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />
        </Box>
      )}
      {list.isPending && path !== null && (
        <Box padding="400">
          <SkeletonBodyText lines={6} />
        </Box>
      )}
      {found?.length === 0 && (
        <Box padding="400">
          <Text as="p" tone="subdued">
            Nobody yet.
          </Text>
        </Box>
      )}
      <ul className={css.list}>
        {found?.map((person) => (
          <li key={person.subscriberId} className={css.person}>
            <BlockStack>
              <Link url={`/subscribers/${person.subscriberId}`} removeUnderline>
                {person.name || person.email}
              </Link>
              {person.name && (
                <Text as="span" variant="bodySm" tone="subdued" breakWord>
                  {person.email}
                </Text>
              )}
            </BlockStack>
            <BlockStack inlineAlign="end">
              <Text as="span" alignment="end">
                {person.words}
              </Text>
              {person.said && (
                <Text as="span" variant="bodySm" tone="subdued" alignment="end" breakWord>
                  {person.said}
                </Text>
              )}
              {person.at && (
                <Text as="span" variant="bodySm" tone="subdued">
                  {formats.dateTime(person.at)}
                </Text>
              )}
            </BlockStack>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Box padding="300">
          <Button fullWidth onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
            Show more
          </Button>
        </Box>
      )}
    </Dialog>
  )
}
