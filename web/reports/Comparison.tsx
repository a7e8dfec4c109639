import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { comparisonView, type ComparisonView } from '../../app/campaigns/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { number, people, type Format } from '../format.ts'
import { Banner, BlockStack, Failed, Icon, icons, InlineStack, Section, SkeletonBodyText, Text } from '../ui/index.ts'
import css from './Comparison.module.css'
import { PeoplePages } from './PeopleDialog.tsx'

type Difference = ComparisonView['differences'][number]

/** Did it go as rehearsed? Nothing is shown for a campaign that was never rehearsed. */
export function Comparison({ id, formats }: { id: string; formats: Format }) {
  const [behind, setBehind] = useState<Difference | null>(null)
  const asked = useQuery({
    queryKey: ['comparison', id],
    queryFn: ({ signal }) => ask(comparisonView, `/api/campaigns/${id}/comparison`, { signal }),
    retry: (count, error) => count < 2 && !(error instanceof Fault && error.status < 500),
  })
  if (asked.isError && asked.error instanceof Fault && (asked.error.status === 404 || asked.error.status === 409)) return null
  return (
    <Section title="As rehearsed?" explain={asked.data ? asked.data.sentence : undefined}>
      {asked.isError && <Failed inline title="The rehearsal could not be compared" words={wordsOf(asked.error)} again={() => void asked.refetch()} />}
      {asked.isPending && <SkeletonBodyText lines={2} />}
      {asked.data && (
        <BlockStack gap="300">
          {asked.data.unexplained > 0 && (
            <Banner tone="critical" title={`${people(asked.data.unexplained)} cannot be explained`}>
              <Text as="p">Nothing that happened after the rehearsal says why. This is a fault of ours: please tell us, with the name of the campaign.</Text>
            </Banner>
          )}
          {asked.data.differences.length === 0 ? (
            <InlineStack gap="200" blockAlign="center" wrap={false}>
              <span>
                <Icon source={icons.Done} tone="success" />
              </span>
              <Text as="p">
                All {people(asked.data.planned)} of {formats.dateTime(asked.data.at)} got it, and nobody else.
              </Text>
            </InlineStack>
          ) : (
            <ul className={css.list}>
              {asked.data.differences.map((one) => (
                <li key={`${one.difference}${String(one.got)}`}>
                  <Line one={one} onPress={() => setBehind(one)} />
                </li>
              ))}
            </ul>
          )}
          <Text as="p" variant="bodySm" tone="subdued">
            The rehearsal of {formats.dateTime(asked.data.at)} beside what happened.
          </Text>
        </BlockStack>
      )}
      <PeoplePages title={behind?.words ?? ''} path={behind && `/api/campaigns/${id}/comparison/people?difference=${behind.difference}&got=${behind.got ? 'yes' : 'no'}`} formats={formats} onClose={() => setBehind(null)} />
    </Section>
  )
}

/** One reason, with its number before it; pressed, it tells who. Of people who are forgotten by now nobody can tell. */
function Line({ one, onPress }: { one: Difference; onPress: () => void }) {
  const bad = one.difference === 'unexplained'
  const inside = (
    <>
      <span className={bad ? css.bad : css.count}>{`${one.got ? '+' : '−'}${number(one.people)}`}</span>
      <span className={css.words}>
        <Text as="span" {...(bad ? { tone: 'critical' as const, fontWeight: 'semibold' as const } : {})}>
          {one.words}
        </Text>
        <Text as="span" variant="bodySm" tone="subdued" breakWord>
          {[one.got ? 'and got it' : 'and did not get it', namesOf(one)].filter(Boolean).join(': ')}
        </Text>
      </span>
    </>
  )
  if (one.sample.length === 0) return <div className={css.plain}>{inside}</div>
  return (
    <button type="button" className={css.press} onClick={onPress}>
      {inside}
    </button>
  )
}

function namesOf({ sample, people: all }: Difference): string {
  const names = sample.map((one) => one.name || one.email)
  const more = all - names.length
  return names.length === 0 ? '' : more > 0 ? `${names.join(', ')} and ${number(more)} more` : names.join(', ')
}
