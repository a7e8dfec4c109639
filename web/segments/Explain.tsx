import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { explained, type Explained } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { useLater } from '../components/useLater.ts'
import { Badge, Failed, Icon, icons, Link, Section, Spinner, Text, TextField } from '../ui/index.ts'
import css from './Segment.module.css'

const reply = z.object({ people: z.array(explained) })

/** Is Ada in? Looks for people and says for each which parts of the sentence hold. `rules`: as they are asked, written down. */
export function Explain({ rules }: { rules: string }) {
  const [text, setText] = useState('')
  const q = useLater(text.trim(), 300)
  const asked = useQuery({
    queryKey: ['segment-explain', rules, q],
    queryFn: ({ signal }) => ask(reply, '/api/segments/explain', { method: 'POST', body: { rules: JSON.parse(rules) as unknown, q }, signal }),
    enabled: q !== '' && rules !== '',
    placeholderData: keepPreviousData,
  })
  const busy = text.trim() !== '' && (asked.isFetching || q !== text.trim())
  const found = text.trim() === '' ? null : (asked.data?.people ?? null)
  return (
    <Section title="Is somebody in?" explain="And why, or why not.">
      <TextField
        label="Name or e-mail address"
        labelHidden
        placeholder="Name or e-mail address"
        value={text}
        onChange={setText}
        maxLength={255}
        autoComplete="off"
        prefix={<Icon source={icons.Search} tone="subdued" />}
        {...(busy ? { suffix: <Spinner size="small" accessibilityLabel="Looking" /> } : {})}
        clearButton
        onClearButtonClick={() => setText('')}
      />
      {asked.isError && text.trim() !== '' && !asked.isFetching ? (
        <Failed inline title="The search did not work" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
      ) : found?.length === 0 && !busy ? (
        <Text as="p" tone="subdued">
          Nobody in your list is called “{q}”.
        </Text>
      ) : (
        found && (
          <ul className={css.answers} aria-label="People who were found">
            {found.map((person) => (
              <Answer key={person.subscriberId} person={person} open={found.length === 1} />
            ))}
          </ul>
        )
      )}
    </Section>
  )
}

function Answer({ person, open }: { person: Explained; open: boolean }) {
  return (
    <li className={css.answer}>
      <details open={open}>
        <summary className={css.summary}>
          <span className={css.who}>
            <Text as="span" fontWeight="semibold" breakWord>
              {person.name || person.email}
            </Text>
            {person.name && (
              <Text as="span" variant="bodySm" tone="subdued" breakWord>
                {person.email}
              </Text>
            )}
          </span>
          <Badge {...(person.in ? { tone: 'success' as const } : {})}>{person.in ? 'In' : 'Not in'}</Badge>
        </summary>
        <p className={css.because}>{person.sentence}.</p>
        <ul className={css.parts}>
          {person.parts.map((part, n) => (
            <li key={n} className={css.part}>
              <span className={css.mark}>
                <Icon source={part.holds ? icons.Done : icons.Minus} tone={part.holds ? 'success' : 'subdued'} accessibilityLabel={part.holds ? 'Holds:' : 'Does not hold:'} />
              </span>
              <span>
                {part.sentence}
                {part.fact && <span className={css.fact}>{part.fact}</span>}
              </span>
            </li>
          ))}
        </ul>
        <Link url={`/subscribers/${person.subscriberId}`}>Everything about this person</Link>
      </details>
    </li>
  )
}
