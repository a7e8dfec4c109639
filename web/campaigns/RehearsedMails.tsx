import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { rehearsedMail, whyReply, type Rehearsal } from '../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { MailFrame } from '../components/MailFrame.tsx'
import { useLater } from '../components/useLater.ts'
import { BlockStack, Button, Failed, Icon, icons, InlineStack, Section, SkeletonBodyText, Text, TextField } from '../ui/index.ts'
import css from './Rehearsal.module.css'

type Picked = { subscriberId: string; email: string; name: string }

/** Mails of a few people side by side, and of anybody who is looked for: each made as it would be sent. */
export function RehearsedMails({ id, samples, at }: { id: string; samples: Rehearsal['samples']; at: string }) {
  const [picked, setPicked] = useState<Picked | null>(null)
  if (samples.length === 0) return null
  const shown = picked ? samples.filter((one) => one.subscriberId !== picked.subscriberId).slice(0, 2) : samples
  return (
    <Section title={shown.length === 1 && !picked ? 'The mail of one of them' : 'Their mails, side by side'} explain="Made as it would be sent, with their own names and words.">
      <Picker id={id} onPick={setPicked} />
      <div className={css.samples}>
        {picked && <OneMail key={picked.subscriberId} id={id} at={at} person={picked} onClose={() => setPicked(null)} />}
        {shown.map((sample) => (
          <Figure key={sample.subscriberId} to={sample.name ? `${sample.name}, ${sample.email}` : sample.email} subject={sample.subject} html={sample.html} />
        ))}
      </div>
    </Section>
  )
}

const Figure = ({ to, subject, html, extra, onClose }: { to: string; subject: string; html: string; extra?: string; onClose?: () => void }) => (
  <figure className={css.sample}>
    <figcaption>
      <InlineStack align="space-between" wrap={false} gap="200">
        <Text as="span" fontWeight="semibold" truncate>
          {subject}
        </Text>
        {onClose && <Button icon={icons.Close} variant="tertiary" size="micro" accessibilityLabel={`Close the mail to ${to}`} onClick={onClose} />}
      </InlineStack>
      <Text as="span" variant="bodySm" tone="subdued" truncate>
        to {to}
      </Text>
      {extra && (
        <Text as="span" variant="bodySm" tone="subdued">
          {extra}
        </Text>
      )}
    </figcaption>
    <MailFrame html={html} title={`The mail to ${to}`} height={420} width={420} />
  </figure>
)

function OneMail({ id, at, person, onClose }: { id: string; at: string; person: Picked; onClose: () => void }) {
  const mail = useQuery({ queryKey: ['rehearsed-mail', id, at, person.subscriberId], queryFn: ({ signal }) => ask(rehearsedMail, `/api/campaigns/${id}/rehearsal/mail/${person.subscriberId}`, { signal }) })
  const to = person.name ? `${person.name}, ${person.email}` : person.email
  if (mail.data) return <Figure to={to} subject={mail.data.subject} html={mail.data.html} extra={`${mail.data.preheader ? `${mail.data.preheader} · ` : ''}${Math.round(mail.data.bytes / 1024)} KB`} onClose={onClose} />
  return (
    <div className={css.waiting}>
      {mail.isError ? <Failed inline title="This mail could not be drawn" words={wordsOf(mail.error)} again={() => void mail.refetch()} /> : <SkeletonBodyText lines={10} />}
    </div>
  )
}

/** Anybody of the shop by name or address, in or out: their mail can be looked at all the same. */
function Picker({ id, onPick }: { id: string; onPick: (person: Picked) => void }) {
  const [text, setText] = useState('')
  const q = useLater(text.trim(), 250)
  const found = useQuery({
    queryKey: ['why', id, q],
    queryFn: ({ signal }) => ask(whyReply, `/api/campaigns/${id}/why`, { method: 'POST', body: { q }, signal }),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  })
  const choose = (person: Picked): void => {
    onPick(person)
    setText('')
  }
  return (
    <BlockStack gap="200">
      <div className={css.picker}>
        <TextField label="Whose mail to look at" labelHidden value={text} onChange={setText} placeholder="See the mail of anybody: name or address" autoComplete="off" prefix={<Icon source={icons.Search} tone="subdued" />} clearButton onClearButtonClick={() => setText('')} />
      </div>
      {found.isError && <Failed inline title="The search did not work" words={wordsOf(found.error)} again={() => void found.refetch()} />}
      <div aria-live="polite">
        {q !== '' && text !== '' && found.data && (
          <InlineStack gap="200">
            {found.data.people.length === 0 && <Text as="p" tone="subdued">Nobody with “{q}” in their name or address.</Text>}
            {found.data.people.slice(0, 6).map((person) => (
              <Button key={person.subscriberId} size="slim" onClick={() => choose(person)}>
                {person.name ? `${person.name}, ${person.email}` : person.email}
              </Button>
            ))}
          </InlineStack>
        )}
      </div>
    </BlockStack>
  )
}
