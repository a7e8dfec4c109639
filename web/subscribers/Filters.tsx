import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { mailable, personSource, subscriberChoices, type Mailable, type SubscriberChoices, type SubscriberFilter } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { Finder } from '../components/Finder.tsx'
import { standingWords } from '../components/PersonBadge.tsx'
import type { Find } from '../components/search.ts'
import { countryName, languageName } from '../format.ts'
import { Icon, icons, Spinner, TextField } from '../ui/index.ts'
import { FieldFilter } from './FieldFilter.tsx'
import css from './Filters.module.css'
import { isFiltered } from './query.ts'
import { sourceWords } from './sources.ts'

interface Props {
  search: string
  onSearch: (value: string) => void
  filter: SubscriberFilter
  onChange: (part: Partial<SubscriberFilter>) => void
  onClear: () => void
  busy: boolean
}

/** How most people stand: one press. The others are behind "More". */
const first: readonly Mailable[] = ['subscribed', 'pending', 'unsubscribed', 'none']

/** Search, how people stand, and what else they can be found by. */
export function Filters({ search, onSearch, filter, onChange, onClear, busy }: Props) {
  const [needed, setNeeded] = useState(false)
  const asked = useQuery({
    queryKey: ['subscriber-choices'],
    queryFn: ({ signal }) => ask(subscriberChoices, '/api/subscribers/choices', { signal }),
    enabled: needed || Boolean(filter.segmentId ?? filter.fieldId), // their names stand there
    staleTime: 30_000,
  })
  const choices = asked.data
  const { status } = filter
  const seldom = mailable.options.filter((one) => !first.includes(one))
  const common = { needs: () => setNeeded(true), busy: asked.isFetching && !choices, ...(asked.isError ? { none: wordsOf(asked.error) } : {}) }
  return (
    <div className={css.filters}>
      <div role="search">
        <TextField
          label="Search people"
          labelHidden
          value={search}
          onChange={onSearch}
          placeholder="Search by name or e-mail address"
          autoComplete="off"
          maxLength={200}
          prefix={<Icon source={icons.Search} tone="subdued" />}
          {...(busy ? { suffix: <Spinner size="small" accessibilityLabel="Searching" /> } : {})}
          clearButton
          onClearButtonClick={() => onSearch('')}
        />
      </div>
      <div className={css.chips} role="group" aria-label="How they stand">
        <Chip words="Everybody" on={status === undefined} onPress={() => onChange({ status: undefined })} />
        {first.map((one) => (
          <Chip key={one} words={standingWords[one]} on={status === one} onPress={() => onChange({ status: status === one ? undefined : one })} />
        ))}
        <Choice
          name="Other reasons"
          label="Search reasons"
          value={status && !first.includes(status) ? status : undefined}
          shown={(value) => standingWords[mailable.parse(value)]}
          options={seldom.map((one) => ({ value: one, title: standingWords[one] }))}
          onChoose={(value) => onChange({ status: value ? mailable.parse(value) : undefined })}
        />
      </div>
      <div className={css.chips} role="group" aria-label="Who they are">
        <Choice
          {...common}
          name="Tag"
          label="Search tags"
          value={filter.tag}
          shown={(tag) => `Tag: ${tag}`}
          options={(choices?.tags ?? []).map((tag) => ({ value: tag, title: tag }))}
          onChoose={(tag) => onChange({ tag })}
          {...(choices ? { offer: (text: string) => `Tag “${text}”` } : {})}
          none={common.none ?? 'Nobody has a tag yet.'}
        />
        <Choice
          {...common}
          name="Segment"
          label="Search segments"
          value={filter.segmentId}
          shown={(id) => `In “${nameOf(choices?.segments, id)}”`}
          options={(choices?.segments ?? []).map(({ id, name }) => ({ value: id, title: name }))}
          onChoose={(segmentId) => onChange({ segmentId })}
          none={common.none ?? 'You have no segments yet.'}
        />
        <Choice
          {...common}
          name="Country"
          label="Search countries"
          value={filter.country}
          shown={(code) => `In ${countryName(code)}`}
          options={byTitle((choices?.countries ?? []).map((code) => ({ value: code, title: countryName(code), words: code })))}
          onChoose={(country) => onChange({ country })}
          none={common.none ?? 'No country is known of anybody yet.'}
        />
        <Choice
          {...common}
          name="Language"
          label="Search languages"
          value={filter.language}
          shown={(code) => `Reads ${languageName(code)}`}
          options={byTitle((choices?.languages ?? []).map((code) => ({ value: code, title: languageName(code), words: code })))}
          onChoose={(language) => onChange({ language })}
          none={common.none ?? 'No language is known of anybody yet.'}
        />
        <Choice
          name="Came from"
          label="Search where they came from"
          value={filter.source}
          shown={(source) => `From: ${sourceWords[personSource.parse(source)].toLowerCase()}`}
          options={personSource.options.map((source) => ({ value: source, title: sourceWords[source] }))}
          onChoose={(source) => onChange({ source: source ? personSource.parse(source) : undefined })}
        />
        <Chip words="Has ordered" on={filter.ordered === 'yes'} onPress={() => onChange({ ordered: filter.ordered === 'yes' ? undefined : 'yes' })} />
        <Chip words="Never ordered" on={filter.ordered === 'no'} onPress={() => onChange({ ordered: filter.ordered === 'no' ? undefined : 'no' })} />
        <FieldFilter filter={filter} fields={choices?.fields} fault={common.none} onNeed={common.needs} onChange={onChange} />
        {isFiltered({ ...filter, search: '' }) && (
          <button
            type="button"
            className={css.clear}
            onClick={(event) => {
              focusFirst(event.currentTarget)
              onClear()
            }}
          >
            Clear filters
          </button>
        )}
      </div>
    </div>
  )
}

export const Chip = ({ words, on, onPress }: { words: string; on: boolean; onPress: () => void }) => (
  <button type="button" className={on ? css.chipOn : css.chip} aria-pressed={on} onClick={onPress}>
    {words}
  </button>
)

interface ChoiceProps {
  name: string
  label: string
  value: string | undefined
  /** The chip's words once something is chosen. */
  shown: (value: string) => string
  options: Find[]
  onChoose: (value: string | undefined) => void
  needs?: () => void
  busy?: boolean
  none?: string
  offer?: (text: string) => string
}

/** A chip that opens a list; with a choice it says which, and can be emptied. */
function Choice({ name, value, shown, onChoose, needs, ...list }: ChoiceProps) {
  return (
    <div className={value ? css.chosen : undefined}>
      <Finder
        {...list}
        chosen={value ? [value] : []}
        onChoose={onChoose}
        button={(press, open) => (
          <button
            type="button"
            className={value ? css.chipOn : css.chip}
            aria-expanded={open}
            onClick={() => {
              needs?.()
              press()
            }}
          >
            {value ? shown(value) : name}
            <span className={css.arrow} aria-hidden="true" />
          </button>
        )}
      />
      {value && <TakeAway what={shown(value)} onPress={() => onChoose(undefined)} />}
    </div>
  )
}

export const TakeAway = ({ what, onPress }: { what: string; onPress: () => void }) => (
  <button
    type="button"
    className={css.away}
    aria-label={`Take “${what}” away`}
    onClick={(event) => {
      focusFirst(event.currentTarget)
      onPress()
    }}
  >
    <Icon source={icons.Close} />
  </button>
)

/** A button that goes with the press hands the focus to its first neighbour. */
const focusFirst = (button: HTMLElement): void => button.parentElement?.querySelector('button')?.focus()

const nameOf = (list: SubscriberChoices['segments'] | undefined, id: string): string => list?.find((one) => one.id === id)?.name ?? '…'
const byTitle = (options: Find[]): Find[] => options.toSorted((a, b) => a.title.localeCompare(b.title))
