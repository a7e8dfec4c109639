import { useMemo } from 'react'
import type { Condition, SegmentChoices } from '../../app/segments/contract.ts'
import { countryName, languageName } from '../format.ts'
import { Bought, Field, Mail } from './SentenceParts.tsx'
import { Choice, NumberField, Sum, When, YesNo } from './fields.tsx'
import { allCountries, allLanguages } from './places.ts'
import { Many, One } from './things.tsx'
import { baseWords, buyerWords, sourceWords } from './words.ts'

export interface SentenceProps<C extends Condition = Condition> {
  condition: C
  choices: SegmentChoices
  /** Titles of the chosen products; undefined while they are asked for. */
  products: SegmentChoices['products'] | undefined
  currency: string
  today: string
  /** The segment that is being edited, which cannot stand in itself. */
  self?: string
  onChange: (next: Condition) => void
}

/** One condition as a piece of the sentence "People who …": words to choose, numbers to fill in. */
export function Sentence(props: SentenceProps) {
  const { condition, choices, currency, today, onChange } = props
  const when = { today, onChange: (period: Extract<Condition, { kind: 'orders' }>['period']) => 'period' in condition && onChange({ ...condition, period }) }
  switch (condition.kind) {
    case 'mailable':
      return <YesNo label="May they be mailed?" value={condition.is} yes="may be mailed now" no="may not be mailed now" onChange={(is) => onChange({ ...condition, is })} />
    case 'country':
      return <Countries {...props} condition={condition} />
    case 'language':
      return <Languages {...props} condition={condition} />
    case 'tag':
      return (
        <>
          <YesNo label="Have it or not" value={condition.has} yes="have the tag" no="do not have the tag" onChange={(has) => onChange({ ...condition, has })} />
          <One
            label="tags"
            value={condition.tag}
            options={choices.tags.map((tag) => ({ value: tag, title: tag }))}
            empty="Nobody has a tag yet. You can write one."
            offer={(text) => `Use “${text}”`}
            onChange={(tag) => onChange({ ...condition, tag: tag ?? '' })}
          />
        </>
      )
    case 'field':
      return <Field {...props} condition={condition} />
    case 'source':
      return (
        <>
          <YesNo label="From there or not" value={condition.is} yes="came by" no="did not come by" onChange={(is) => onChange({ ...condition, is })} />
          <Many label="ways" value={condition.sources} options={optionsOf(sourceWords)} onChange={(sources) => onChange({ ...condition, sources: pick(sourceWords, sources) })} />
        </>
      )
    case 'consent':
      return (
        <>
          <YesNo label="Agreed so or not" value={condition.is} yes="agreed" no="did not agree" onChange={(is) => onChange({ ...condition, is })} />
          <Many label="ways to agree" value={condition.bases} options={optionsOf(baseWords)} onChange={(bases) => onChange({ ...condition, bases: pick(baseWords, bases) })} />
        </>
      )
    case 'buyer_group':
      return (
        <>
          <YesNo label="Are or are not" value={condition.is} yes="are" no="are not" onChange={(is) => onChange({ ...condition, is })} />
          <Many label="kinds of buyer" value={condition.groups} options={optionsOf(buyerWords)} onChange={(groups) => onChange({ ...condition, groups: pick(buyerWords, groups) })} />
        </>
      )
    case 'segment':
      return (
        <>
          <YesNo label="In it or not" value={condition.in} yes="are in the segment" no="are not in the segment" onChange={(into) => onChange({ ...condition, in: into })} />
          <One
            label="segments"
            value={condition.segmentId}
            options={choices.segments.filter((one) => one.id !== props.self).map((one) => ({ value: one.id, title: one.name }))}
            onChange={(id) => onChange({ ...condition, segmentId: id ?? '' })}
          />
        </>
      )
    case 'joined':
      return (
        <>
          <span>joined your list</span>
          <When value={condition.period} ever={null} {...when} />
        </>
      )
    case 'signed_up':
      return (
        <>
          <YesNo label="Did or did not" value={condition.did} yes="signed up by" no="did not sign up by" onChange={(did) => onChange({ ...condition, did })} />
          <One label="forms" none="any form" value={condition.formId} options={choices.forms.map((one) => ({ value: one.id, title: one.name }))} onChange={(formId) => onChange({ ...condition, formId })} />
          <When value={condition.period} {...when} />
        </>
      )
    case 'bought':
      return <Bought {...props} condition={condition} />
    case 'orders':
      return (
        <>
          <span>ordered</span>
          <Choice label="At least, at most or exactly" value={condition.op} options={{ at_least: 'at least', at_most: 'at most', exactly: 'exactly' }} onChange={(op) => onChange({ ...condition, op })} />
          <NumberField label="Times" value={condition.value} onChange={(value) => onChange({ ...condition, value })} />
          <span>{condition.value === 1 ? 'time' : 'times'}</span>
          <When value={condition.period} {...when} />
        </>
      )
    case 'spent':
      return (
        <>
          <span>spent</span>
          <Choice label="At least or at most" value={condition.op} options={{ at_least: 'at least', at_most: 'at most' }} onChange={(op) => onChange({ ...condition, op })} />
          <Sum value={condition.value} currency={currency} onChange={(value) => onChange({ ...condition, value })} />
          <When value={condition.period} {...when} />
        </>
      )
    case 'first_order':
    case 'last_order':
      return (
        <>
          <span>{condition.kind === 'first_order' ? 'ordered for the first time' : 'ordered for the last time'}</span>
          <When value={condition.period} ever="at any time" {...when} />
        </>
      )
    case 'opened':
    case 'clicked':
    case 'got':
      return <Mail {...props} condition={condition} />
  }
}

function Countries({ condition, choices, onChange }: SentenceProps<Extract<Condition, { kind: 'country' }>>) {
  const options = useMemo(() => places(choices.countries, allCountries(), countryName, 'Where your people live', 'All countries'), [choices.countries])
  return (
    <>
      <YesNo label="Live there or not" value={condition.is} yes="live in" no="do not live in" onChange={(is) => onChange({ ...condition, is })} />
      <Many label="countries" value={condition.countries} options={options} onChange={(countries) => onChange({ ...condition, countries })} />
    </>
  )
}

function Languages({ condition, choices, onChange }: SentenceProps<Extract<Condition, { kind: 'language' }>>) {
  const options = useMemo(() => places(choices.languages, allLanguages(), languageName, 'What your people use', 'All languages'), [choices.languages])
  return (
    <>
      <YesNo label="Use it or not" value={condition.is} yes="use your store in" no="do not use your store in" onChange={(is) => onChange({ ...condition, is })} />
      <Many label="languages" value={condition.languages} options={options} onChange={(languages) => onChange({ ...condition, languages })} />
    </>
  )
}

/** Those first that occur among the shop's people. */
const places = (own: string[], all: { code: string; name: string }[], nameOf: (code: string) => string, ownGroup: string, group: string) => [
  ...own.map((code) => ({ value: code, title: nameOf(code), words: code, ...(own.length > 0 ? { group: ownGroup } : {}) })),
  ...all.filter(({ code }) => !own.includes(code)).map(({ code, name }) => ({ value: code, title: name, words: code, ...(own.length > 0 ? { group } : {}) })),
]

const optionsOf = (words: Record<string, { title: string; help: string }>) => Object.entries(words).map(([value, { title, help }]) => ({ value, title, help }))
const pick = <Key extends string>(words: Record<Key, unknown>, values: string[]): Key[] => (Object.keys(words) as Key[]).filter((key) => values.includes(key))
