import type { FieldKind, FieldView } from '../../app/subscribers/contract.ts'
import { calendarDate } from '../format.ts'
import { Select, TextField } from '../ui/index.ts'

interface Props {
  field: FieldView
  value: string
  onChange: (value: string) => void
  /** What an empty choice is called. */
  empty?: string
  help?: string
  error?: string | undefined
}

/** What a field of the shop holds, as it is typed: a text, a number, a day, yes or no. */
export function FieldInput({ field, value, onChange, empty = 'Not known', help, error }: Props) {
  const common = { label: field.name, value, onChange, ...(help ? { helpText: help } : {}), ...(error ? { error } : {}) }
  if (field.kind === 'yes_no')
    return (
      <Select
        {...common}
        options={[
          { value: '', label: empty },
          { value: 'yes', label: 'Yes' },
          { value: 'no', label: 'No' },
        ]}
      />
    )
  if (field.kind === 'date') return <TextField {...common} type="date" autoComplete="off" />
  if (field.kind === 'number') return <TextField {...common} inputMode="decimal" autoComplete="off" maxLength={40} />
  return <TextField {...common} autoComplete="off" maxLength={1000} />
}

/** A value as people read it. */
export const valueWords = (kind: FieldKind, value: string): string => (kind === 'date' ? calendarDate(value) : kind === 'yes_no' ? (value === 'yes' ? 'Yes' : 'No') : value)
