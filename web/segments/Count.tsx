import type { SegmentCount } from '../../app/segments/contract.ts'
import { wordsOf } from '../api.ts'
import { number, people } from '../format.ts'
import { BlockStack, Failed, Link, Section, Text } from '../ui/index.ts'
import css from './Segment.module.css'

interface Props {
  shown: Pick<SegmentCount, 'people' | 'mailable'> | undefined
  sample: SegmentCount['sample'] | undefined
  counting: boolean
  /** Why nothing is counted: nothing is asked yet, or a line is not finished. */
  wait: 'empty' | 'unfinished' | null
  error: unknown
  again: () => void
}

/** How many fit now, and some of them. The last number stays until the next is known. */
export function Count({ shown, sample, counting, wait, error, again }: Props) {
  const says = wait === 'empty' ? 'Counted as soon as there is a condition.' : wait === 'unfinished' ? 'Counted again when each line is complete.' : counting ? 'Counting…' : 'Counted just now.'
  return (
    <Section title="How many" gap="300">
      {error && !wait ? (
        <Failed inline title="The count did not work" words={wordsOf(error)} again={again} />
      ) : (
        <div className={counting || wait ? css.waiting : undefined}>
          <div className={css.figures}>
            <span className={css.figure}>
              <Text as="span" variant="heading2xl">
                {shown ? number(shown.people) : '–'}
              </Text>
              <span>{shown?.people === 1 ? 'person' : 'people'}</span>
            </span>
            <span className={css.figure}>
              <Text as="span" variant="heading2xl">
                {shown ? number(shown.mailable) : '–'}
              </Text>
              <span>may be mailed</span>
            </span>
          </div>
        </div>
      )}
      <div role="status">
        <Text as="span" variant="bodySm" tone="subdued">
          {says}
        </Text>
        {shown && !counting && !wait && <span className="visually-hidden">{`${people(shown.people)}, ${number(shown.mailable)} may be mailed`}</span>}
      </div>
      {shown && !wait && sample && (
        <BlockStack gap="200">
          <Text as="h3" variant="headingSm">
            {sample.length === 0 ? 'Nobody fits at the moment' : 'Some of them'}
          </Text>
          {sample.map((person) => (
            <BlockStack key={person.id}>
              <Link url={`/subscribers/${person.id}`} removeUnderline>
                <span className={css.breaks}>{person.name || person.email}</span>
              </Link>
              {person.name && (
                <Text as="span" variant="bodySm" tone="subdued" breakWord>
                  {person.email}
                </Text>
              )}
            </BlockStack>
          ))}
        </BlockStack>
      )}
    </Section>
  )
}

/** On a phone the figures are far below the sentence: these stay at the edge of the window while one writes. The status beside the figures is read out. */
export const CountBar = ({ shown, counting, wait }: Pick<Props, 'shown' | 'counting' | 'wait'>) =>
  shown ? (
    <div className={css.bar} aria-hidden="true">
      <span>
        <b>{people(shown.people)}</b>, {number(shown.mailable)} may be mailed
      </span>
      {(counting || wait) && <span className={css.quiet}>{wait ? 'not finished' : 'counting…'}</span>}
    </div>
  ) : null
