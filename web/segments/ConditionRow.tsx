import { useMemo, useState } from 'react'
import type { Condition } from '../../app/segments/contract.ts'
import { countryName, digitsOf } from '../format.ts'
import { Button, icons, InlineError, Select, Tag, Text, TextField } from '../ui/index.ts'
import { allCountries, faultOf, kindWords, newCondition, type Kind } from './conditions.ts'
import css from './Segment.module.css'

interface Props {
  condition: Condition
  currency: string
  showFault: boolean
  onChange: (next: Condition) => void
  onRemove?: () => void
}

/** One condition as a piece of the sentence: words to choose, numbers to fill in. */
export function ConditionRow({ condition, currency, showFault, onChange, onRemove }: Props) {
  const fault = faultOf(condition)
  return (
    <div className={css.row}>
      <Select
        label="What"
        labelHidden
        options={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
        value={condition.kind}
        onChange={(kind) => isKind(kind) && onChange(newCondition(kind))}
      />
      <Rest condition={condition} currency={currency} onChange={onChange} />
      {onRemove && (
        <span className={css.end}>
          <Button icon={icons.Close} variant="tertiary" onClick={onRemove} accessibilityLabel="Take this condition away" />
        </span>
      )}
      {fault && showFault && (
        <span className={css.fault}>
          <InlineError message={fault} fieldID="condition" />
        </span>
      )}
    </div>
  )
}

function Rest({ condition, currency, onChange }: Omit<Props, 'showFault' | 'onRemove'>) {
  switch (condition.kind) {
    case 'bought':
    case 'opened':
    case 'clicked':
      return (
        <>
          <YesNo value={condition.did} yes="in the last" no="not in the last" onChange={(did) => onChange({ ...condition, did })} />
          <NumberField label="Days" value={condition.days} digits={0} onChange={(days) => onChange({ ...condition, days })} />
          <Text as="span">days</Text>
        </>
      )
    case 'country':
      return (
        <>
          <YesNo value={condition.is} yes="one of" no="none of" onChange={(is) => onChange({ ...condition, is })} />
          <Countries chosen={condition.countries} onChange={(countries) => onChange({ ...condition, countries })} />
        </>
      )
    case 'tag':
      return (
        <>
          <YesNo value={condition.has} yes="yes" no="no" onChange={(has) => onChange({ ...condition, has })} />
          <div className={css.wide}>
            <TextField label="Tag" labelHidden value={condition.tag} onChange={(tag) => onChange({ ...condition, tag })} maxLength={255} autoComplete="off" placeholder="Tag" />
          </div>
        </>
      )
    case 'orders_count':
      return (
        <>
          <Select
            label="How often"
            labelHidden
            value={condition.op}
            options={[
              { value: 'at_least', label: 'at least' },
              { value: 'at_most', label: 'at most' },
              { value: 'exactly', label: 'exactly' },
            ]}
            onChange={(op) => onChange({ ...condition, op: op === 'at_most' || op === 'exactly' ? op : 'at_least' })}
          />
          <NumberField label="Times" value={condition.value} digits={0} onChange={(value) => onChange({ ...condition, value })} />
          <Text as="span">times</Text>
        </>
      )
    case 'total_spent':
      return (
        <>
          <Select
            label="How much"
            labelHidden
            value={condition.op}
            options={[
              { value: 'at_least', label: 'at least' },
              { value: 'at_most', label: 'at most' },
            ]}
            onChange={(op) => onChange({ ...condition, op: op === 'at_most' ? op : 'at_least' })}
          />
          <NumberField label="Sum" value={condition.value} digits={digitsOf(currency)} onChange={(value) => onChange({ ...condition, value })} />
          <Text as="span">{currency} in all</Text>
        </>
      )
  }
}

const isKind = (value: string): value is Kind => value in kindWords

const YesNo = ({ value, yes, no, onChange }: { value: boolean; yes: string; no: string; onChange: (value: boolean) => void }) => (
  <Select
    label="Yes or no"
    labelHidden
    value={value ? 'yes' : 'no'}
    options={[
      { value: 'yes', label: yes },
      { value: 'no', label: no },
    ]}
    onChange={(next) => onChange(next === 'yes')}
  />
)

/** A number as it is typed; half-typed it stays in the field and counts as missing. `digits` after the point; the value has none. */
function NumberField({ label, value, digits, onChange }: { label: string; value: number; digits: number; onChange: (value: number) => void }) {
  const shown = (minor: number): string => (Number.isNaN(minor) ? '' : digits === 0 ? String(minor) : (minor / 10 ** digits).toFixed(minor % 10 ** digits === 0 ? 0 : digits))
  const [text, setText] = useState(shown(value))
  const [seen, setSeen] = useState(value)
  if (!Object.is(seen, value)) {
    setSeen(value)
    if (!Object.is(minorOf(text, digits), value)) setText(shown(value))
  }
  return (
    <div className={css.number}>
      <TextField
        label={label}
        labelHidden
        value={text}
        autoComplete="off"
        inputMode={digits === 0 ? 'numeric' : 'decimal'}
        align="right"
        onChange={(next) => {
          setText(next)
          onChange(minorOf(next, digits))
        }}
      />
    </div>
  )
}

const minorOf = (text: string, digits: number): number => {
  const clean = text.trim().replace(',', '.')
  return /^\d+(\.\d*)?$/.test(clean) ? Math.round(Number(clean) * 10 ** digits) : Number.NaN
}

function Countries({ chosen, onChange }: { chosen: string[]; onChange: (codes: string[]) => void }) {
  const all = useMemo(() => allCountries(), [])
  return (
    <>
      <div className={css.wide}>
        <Select
          label="Add a country"
          labelHidden
          value=""
          options={[{ value: '', label: 'Add a country…' }, ...all.filter((one) => !chosen.includes(one.code)).map((one) => ({ value: one.code, label: one.name }))]}
          onChange={(code) => code && onChange([...chosen, code])}
        />
      </div>
      {chosen.length > 0 && (
        <div className={css.places}>
          {chosen.map((code) => (
            <Tag key={code} onRemove={() => onChange(chosen.filter((one) => one !== code))}>
              {countryName(code)}
            </Tag>
          ))}
        </div>
      )}
    </>
  )
}
