import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../../api.ts'
import { people } from '../../format.ts'
import { segmentsReply } from '../../segments/reply.ts'
import { BlockStack, Link, Select, Text, TextField } from '../../ui/index.ts'
import type { Draft } from './history.ts'
import { MergeField } from './MergeField.tsx'

/** What stands around the mail: its name here, its subject there, and who gets it. */
export function Envelope({ draft, set }: { draft: Draft; set: (next: (draft: Draft) => Draft, key?: string | null) => void }) {
  return (
    <BlockStack gap="400">
      <Name value={draft.name} onChange={(name) => set((now) => ({ ...now, name }), 'name')} />
      <MergeField label="Subject" value={draft.subject} maxLength={250} onChange={(subject) => set((now) => ({ ...now, subject }), 'subject')} help={lengthHint(draft.subject, 50, 'Phones show about 40 to 50 letters.')} />
      <MergeField
        label="Line after the subject"
        value={draft.preheader}
        maxLength={250}
        onChange={(preheader) => set((now) => ({ ...now, preheader }), 'preheader')}
        help={lengthHint(draft.preheader, 90, 'Inboxes show it in grey; without it they take the first words of the mail.')}
      />
      <AudienceField draft={draft} set={set} />
    </BlockStack>
  )
}

function AudienceField({ draft, set }: { draft: Draft; set: (next: (draft: Draft) => Draft) => void }) {
  const segments = useQuery({ queryKey: ['segments'], queryFn: ({ signal }) => ask(segmentsReply, '/api/segments', { signal }) })
  const known = segments.data?.segments ?? []
  const value = draft.audience.kind === 'everyone' ? '' : draft.audience.segmentId
  const gone = value !== '' && segments.data !== undefined && !known.some((one) => one.id === value)
  return (
    <BlockStack gap="100">
      <Select
        label="Who gets it"
        value={value}
        options={[
          { label: 'Everybody you may mail', value: '' },
          ...known.map((one) => ({ label: `${one.name} (${one.fault === null ? people(one.mailable) : 'it asks for something that is gone'})`, value: one.id })),
          ...(gone ? [{ label: 'A segment that was deleted', value }] : value !== '' && !segments.data ? [{ label: 'Loading…', value }] : []),
        ]}
        onChange={(id) => set((now) => ({ ...now, audience: id === '' ? { kind: 'everyone' } : { kind: 'segment', segmentId: id } }))}
        {...(gone ? { error: 'Choose another one: this segment was deleted' } : {})}
      />
      <Text as="p" variant="bodySm" tone="subdued">
        Only people you may mail get it, whatever you choose. <Link url="/segments">Segments</Link>
      </Text>
    </BlockStack>
  )
}

/** An empty name is kept here but not saved: a campaign always has one. */
function Name({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  if (seen !== value) {
    setSeen(value)
    if (text.trim() !== value) setText(value)
  }
  return (
    <TextField
      label="Name (only you see it)"
      value={text}
      maxLength={150}
      autoComplete="off"
      onChange={(next) => {
        setText(next)
        if (next.trim() !== '') onChange(next.trim())
      }}
      {...(text.trim() === '' ? { error: 'Give the campaign a name' } : {})}
    />
  )
}

function lengthHint(text: string, good: number, hint: string): string {
  const said = text.replace(/\{\{[^}]*\}\}/g, 'Annabel')
  // Of words that depend on something, the longest.
  const length = said.replace(/\{%\s*(?:if|unless|case)\b[^%]*%\}(.*?)\{%\s*end\w+\s*%\}/gs, (_, inner: string) => inner.split(/\{%[^%]*%\}/).reduce((a, b) => (b.length > a.length ? b : a), '')).length
  if (length === 0) return hint
  return length > good ? `${length} letters: its end may be cut off. ${hint}` : `${length} letters.`
}
