import { useRef, useState } from 'react'
import type { SubscriberProfile } from '../../app/subscribers/contract.ts'
import { useFocusKept } from '../components/useFocusKept.ts'
import { countryName, languageName, money, plural, type Format } from '../format.ts'
import { Badge, BlockStack, Button, Link, Section, Text } from '../ui/index.ts'
import { EditFacts } from './EditFacts.tsx'
import { valueWords } from './FieldInput.tsx'
import { PersonTags } from './PersonTags.tsx'
import css from './Profile.module.css'
import { sourceWords } from './sources.ts'

interface Props {
  person: SubscriberProfile
  formats: Format
  onChange: (person: SubscriberProfile) => void
}

/** What is known about a person: orders, who they are, the shop's own fields, tags and segments. */
export function Facts({ person, formats, onChange }: Props) {
  const [editing, setEditing] = useState(false)
  const about = useRef<HTMLDivElement>(null)
  useFocusKept(about, editing)
  return (
    <BlockStack gap="400">
      <Section title="Orders">
        <BlockStack gap="100">
          <span className={css.big}>{money(person.totalSpent, person.currency)}</span>
          <Text as="p" tone="subdued">
            {person.ordersCount === 0 ? 'No orders yet.' : `${plural(person.ordersCount, 'order', 'orders')}${person.lastOrderAt ? `, the last on ${formats.date(person.lastOrderAt)}` : ''}.`}
            {person.ordersCount > 1 && ` About ${money(Math.round(person.totalSpent / person.ordersCount), person.currency)} each.`}
          </Text>
        </BlockStack>
      </Section>
      <div ref={about}>
        <Section
          title="About"
          end={
            !editing && (
              <Button variant="plain" onClick={() => setEditing(true)}>
                Edit
              </Button>
            )
          }
        >
          {editing ? (
            <EditFacts
              person={person}
              onClose={() => setEditing(false)}
              onSaved={(next) => {
                setEditing(false)
                onChange(next)
              }}
            />
          ) : (
            <About person={person} formats={formats} />
          )}
        </Section>
      </div>
      <PersonTags person={person} />
      <Section title="Segments" explain={person.segments.length === 0 ? 'In none of your segments now.' : undefined}>
        {person.segments.length > 0 && (
          <ul className={css.segments}>
            {person.segments.map((segment) => (
              <li key={segment.id}>
                <Link url={`/segments/${segment.id}`}>{segment.name}</Link>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </BlockStack>
  )
}

function About({ person, formats }: Omit<Props, 'onChange'>) {
  const facts: [string, string][] = [
    ['E-mail', person.email],
    ['Country', person.country ? countryName(person.country) : 'Not known'],
    ['Language', person.locale ? languageName(person.locale.replace('_', '-')) : 'Not known'],
    ['Came from', sourceWords[person.source]],
    ['Here since', formats.date(person.createdAt)],
  ]
  return (
    <dl className={css.facts}>
      {facts.map(([word, value]) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {person.fields.map((field) => (
        <div key={field.id}>
          <dt className={css.own}>
            {field.name}
            {field.sensitive && <Badge size="small">Sensitive</Badge>}
          </dt>
          <dd>{field.value === null ? 'Not known' : valueWords(field.kind, field.value)}</dd>
        </div>
      ))}
    </dl>
  )
}
