import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import { segmentChoices, type SegmentChoices } from '../../app/segments/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { Finder } from '../components/Finder.tsx'
import type { Find } from '../components/search.ts'
import { useLater } from '../components/useLater.ts'
import { Button, icons, InlineError, Tag } from '../ui/index.ts'
import css from './Builder.module.css'

// Choosing what a sentence is about: products, countries, tags …

/** Everything that the builder offers, but for the products, of which there may be many. */
export const useChoices = (): UseQueryResult<SegmentChoices> =>
  useQuery({ queryKey: ['segment-choices'], queryFn: ({ signal }) => ask(segmentChoices, '/api/segments/choices', { signal }), staleTime: 30_000 })

/** What is known of chosen products; one that is missing is no longer in the store. */
export const useProducts = (ids: string[]): UseQueryResult<SegmentChoices['products']> => {
  const asked = ids.toSorted().join(',')
  return useQuery({
    queryKey: ['segment-choices', 'products', asked],
    queryFn: async ({ signal }) => (await ask(segmentChoices, `/api/segments/choices?ids=${encodeURIComponent(asked)}`, { signal })).products,
    enabled: asked !== '',
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
}

/** One thing out of many: a button that shows it. `none` stands for no choice ("any form"), where that is one. */
export function One({ label, value, options, none, onChange, offer, empty }: { label: string; value: string | null; options: Find[]; none?: string; onChange: (value: string | null) => void; offer?: (text: string) => string; empty?: string }) {
  const shown = value === null || value === '' ? null : (options.find((one) => one.value === value)?.title ?? (offer ? value : 'gone'))
  return (
    <div className={css.one}>
      <Finder
        label={`Search ${label}`}
        options={none === undefined ? options : [{ value: '', title: none }, ...options]}
        chosen={[value ?? '']}
        onChoose={(next) => onChange(next === '' ? null : next)}
        {...(offer ? { offer } : {})}
        {...(empty ? { none: empty } : {})}
        button={(press, open) => (
          <Button disclosure="select" onClick={press} pressed={open} accessibilityLabel={`${shown ?? none ?? 'Choose'} (${label})`} textAlign="left">
            {shown ?? none ?? 'Choose…'}
          </Button>
        )}
      />
    </div>
  )
}

/** Several things: each as a tag that can be taken away, and a button for more. */
export function Many({ label, value, options, onChange, empty }: { label: string; value: string[]; options: Find[]; onChange: (value: string[]) => void; empty?: string }) {
  return (
    <>
      <Chosen value={value} titleOf={(id) => options.find((one) => one.value === id)?.title ?? id} onChange={onChange} />
      <Finder
        label={`Search ${label}`}
        options={options}
        chosen={value}
        several
        onChoose={(one) => onChange(toggled(value, one))}
        {...(empty ? { none: empty } : {})}
        button={(press, open) => <AddButton label={label} first={value.length === 0} press={press} open={open} />}
      />
    </>
  )
}

/** Products, searched by the server. */
export function Products({ value, known, onChange }: { value: string[]; known: SegmentChoices['products'] | undefined; onChange: (value: string[]) => void }) {
  const [text, setText] = useState('')
  const asked = useLater(text.trim(), 250)
  const found = useQuery({
    queryKey: ['segment-choices', 'search', asked],
    queryFn: async ({ signal }) => (await ask(segmentChoices, `/api/segments/choices?q=${encodeURIComponent(asked)}`, { signal })).products,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
  const titles = new Map([...(known ?? []), ...(found.data ?? [])].map((one) => [one.id, one.title]))
  return (
    <>
      <Chosen value={value} titleOf={(id) => titles.get(id) ?? (known ? 'A product that is gone' : '…')} onChange={onChange} />
      <Finder
        label="Search products"
        options={(found.data ?? []).map((one) => ({ value: one.id, title: one.title, imageUrl: one.imageUrl }))}
        chosen={value}
        several
        busy={found.isFetching || asked !== text.trim()}
        onSearch={setText}
        onChoose={(one) => onChange(toggled(value, one))}
        none="Your store has no products yet."
        button={(press, open) => <AddButton label="products" first={value.length === 0} press={press} open={open} />}
      />
      {found.isError && !found.data && <InlineError message={wordsOf(found.error)} fieldID="products" />}
    </>
  )
}

const AddButton = ({ label, first, press, open }: { label: string; first: boolean; press: () => void; open: boolean }) => (
  <Button icon={icons.Plus} onClick={press} pressed={open} accessibilityLabel={first ? `Choose ${label}` : `Add ${label}`}>
    {first ? `Choose ${label}` : 'Add'}
  </Button>
)

const Chosen = ({ value, titleOf, onChange }: { value: string[]; titleOf: (id: string) => string; onChange: (value: string[]) => void }) =>
  value.length === 0 ? null : (
    <span className={css.chosen}>
      {value.map((id) => (
        <Tag key={id} onRemove={() => onChange(value.filter((one) => one !== id))}>
          {titleOf(id)}
        </Tag>
      ))}
    </span>
  )

const toggled = (value: string[], one: string): string[] => (value.includes(one) ? value.filter((other) => other !== one) : [...value, one])
