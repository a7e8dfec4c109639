import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { subscriberChoices, tagged, type SubscriberProfile, type TagInput } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { useFocusKept } from '../components/useFocusKept.ts'
import { number } from '../format.ts'
import { BlockStack, Button, Icon, icons, InlineError, Link, Section, Text } from '../ui/index.ts'
import css from './Profile.module.css'
import { TagField } from './TagField.tsx'

/** A person's tags: those that were given here can be taken away, the store's only there. */
export function PersonTags({ person }: { person: SubscriberProfile }) {
  const client = useQueryClient()
  const [adding, setAdding] = useState(false)
  const [tag, setTag] = useState('')
  const choices = useQuery({ queryKey: ['subscriber-choices'], queryFn: ({ signal }) => ask(subscriberChoices, '/api/subscribers/choices', { signal }), staleTime: 30_000, enabled: adding })
  const change = useMutation({
    mutationFn: (one: Pick<TagInput, 'tag' | 'action'>) => ask(tagged, '/api/subscribers/tag', { method: 'POST', body: { ...one, people: { ids: [person.id] } } satisfies TagInput }),
    onSuccess: async () => {
      setTag('')
      await Promise.all([['subscriber', person.id], ['subscribers'], ['subscriber-choices']].map((queryKey) => client.invalidateQueries({ queryKey })))
    },
  })
  const at = useRef<HTMLDivElement>(null)
  useFocusKept(at, person.tags.length)
  const own = person.tags.filter((one) => one.own)
  const theirs = person.tags.filter((one) => !one.own)
  return (
    <div ref={at}>
      <Section
        title={person.tags.length > 0 ? `Tags (${number(person.tags.length)})` : 'Tags'}
        explain={person.tags.length === 0 && !adding ? 'None yet.' : undefined}
        end={
          <Button variant="plain" onClick={() => setAdding(!adding)} ariaExpanded={adding}>
            {adding ? 'Done' : 'Add'}
          </Button>
        }
      >
        <BlockStack gap="300">
          {adding && (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                if (tag.trim() && !change.isPending) change.mutate({ tag, action: 'add' })
              }}
            >
              <BlockStack gap="200" inlineAlign="start">
                <div className={css.wide}>
                  <TagField label="New tag" labelHidden value={tag} onChange={setTag} known={(choices.data?.tags ?? []).filter((one) => !person.tags.some((has) => has.tag === one))} autoFocus />
                </div>
                <Button submit loading={change.isPending} disabled={tag.trim() === ''}>
                  Add this tag
                </Button>
              </BlockStack>
            </form>
          )}
          {own.length > 0 && (
            <ul className={css.tags}>
              {own.map((one) => (
                <li key={one.tag} className={css.tag}>
                  <Link url={listOf(one.tag)} removeUnderline>
                    {one.tag}
                  </Link>
                  <button type="button" className={css.away} aria-label={`Take the tag ${one.tag} away`} disabled={change.isPending} onClick={() => change.mutate({ tag: one.tag, action: 'remove' })}>
                    <Icon source={icons.Close} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          {theirs.length > 0 && (
            <BlockStack gap="150">
              <Text as="h3" variant="bodySm" tone="subdued">
                From your store, to be changed there
              </Text>
              <ul className={css.tags}>
                {theirs.map((one) => (
                  <li key={one.tag} className={css.tag}>
                    <Link url={listOf(one.tag)} removeUnderline>
                      {one.tag}
                    </Link>
                  </li>
                ))}
              </ul>
            </BlockStack>
          )}
          {change.isError && <InlineError message={wordsOf(change.error)} fieldID="tags" />}
        </BlockStack>
      </Section>
    </div>
  )
}

const listOf = (tag: string): string => `/subscribers?tag=${encodeURIComponent(tag)}`
