import { useState } from 'react'
import type { Period } from '../../app/segments/contract.ts'
import { digitsOf } from '../format.ts'
import { Select, TextField } from '../ui/index.ts'
import css from './Builder.module.css'
import { newPeriod } from './conditions.ts'

// The pieces of a sentence that can be changed.

/** A few words to choose from, within the sentence. */
export function Choice<Value extends string>({ label, value, options, onChange, disabled = false }: { label: string; value: Value; options: Record<Value, string> | [Value, string][]; onChange: (value: Value) => void; disabled?: boolean }) {
  const list = Array.isArray(options) ? options : (Object.entries(options) as [Value, string][])
  return (
    <div className={css.choice}>
      <Select
        label={label}
        labelHidden
        value={value}
        disabled={disabled}
        options={list.map(([one, words]) => ({ value: one, label: words }))}
        onChange={(next) => {
          const found = list.find(([one]) => one === next)
          if (found) onChange(found[0])
        }}
      />
    </div>
  )
}

export const YesNo = ({ label, value, yes, no, onChange }: { label: string; value: boolean; yes: string; no: string; onChange: (value: boolean) => void }) => (
  <Choice label={label} value={value ? 'yes' : 'no'} options={{ yes, no }} onChange={(next) => onChange(next === 'yes')} />
)

/** A number as it is typed; half-typed it stays in the field and counts as missing. `digits` after the point; the value has none. */
export function NumberField({ label, value, digits = 0, wide = false, onChange }: { label: string; value: number; digits?: number; wide?: boolean; onChange: (value: number) => void }) {
  const shown = (minor: number): string => (Number.isNaN(minor) ? '' : digits === 0 ? String(minor) : (minor / 10 ** digits).toFixed(minor % 10 ** digits === 0 ? 0 : digits))
  const [text, setText] = useState(shown(value))
  const [seen, setSeen] = useState(value)
  if (!Object.is(seen, value)) {
    setSeen(value)
    if (!Object.is(minorOf(text, digits), value)) setText(shown(value))
  }
  return (
    <div className={wide ? css.sum : css.number}>
      <TextField
        label={label}
        labelHidden
        value={text}
        autoComplete="off"
        inputMode={digits === 0 ? 'numeric' : 'decimal'}
        align="right"
        maxLength={12}
        onChange={(next) => {
          setText(next)
          onChange(minorOf(next, digits))
        }}
      />
    </div>
  )
}

export const Sum = ({ value, currency, onChange }: { value: number; currency: string; onChange: (value: number) => void }) => (
  <>
    <NumberField label={`Sum in ${currency}`} value={value} digits={digitsOf(currency)} wide onChange={onChange} />
    <span>{currency}</span>
  </>
)

/** When: at any time, within the last days, longer ago, or between two days. `today` is the shop's. */
export function When({ value, today, ever = 'ever', onChange }: { value: Period; today: string; /** Null: asking for any time makes no sense here. */ ever?: string | null; onChange: (value: Period) => void }) {
  const words: [Period['kind'], string][] = [
    ...(ever !== null || value.kind === 'ever' ? [['ever', ever ?? 'at any time'] as [Period['kind'], string]] : []),
    ['last', 'in the last'],
    ['before', 'more than'],
    ['between', 'between'],
  ]
  return (
    <div className={css.together}>
      <Choice label="When" value={value.kind} options={words} onChange={(kind) => kind !== value.kind && onChange(newPeriod(kind, value, today))} />
      {(value.kind === 'last' || value.kind === 'before') && (
        <>
          <NumberField label="Days" value={value.days} onChange={(days) => onChange({ ...value, days })} />
          <span>
            {value.days === 1 ? 'day' : 'days'}
            {value.kind === 'before' && ' ago'}
          </span>
        </>
      )}
      {value.kind === 'between' && (
        <>
          <Day label="First day" value={value.from} onChange={(from) => onChange({ ...value, from })} />
          <span>and</span>
          <Day label="Last day" value={value.to} onChange={(to) => onChange({ ...value, to })} />
        </>
      )}
    </div>
  )
}

export const Day = ({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) => (
  <div className={css.day}>
    <TextField label={label} labelHidden type="date" value={value} onChange={onChange} autoComplete="off" />
  </div>
)

function minorOf(text: string, digits: number): number {
  const clean = text.trim().replace(',', '.')
  return (digits === 0 ? /^\d+$/ : /^\d+(\.\d*)?$/).test(clean) ? Math.round(Number(clean) * 10 ** digits) : Number.NaN
}
