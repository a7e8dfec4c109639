import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { segmentCount, segmentInput, segmentView, type SegmentView } from '../../app/segments/contract.ts'
import { ask, Fault, fieldFault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { UnsavedBar } from '../components/UnsavedBar.tsx'
import { useLater } from '../components/useLater.ts'
import { number, people, wallClock, type Format } from '../format.ts'
import { Banner, BlockStack, CardSkeleton, Failed, InlineGrid, PageFrame, Section, Text, TextField } from '../ui/index.ts'
import { Builder } from './Builder.tsx'
import { isAskable } from './conditions.ts'
import { Count, CountBar } from './Count.tsx'
import { DeleteDialog } from './DeleteDialog.tsx'
import { Explain } from './Explain.tsx'
import { Beginnings } from './ReadyMade.tsx'
import css from './Segment.module.css'
import { useChoices } from './things.tsx'
import { harvest, leavesOf, lineAt, plant, type Branch } from './tree.ts'

/** A segment of our own, or a new one: its name, its sentence, and who fits it now. */
export function Editor({ segment, formats }: { segment: SegmentView | null; formats: Format }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const stored = { name: segment?.name ?? '', rules: segment?.rules ?? null }
  const [name, setName] = useState(stored.name)
  const [tree, setTree] = useState<Branch>(() => plant(stored.rules))
  const [deleting, setDeleting] = useState(false)
  const [tried, setTried] = useState(false)
  const [refused, setRefused] = useState<{ tree: Branch; faults: Record<string, string> } | null>(null)
  const [today] = useState(() => wallClock(new Date(), formats.zone).date)
  const page = useRef<HTMLDivElement>(null)
  const choices = useChoices()
  const rules = useMemo(() => harvest(tree), [tree])
  const empty = rules.rules.length === 0
  const changed = name !== stored.name || (stored.rules ? JSON.stringify(rules) !== JSON.stringify(stored.rules) : !empty)
  const faulty = leavesOf(tree).find((one) => !isAskable(one.condition, choices.data))
  const input = segmentInput.safeParse({ name, rules })

  const save = useMutation({
    mutationFn: async () => {
      setTried(true)
      if (faulty || !input.success) {
        const place = name.trim() === '' ? '[data-name]' : faulty ? `[data-line="${faulty.id}"]` : `[data-line="${tree.id}add"]`
        page.current?.querySelector(place)?.querySelector<HTMLElement>('input, select, button')?.focus()
        throw new Fault(0, 'invalid', empty ? 'Add a condition first.' : name.trim() === '' ? 'Give the segment a name.' : 'Something is missing: see the red words.')
      }
      return segment
        ? ask(segmentView, `/api/segments/${segment.id}`, { method: 'PUT', body: input.data })
        : ask(segmentView, '/api/segments', { method: 'POST', body: input.data })
    },
    onSuccess: async (view) => {
      client.setQueryData(['segment', view.id], view)
      await Promise.all([client.invalidateQueries({ queryKey: ['segments'] }), client.invalidateQueries({ queryKey: ['segment-choices'] })])
      toast('Saved')
      setName(view.name)
      setTree(plant(view.rules))
      setTried(false)
      if (!segment) navigate(`/segments/${view.id}`, { replace: true })
    },
    onError: (error) => {
      toastFault(wordsOf(error))
      setRefused({ tree, faults: error instanceof Fault ? error.fields : {} })
    },
  })
  // What the server said of a line stands there until something is changed.
  const told = new Map(refused?.tree === tree ? Object.entries(refused.faults).map(([path, words]) => [lineAt(tree, path), words]) : [])
  const discard = (): void => {
    setName(stored.name)
    setTree(plant(stored.rules))
    setTried(false)
    save.reset()
  }

  const complete = !empty && !faulty && choices.data !== undefined
  const wanted = complete ? JSON.stringify(rules) : ''
  const asked = useLater(wanted, 300)
  const count = useQuery({
    queryKey: ['segment-count', asked],
    queryFn: ({ signal }) => ask(segmentCount, '/api/segments/count', { method: 'POST', body: { rules: JSON.parse(asked) as unknown }, signal }),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  })
  const shown = empty ? undefined : (count.data ?? (segment ? { ...segment, sample: [] } : undefined))
  const counting = complete && (count.isFetching || asked !== wanted)
  const wait = empty ? 'empty' : faulty ? 'unfinished' : null
  const nameFault = name.trim() === '' ? (tried ? 'Give the segment a name' : undefined) : fieldFault(save.error, 'name')
  return (
    <PageFrame
      title={segment ? segment.name : 'New segment'}
      back={{ content: 'Segments', url: '/segments' }}
      sentence={shown ? `${people(shown.people)}, of whom you may mail ${number(shown.mailable)}.` : 'Which people?'}
      detail={shown ? <span className={css.clamp}>{`Everybody who ${shown.sentence}.`}</span> : 'Say who they are or what they did; the count follows.'}
      {...(segment ? { secondary: [{ content: 'Delete', tone: 'critical' as const, onAction: () => setDeleting(true) }] } : {})}
    >
      <UnsavedBar id="segment-save" open={changed} saving={save.isPending} onSave={() => save.mutate()} onDiscard={discard} />
      <div ref={page}>
        <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
          <BlockStack gap="400">
            {segment?.fault && !changed && (
              <Banner tone="warning" title="Nobody is in this segment at the moment">
                <Text as="p">{segment.fault}</Text>
              </Banner>
            )}
            <Section title="Name">
              <div data-name>
                <TextField label="Name" labelHidden value={name} onChange={setName} maxLength={100} autoComplete="off" placeholder="For example: bought lately" {...(nameFault ? { error: nameFault } : {})} />
              </div>
            </Section>
            {choices.isError && !choices.data ? (
              <Failed inline title="What can be chosen could not be loaded" words={wordsOf(choices.error)} again={() => void choices.refetch()} />
            ) : !choices.data ? (
              <CardSkeleton lines={5} />
            ) : (
              <Section title="Who belongs to it" {...(empty ? { explain: 'Put a sentence together: each condition is a part of it.' } : {})}>
                <Builder tree={tree} choices={choices.data} currency={formats.currency} today={today} tried={tried} told={told} onChange={setTree} {...(segment ? { self: segment.id } : {})} />
              </Section>
            )}
            {empty && !segment && (
              <Beginnings
                onChoose={(one) => {
                  setTree(plant(one.rules))
                  if (name.trim() === '') setName(one.name)
                }}
              />
            )}
            <CountBar shown={shown} counting={counting} wait={wait} />
          </BlockStack>
          <div className={css.side}>
            <BlockStack gap="400">
              <Count shown={shown} sample={count.data?.sample} counting={counting} wait={wait} error={count.isError && !count.isFetching ? count.error : null} again={() => void count.refetch()} />
              {complete && <Explain rules={asked} />}
            </BlockStack>
          </div>
        </InlineGrid>
      </div>
      {segment && deleting && <DeleteDialog segment={segment} onClose={() => setDeleting(false)} />}
    </PageFrame>
  )
}
