import { useState } from 'react'
import type { DomainView } from '../../../app/domains/contract.ts'
import { BarList } from '../../components/BarList.tsx'
import { people, type Format } from '../../format.ts'
import { Checkbox, Section, Text } from '../../ui/index.ts'

const shown = 8

interface Props {
  ramp: NonNullable<DomainView['ramp']>
  formats: Format
  /** What time it is at the server. */
  today: string
  /** Ends when it is stored, or refused and told. */
  onChange: (sentBefore: boolean) => Promise<unknown>
}

/** A domain that nobody knows begins with few mails a day. What a mail to everybody would look like from today. */
export function Ramp({ ramp, formats, today, onChange }: Props) {
  const [pressed, setPressed] = useState<boolean | null>(null)
  const { on, days, audience } = ramp
  const rest = days.slice(shown)
  const bars = days.slice(0, shown).map(({ day, people: value }) => ({ key: day, words: dayWords(day, today, formats), value }))
  if (rest.length > 0) bars.push({ key: 'rest', words: `${rest.length} more ${rest.length === 1 ? 'day' : 'days'}`, value: rest.reduce((sum, one) => sum + one.people, 0) })
  return (
    <Section title="Growing slowly" explain="Mailboxes distrust a domain that suddenly sends thousands of mails. A new one begins with 200 people a day and may double each day; what does not fit leaves by itself on the next days.">
      <Checkbox
        label="This domain has sent newsletters before"
        helpText="Then nothing is held back. Campaigns that are under way keep their days."
        checked={pressed ?? !on}
        onChange={(sentBefore) => {
          setPressed(sentBefore)
          void onChange(sentBefore).finally(() => setPressed(null))
        }}
      />
      {on && (audience === 0 ? (
        <Text as="p" tone="subdued">
          There is nobody yet whom you may mail.
        </Text>
      ) : days.length <= 1 ? (
        <Text as="p">A mail to all {people(audience)} whom you may mail fits into one day.</Text>
      ) : (
        <>
          <Text as="p">
            A mail to all {people(audience)} whom you may mail would take {days.length} days:
          </Text>
          <BarList caption="People per day" whole={audience} bars={bars} />
        </>
      ))}
    </Section>
  )
}

function dayWords(day: string, now: string, formats: Format): string {
  const at = `${day}T12:00:00Z`
  const words = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(at))
  return words.endsWith(formats.day(now)) ? 'Today' : words
}
