import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldKind, fieldList, mostFields, sensitiveWords, type FieldKind, type FieldList } from '../../app/subscribers/contract.ts'
import { ask, fieldFault, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { people } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Badge, BlockStack, Button, ButtonGroup, CardSkeleton, Checkbox, Empty, Failed, icons, InlineError, InlineStack, Section, Select, Text, TextField } from '../ui/index.ts'
import css from './Settings.module.css'

type Field = FieldList['fields'][number]
const key = ['fields']
const kindWords: Record<FieldKind, string> = { text: 'Text', number: 'Number', date: 'Day', yes_no: 'Yes or no' }
const countOf = ({ people: count, more }: Field['people']): string => (more ? `more than ${people(count)}` : people(count))

/** What the store owner wants to know of people besides names and orders. */
export function Fields() {
  const [editing, setEditing] = useState<Field | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Field | null>(null)
  const asked = useQuery({ queryKey: key, queryFn: ({ signal }) => ask(fieldList, '/api/fields', { signal }) })
  if (asked.isError && !asked.data) return <Failed inline title="The fields could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <CardSkeleton lines={5} />
  const { fields } = asked.data
  return (
    <>
      {fields.length === 0 ? (
        <Empty icon={icons.Forms} heading="No fields of your own yet" action={{ content: 'Add a field', onAction: () => setEditing('new') }}>
          A birthday, a shoe size, a favourite plant: what you want to know of people, to find and group them by. An import can fill them.
        </Empty>
      ) : (
        <Section
          title="Your own fields"
          explain="They stand on each person’s page. Imports can fill them, and segments can ask for those that are not sensitive."
          end={
            <Button onClick={() => setEditing('new')} disabled={fields.length >= mostFields}>
              Add a field
            </Button>
          }
        >
          {fields.length >= mostFields && <Text as="p">There is room for {mostFields} fields. Delete one to add another.</Text>}
          <div>
            {fields.map((field) => (
              <div key={field.id} className={css.request}>
                <BlockStack gap="050">
                  <InlineStack gap="200" blockAlign="center">
                    <Text as="span" fontWeight="medium" breakWord>
                      {field.name}
                    </Text>
                    {field.sensitive && <Badge>Sensitive</Badge>}
                  </InlineStack>
                  <Text as="p" tone="subdued">
                    {kindWords[field.kind]}, {field.people.people === 0 ? 'known of nobody' : `known of ${countOf(field.people)}`}
                  </Text>
                </BlockStack>
                <ButtonGroup>
                  <Button onClick={() => setEditing(field)} accessibilityLabel={`Change ${field.name}`}>
                    Change
                  </Button>
                  <Button onClick={() => setDeleting(field)} accessibilityLabel={`Delete ${field.name}`}>
                    Delete
                  </Button>
                </ButtonGroup>
              </div>
            ))}
          </div>
        </Section>
      )}
      {editing && <Edit field={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <Delete field={deleting} onClose={() => setDeleting(null)} />}
    </>
  )
}

/** Takes over the new list, and lets everything that shows fields ask anew. */
function useTaken(done: string, onClose: () => void): (list: FieldList) => Promise<unknown> {
  const client = useQueryClient()
  return (list) => {
    client.setQueryData(key, list)
    toast(done)
    onClose()
    return Promise.all([['subscriber'], ['subscribers'], ['subscriber-choices']].map((queryKey) => client.invalidateQueries({ queryKey })))
  }
}

function Edit({ field, onClose }: { field: Field | null; onClose: () => void }) {
  const [name, setName] = useState(field?.name ?? '')
  const [kind, setKind] = useState<FieldKind>(field?.kind ?? 'text')
  const [sensitive, setSensitive] = useState(field?.sensitive ?? false)
  const taken = useTaken('Saved', onClose)
  const save = useMutation({
    mutationFn: () =>
      field ? ask(fieldList, `/api/fields/${field.id}`, { method: 'PUT', body: { name, sensitive } }) : ask(fieldList, '/api/fields', { method: 'POST', body: { name, kind, sensitive } }),
    onSuccess: taken,
  })
  const fault = fieldFault(save.error, 'name')
  return (
    <Dialog
      open
      title={field ? 'Change this field' : 'Add a field'}
      onClose={onClose}
      primary={{ content: field ? 'Save' : 'Add it', loading: save.isPending, disabled: name.trim() === '', onAction: () => save.mutate() }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <TextField
          label="Name"
          value={name}
          onChange={(next) => {
            setName(next)
            if (save.isError) save.reset()
          }}
          maxLength={100}
          autoComplete="off"
          autoFocus
          placeholder="For example: birthday"
          {...(fault ? { error: fault } : {})}
        />
        <Select
          label="What it holds"
          options={fieldKind.options.map((one) => ({ value: one, label: kindWords[one] }))}
          value={kind}
          disabled={field !== null}
          helpText={field ? 'Chosen once.' : 'Cannot be changed later.'}
          onChange={(next) => setKind(fieldKind.parse(next))}
        />
        <Checkbox label="Sensitive" helpText={sensitiveWords} checked={sensitive} onChange={setSensitive} />
        {field && !field.sensitive && sensitive && <Text as="p">Segments that ask for it cannot be used until you take that condition out.</Text>}
        {save.isError && !fault && <InlineError message={wordsOf(save.error)} fieldID="field" />}
      </BlockStack>
    </Dialog>
  )
}

function Delete({ field, onClose }: { field: Field; onClose: () => void }) {
  const taken = useTaken('Deleted', onClose)
  const remove = useMutation({ mutationFn: () => ask(fieldList, `/api/fields/${field.id}`, { method: 'DELETE' }), onSuccess: taken })
  return (
    <Dialog
      open
      title={`Delete the field “${field.name}”?`}
      size="small"
      onClose={onClose}
      primary={{ content: 'Delete', tone: 'critical', loading: remove.isPending, onAction: () => remove.mutate() }}
      secondary={[{ content: 'Keep it', onAction: onClose }]}
    >
      <BlockStack gap="200">
        <Text as="p">
          {field.people.people === 0 ? 'Nothing is known in it of anybody.' : `What is known in it of ${countOf(field.people)} goes too, for good.`} Segments that ask for it cannot be used until you take that condition out.
        </Text>
        {remove.isError && <InlineError message={wordsOf(remove.error)} fieldID="delete" />}
      </BlockStack>
    </Dialog>
  )
}
