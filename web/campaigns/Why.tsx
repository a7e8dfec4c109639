import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { whyReply } from '../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { useLater } from '../components/useLater.ts'
import { Badge, BlockStack, Failed, Icon, icons, InlineStack, Link, Text, TextField } from '../ui/index.ts'

/** "Why not Ada?": one sentence for each person who fits. */
export function Why({ id }: { id: string }) {
  const [text, setText] = useState('')
  const q = useLater(text.trim(), 250)
  const found = useQuery({
    queryKey: ['why', id, q],
    queryFn: ({ signal }) => ask(whyReply, `/api/campaigns/${id}/why`, { method: 'POST', body: { q }, signal }),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  })
  return (
    <BlockStack gap="300">
      <TextField label="Name or address" labelHidden value={text} onChange={setText} placeholder="Name or e-mail address" autoComplete="off" prefix={<Icon source={icons.Search} tone="subdued" />} clearButton onClearButtonClick={() => setText('')} />
      {found.isError && <Failed inline title="The search did not work" words={wordsOf(found.error)} again={() => void found.refetch()} />}
      <div aria-live="polite">
        {q !== '' && found.data && (
          <BlockStack gap="300">
            {found.data.people.length === 0 && <Text as="p" tone="subdued">Nobody with “{q}” in their name or address.</Text>}
            {found.data.people.map((person) => (
              <BlockStack key={person.subscriberId} gap="050">
                <InlineStack gap="200" blockAlign="center">
                  <Link url={`/subscribers/${person.subscriberId}`}>{person.name || person.email}</Link>
                  <Badge {...(person.gets ? { tone: 'success' as const } : {})}>{person.gets ? 'Gets it' : 'Does not'}</Badge>
                </InlineStack>
                {person.name && (
                  <Text as="span" variant="bodySm" tone="subdued" breakWord>
                    {person.email}
                  </Text>
                )}
                <Text as="p">{person.sentence}</Text>
              </BlockStack>
            ))}
          </BlockStack>
        )}
      </div>
    </BlockStack>
  )
}
