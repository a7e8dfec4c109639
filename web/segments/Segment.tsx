import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate, useParams } from 'react-router-dom'
import { segmentCount, segmentInput, segmentView, type SegmentRules, type SegmentView } from '../../app/segments/contract.ts'
import { ask, Fault, fieldFault, tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { UnsavedBar } from '../components/UnsavedBar.tsx'
import { Lost } from '../components/Lost.tsx'
import { useLater } from '../components/useLater.ts'
import { number, people } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Button, ButtonGroup, Failed, icons, InlineGrid, Link, PageFrame, PageSkeleton, Section, Text, TextField } from '../ui/index.ts'
import { ConditionRow } from './ConditionRow.tsx'
import { faultOf, newCondition } from './conditions.ts'
import css from './Segment.module.css'

/** Which people? A sentence that is put together, with its count beside it. */
export default function Segment() {
  const { id } = useParams()
  const asked = useQuery({ queryKey: ['segment', id], queryFn: ({ signal }) => ask(segmentView, `/api/segments/${id ?? ''}`, { signal }), enabled: id !== undefined })
  const formats = useFormat()
  if (id === undefined) return formats ? <Builder key="new" segment={null} currency={formats.currency} /> : <PageSkeleton shape="form" />
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="segment" />
    return <Failed title="The segment could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data || !formats) return <PageSkeleton shape="form" />
  return <Builder key={id} segment={asked.data} currency={formats.currency} />
}

function Builder({ segment, currency }: { segment: SegmentView | null; currency: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const stored = { name: segment?.name ?? '', rules: segment?.rules ?? { match: 'all', conditions: [newCondition('bought')] } satisfies SegmentRules }
  const [name, setName] = useState(stored.name)
  const [rules, setRules] = useState<SegmentRules>(stored.rules)
  const [deleting, setDeleting] = useState(false)
  const [tried, setTried] = useState(false)
  const changed = JSON.stringify({ name, rules }) !== JSON.stringify(stored)
  const input = segmentInput.safeParse({ name, rules })
  const save = useMutation({
    mutationFn: async () => {
      setTried(true)
      if (!input.success) throw new Fault(0, 'invalid', 'Something is missing: see the red words.')
      return segment
        ? ask(segmentView, `/api/segments/${segment.id}`, { method: 'PUT', body: input.data })
        : ask(segmentView, '/api/segments', { method: 'POST', body: input.data })
    },
    onSuccess: async (view) => {
      client.setQueryData(['segment', view.id], view)
      await client.invalidateQueries({ queryKey: ['segments'] })
      toast('Saved')
      setName(view.name)
      setRules(view.rules)
      setTried(false)
      if (!segment) navigate(`/segments/${view.id}`, { replace: true })
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const remove = useMutation({
    mutationFn: () => tell(`/api/segments/${segment?.id ?? ''}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['segments'] })
      toast('Deleted')
      navigate('/segments')
    },
    onError: (error) => {
      setDeleting(false)
      toastFault(wordsOf(error))
    },
  })
  const discard = (): void => {
    setName(stored.name)
    setRules(stored.rules)
    setTried(false)
  }
  const good = rules.conditions.every((one) => faultOf(one) === null)
  const asked = useLater(good ? JSON.stringify(rules) : '', 350)
  const count = useQuery({
    queryKey: ['segment-count', asked],
    queryFn: ({ signal }) => ask(segmentCount, '/api/segments/count', { method: 'POST', body: { rules: JSON.parse(asked) as unknown }, signal }),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  })
  const nameFault = name.trim() === '' ? (tried ? 'Give the segment a name' : undefined) : fieldFault(save.error, 'name')
  return (
    <PageFrame
      title={segment ? segment.name : 'New segment'}
      back={{ content: 'Segments', url: '/segments' }}
      sentence={count.data ? `${people(count.data.people)}, of whom you may mail ${number(count.data.mailable)}.` : segment ? segment.name : 'Which people?'}
      detail={count.data ? `Everybody who ${count.data.sentence}.` : 'Say what they did or are; the count follows.'}
      {...(segment ? { secondary: [{ content: 'Delete', tone: 'critical' as const, onAction: () => setDeleting(true) }] } : {})}
    >
      <UnsavedBar id="segment-save" open={changed} saving={save.isPending} onSave={() => save.mutate()} onDiscard={discard} />
      <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
        <BlockStack gap="400">
          <Section title="Name">
            <TextField label="Name" labelHidden value={name} onChange={setName} maxLength={100} autoComplete="off" placeholder="For example: bought lately" {...(nameFault ? { error: nameFault } : {})} />
          </Section>
          <Section
            title="Everybody who…"
            end={
              <ButtonGroup variant="segmented">
                <Button size="slim" pressed={rules.match === 'all'} onClick={() => setRules({ ...rules, match: 'all' })}>
                  all of these
                </Button>
                <Button size="slim" pressed={rules.match === 'any'} onClick={() => setRules({ ...rules, match: 'any' })}>
                  one of these
                </Button>
              </ButtonGroup>
            }
          >
            <ol className={css.list}>
              {rules.conditions.map((one, n) => (
                <li key={n}>
                  {n > 0 && <span className={css.joint}>{rules.match === 'all' ? 'and' : 'or'}</span>}
                  <ConditionRow
                    condition={one}
                    currency={currency}
                    showFault={tried}
                    onChange={(next) => setRules({ ...rules, conditions: rules.conditions.with(n, next) })}
                    {...(rules.conditions.length > 1 ? { onRemove: () => setRules({ ...rules, conditions: rules.conditions.toSpliced(n, 1) }) } : {})}
                  />
                </li>
              ))}
            </ol>
            <div>
              <Button icon={icons.Plus} disabled={rules.conditions.length >= 20} onClick={() => setRules({ ...rules, conditions: [...rules.conditions, newCondition('opened')] })}>
                Add a condition
              </Button>
            </div>
          </Section>
        </BlockStack>
        <Section title="Some of them" explain={count.data && count.data.sample.length === 0 ? 'Nobody fits.' : 'To see whether it is right.'}>
          {count.isError ? (
            <Failed inline title="The count did not work" words={wordsOf(count.error)} again={() => void count.refetch()} />
          ) : (
            <BlockStack gap="200">
              {count.data?.sample.map((person) => (
                <BlockStack key={person.id}>
                  <Link url={`/subscribers/${person.id}`} removeUnderline>
                    {person.name || person.email}
                  </Link>
                  {person.name && (
                    <Text as="span" variant="bodySm" tone="subdued" breakWord>
                      {person.email}
                    </Text>
                  )}
                </BlockStack>
              ))}
            </BlockStack>
          )}
        </Section>
      </InlineGrid>
      <Dialog
        open={deleting}
        title="Delete this segment?"
        size="small"
        onClose={() => setDeleting(false)}
        primary={{ content: 'Delete', tone: 'critical', loading: remove.isPending, onAction: () => remove.mutate() }}
        secondary={[{ content: 'Keep it', onAction: () => setDeleting(false) }]}
      >
        <Text as="p">The people stay; only the question is deleted. Drafts that use it ask for another choice.</Text>
      </Dialog>
    </PageFrame>
  )
}
