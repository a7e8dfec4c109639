import type { SegmentChoices } from '../../app/segments/contract.ts'
import type { What, Of } from './conditions.ts'
import { useFormat } from '../shop.ts'
import { TextField } from '../ui/index.ts'
import css from './Builder.module.css'
import { Choice, Day, NumberField, When, YesNo } from './fields.tsx'
import type { SentenceProps } from './Sentence.tsx'
import { One, Products } from './things.tsx'

/** "bought [anything] in at least [2] orders [in the last] [90] days" */
export function Bought({ condition, choices, products, today, onChange }: SentenceProps<Of<'bought'>>) {
  const { what } = condition
  const set = (next: What): void => onChange({ ...condition, what: next })
  return (
    <>
      <YesNo label="Did or did not" value={condition.did} yes="bought" no="did not buy" onChange={(did) => onChange({ ...condition, did, times: did ? condition.times : 1 })} />
      <Choice
        label="What"
        value={what.kind}
        options={{ anything: 'anything', products: 'one of these products', category: 'something of the category', vendor: 'something by the vendor' }}
        onChange={(kind) => kind !== what.kind && set(newWhat(kind))}
      />
      {what.kind === 'products' && <Products value={what.productIds} known={products} onChange={(productIds) => set({ ...what, productIds })} />}
      {what.kind === 'category' && <One label="categories" value={what.category} options={named(choices.categories)} offer={(text) => text} empty="Your products have no category yet." onChange={(category) => set({ ...what, category: category ?? '' })} />}
      {what.kind === 'vendor' && <One label="vendors" value={what.vendor} options={named(choices.vendors)} offer={(text) => text} empty="Your products have no vendor yet." onChange={(vendor) => set({ ...what, vendor: vendor ?? '' })} />}
      {(condition.did || condition.times !== 1) && (
        <div className={css.together}>
          <span>in at least</span>
          <NumberField label="Orders" value={condition.times} onChange={(times) => onChange({ ...condition, times })} />
          <span>{condition.times === 1 ? 'order' : 'orders'}</span>
        </div>
      )}
      <When value={condition.period} today={today} onChange={(period) => onChange({ ...condition, period })} />
    </>
  )
}

/** "opened [any mail] at least [1] time [in the last] [90] days" */
export function Mail({ condition, choices, today, onChange }: SentenceProps<Of<'opened'> | Of<'clicked'> | Of<'got'>>) {
  const formats = useFormat()
  const words = { opened: ['opened', 'did not open'], clicked: ['clicked in', 'did not click in'], got: ['got', 'did not get'] }[condition.kind]
  return (
    <>
      <YesNo
        label="Did or did not"
        value={condition.did}
        yes={words[0] ?? ''}
        no={words[1] ?? ''}
        onChange={(did) => onChange(condition.kind === 'got' ? { ...condition, did } : { ...condition, did, times: did ? condition.times : 1 })}
      />
      <One
        label="campaigns"
        none="any mail"
        value={condition.campaignId}
        options={choices.campaigns.map((one) => ({ value: one.id, title: one.name, ...(one.sentAt && formats ? { help: formats.date(one.sentAt) } : {}) }))}
        onChange={(campaignId) => onChange({ ...condition, campaignId })}
      />
      {condition.kind !== 'got' && (condition.did || condition.times !== 1) && (
        <div className={css.together}>
          <span>at least</span>
          <NumberField label="Times" value={condition.times} onChange={(times) => onChange({ ...condition, times })} />
          <span>{condition.times === 1 ? 'time' : 'times'}</span>
        </div>
      )}
      <When value={condition.period} today={today} onChange={(period) => onChange({ ...condition, period })} />
    </>
  )
}

type FieldKind = SegmentChoices['fields'][number]['kind']
type Op = Of<'field'>['op']
const opWords: Record<FieldKind, [Op, string][]> = {
  text: [['is', 'is'], ['is_not', 'is not'], ['contains', 'contains'], ['known', 'is known'], ['unknown', 'is not known']],
  number: [['is', 'is'], ['is_not', 'is not'], ['at_least', 'is at least'], ['at_most', 'is at most'], ['known', 'is known'], ['unknown', 'is not known']],
  date: [['is', 'is on'], ['is_not', 'is not on'], ['at_least', 'is on or after'], ['at_most', 'is on or before'], ['known', 'is known'], ['unknown', 'is not known']],
  yes_no: [['is', 'is'], ['is_not', 'is not'], ['known', 'is known'], ['unknown', 'is not known']],
}

/** "whose [Shoe size] [is at least] [42]" */
export function Field({ condition, choices, onChange }: SentenceProps<Of<'field'>>) {
  const { op, value, fieldId } = condition
  const kind = choices.fields.find((one) => one.id === fieldId)?.kind
  const ops = opWords[kind ?? 'text']
  const set = (next: string): void => onChange({ ...condition, value: next })
  return (
    <>
      <span>whose</span>
      <One
        label="fields"
        value={fieldId}
        options={choices.fields.map((one) => ({ value: one.id, title: one.name }))}
        onChange={(id) => {
          const next = choices.fields.find((one) => one.id === id)
          if (next) onChange({ ...condition, fieldId: next.id, ...(next.kind === kind ? {} : { op: 'is', value: next.kind === 'yes_no' ? 'yes' : '' }) })
        }}
      />
      {fieldId !== '' && <Choice label="Is or is not" value={op} options={ops.some(([one]) => one === op) ? ops : [...ops, [op, op.replaceAll('_', ' ')]]} onChange={(next) => onChange({ ...condition, op: next })} />}
      {fieldId === '' || op === 'known' || op === 'unknown' ? null : kind === 'date' ? (
        <Day label="Day" value={value} onChange={set} />
      ) : kind === 'yes_no' ? (
        <Choice label="Yes or no" value={value === 'no' ? 'no' : 'yes'} options={{ yes: 'yes', no: 'no' }} onChange={set} />
      ) : (
        <div className={kind === 'number' ? css.sum : css.text}>
          <TextField label="Value" labelHidden value={value} maxLength={255} autoComplete="off" {...(kind === 'number' ? { inputMode: 'decimal' as const } : {})} onChange={(next) => set(kind === 'number' ? next.replace(',', '.') : next)} />
        </div>
      )}
    </>
  )
}

const named = (names: string[]) => names.map((name) => ({ value: name, title: name }))
function newWhat(kind: What['kind']): What {
  switch (kind) {
    case 'anything':
      return { kind }
    case 'products':
      return { kind, productIds: [] }
    case 'category':
      return { kind, category: '' }
    case 'vendor':
      return { kind, vendor: '' }
  }
}
