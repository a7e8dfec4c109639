import { useState } from 'react'
import type { FieldView, SubscriberFilter } from '../../app/subscribers/contract.ts'
import { Button, Popover, Select, Text } from '../ui/index.ts'
import { FieldInput, valueWords } from './FieldInput.tsx'
import { TakeAway } from './Filters.tsx'
import css from './Filters.module.css'

interface Props {
  filter: SubscriberFilter
  /** Undefined until they are known. */
  fields: FieldView[] | undefined
  fault: string | undefined
  onNeed: () => void
  onChange: (part: Partial<SubscriberFilter>) => void
}

/** People by one of the shop's own fields: with a certain value, or with any. */
export function FieldFilter({ filter, fields, fault, onNeed, onChange }: Props) {
  const [open, setOpen] = useState(false)
  const chosen = fields?.find((field) => field.id === filter.fieldId)
  const words = filter.fieldId ? `${chosen?.name ?? '…'}: ${filter.fieldValue && chosen ? valueWords(chosen.kind, filter.fieldValue) : 'known'}` : 'Own field'
  return (
    <div className={filter.fieldId ? css.chosen : undefined}>
      <Popover
        active={open}
        onClose={() => setOpen(false)}
        fluidContent
        preferredAlignment="left"
        activator={
          <button
            type="button"
            className={filter.fieldId ? css.chipOn : css.chip}
            aria-expanded={open}
            onClick={() => {
              onNeed()
              setOpen(!open)
            }}
          >
            {words}
            <span className={css.arrow} aria-hidden="true" />
          </button>
        }
      >
        <div className={css.form}>
          {fields === undefined || fields.length === 0 ? (
            <Text as="p" tone="subdued">
              {fault ?? (fields ? 'You have no fields of your own yet. Make some in Settings, or by an import.' : 'One moment …')}
            </Text>
          ) : (
            <Form
              filter={filter}
              fields={fields}
              onChoose={(part) => {
                setOpen(false)
                onChange(part)
              }}
            />
          )}
        </div>
      </Popover>
      {filter.fieldId && <TakeAway what={words} onPress={() => onChange({ fieldId: undefined, fieldValue: undefined })} />}
    </div>
  )
}

function Form({ filter, fields, onChoose }: { filter: SubscriberFilter; fields: FieldView[]; onChoose: Props['onChange'] }) {
  const [id, setId] = useState(filter.fieldId ?? fields[0]?.id ?? '')
  const [value, setValue] = useState(filter.fieldValue ?? '')
  const field = fields.find((one) => one.id === id)
  return (
    <form
      className={css.fields}
      onSubmit={(event) => {
        event.preventDefault()
        onChoose({ fieldId: id, fieldValue: value.trim() || undefined })
      }}
    >
      <Select
        label="Field"
        options={fields.map((one) => ({ value: one.id, label: one.name }))}
        value={id}
        onChange={(next) => {
          setId(next)
          setValue('')
        }}
      />
      {field && <FieldInput field={{ ...field, name: 'Is' }} value={value} onChange={setValue} empty="Anything" help="Leave it empty for everybody of whom it is known." />}
      <Button submit>Show people</Button>
    </form>
  )
}
