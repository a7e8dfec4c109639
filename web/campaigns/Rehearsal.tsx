import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Navigate, useNavigate, useParams } from 'react-router-dom'
import { rehearsal, type Rehearsal as View } from '../../app/campaigns/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { BarList } from '../components/BarList.tsx'
import { Lost } from '../components/Lost.tsx'
import { number, people, share } from '../format.ts'
import { PeoplePages } from '../reports/PeopleDialog.tsx'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Button, Card, Failed, InlineGrid, Link, List, PageFrame, PageSkeleton, Section, Text } from '../ui/index.ts'
import { Checks } from './editor/Checks.tsx'
import { useAct, useCampaign } from './queries.ts'
import css from './Rehearsal.module.css'
import { RehearsedLinks } from './RehearsedLinks.tsx'
import { RehearsedMails } from './RehearsedMails.tsx'
import { ScheduleDialog } from './ScheduleDialog.tsx'
import { Why } from './Why.tsx'

/** Who gets it, who does not, and why? As it was written down at a moment that the page tells; it can be written down anew. */
export default function Rehearsal() {
  const { id = '' } = useParams()
  const navigate = useNavigate()
  const formats = useFormat()
  const campaign = useCampaign(id)
  const asked = useQuery({
    queryKey: ['rehearsal', id],
    queryFn: ({ signal }) => ask(rehearsal, `/api/campaigns/${id}/rehearsal`, { signal }),
    staleTime: 0,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data?.asking ? 2000 : false),
  })
  const again = useAgain(id)
  const [dialog, setDialog] = useState<'send' | 'schedule' | null>(null)
  const [behind, setBehind] = useState<{ title: string; reason: string } | null>(null)
  const act = useAct(id, { send: 'On its way', schedule: 'Scheduled' })
  // Once it goes out, what was decided counts: that stands on the campaign's own page.
  if (campaign.data && campaign.data.status !== 'draft' && campaign.data.status !== 'scheduled') return <Navigate to={`/campaigns/${id}`} replace />
  const fault = campaign.error ?? asked.error
  if (fault && (!campaign.data || !asked.data)) {
    if (fault instanceof Fault && fault.status === 404) return <Lost what="campaign" />
    return <Failed title="The rehearsal could not be made" words={`${wordsOf(fault)} Nothing was sent.`} again={() => void Promise.all([campaign.refetch(), asked.refetch()])} />
  }
  if (!campaign.data || !asked.data || !formats) return <PageSkeleton shape="cards" />
  const view = asked.data
  const { name, status } = campaign.data
  const draft = status === 'draft'
  const start = (choice: 'send' | 'schedule', body: unknown = {}): void =>
    act.mutate({ act: choice, body }, { onSuccess: () => navigate(`/campaigns/${id}`), onSettled: () => setDialog(null) })

  return (
    <PageFrame
      title={`Who gets “${name}”`}
      back={{ content: name, url: `/campaigns/${id}` }}
      sentence={`${people(view.included)} ${view.included === 1 ? 'gets' : 'get'} “${name}”, ${number(view.excluded)} ${view.excluded === 1 ? 'does' : 'do'} not.`}
      detail={`${view.audienceName}, as of ${formats.time(view.at)}. It is decided for good when the sending begins.`}
      secondary={[
        { content: 'Rehearse again', onAction: () => again.mutate(), loading: again.isPending },
        ...(draft ? [{ content: 'Schedule', onAction: () => setDialog('schedule'), disabled: !view.canSend }] : []),
      ]}
      {...(draft ? { primary: { content: 'Send now', onAction: () => setDialog('send'), disabled: !view.canSend } } : {})}
    >
      <BlockStack gap="400">
        {draft && !view.canSend && <InTheWay view={view} id={id} />}
        {view.slowly && view.checks.every((check) => check.level !== 'error') && (
          <Banner tone="info" title="It leaves over some days">
            <Text as="p">
              {view.slowly} <Link url="/settings/domain">Your sending domain</Link>
            </Text>
          </Banner>
        )}
        <InlineGrid columns={{ xs: 2 }} gap="400">
          <BigNumber value={view.included} words="get it" whole={view.everybody} good onPress={() => setBehind({ title: 'Who gets it', reason: '' })} />
          <BigNumber value={view.excluded} words="do not" whole={view.everybody} />
        </InlineGrid>
        <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
          <Section title="Why some do not get it" explain={view.reasons.length === 0 ? 'Everybody gets it.' : 'Each person is counted once, with the first reason that decides. Choose one to see who they are.'}>
            <BarList
              caption="Reasons, by number of people"
              whole={view.everybody}
              bars={view.reasons.map((one) => ({ key: one.reason, words: one.words, value: one.people, onPress: () => setBehind({ title: one.words, reason: one.reason }) }))}
            />
          </Section>
          <Section title="Does Ada get it?" explain="Look for anybody by name or address: in or out, and the reason.">
            <Why id={id} />
          </Section>
        </InlineGrid>
        <RehearsedMails id={id} samples={view.samples} at={view.at} />
        <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
          <Section title="Looked at before it goes out" explain={draft && view.checks.some((check) => check.level !== 'ok') ? 'Choose a line to mend it in the mail.' : undefined}>
            <Checks checks={view.checks} onJump={() => navigate(`/campaigns/${id}`)} />
          </Section>
          <Section title="Where its links lead" explain={view.links.length === 0 ? 'This mail has no links.' : 'Each address was asked once. Whatever it says, you decide.'}>
            <RehearsedLinks links={view.links} asking={view.asking} />
          </Section>
        </InlineGrid>
      </BlockStack>
      <PeoplePages title={behind?.title ?? ''} path={behind && `/api/campaigns/${id}/rehearsal/people?reason=${behind.reason}`} formats={formats} onClose={() => setBehind(null)} />
      <Dialog
        open={dialog === 'send'}
        title={`Send to ${people(view.included)} now?`}
        size="small"
        onClose={() => setDialog(null)}
        primary={{ content: `Send to ${people(view.included)}`, loading: act.isPending, onAction: () => start('send') }}
        secondary={[{ content: 'Not yet', onAction: () => setDialog(null) }]}
      >
        <Text as="p">{view.slowly ?? `“${name}” goes out at once.`} You may pause it, but mail that has left cannot be called back.</Text>
      </Dialog>
      {dialog === 'schedule' && <ScheduleDialog onClose={() => setDialog(null)} onChoose={(at) => start('schedule', { at })} busy={act.isPending} formats={formats} now={campaign.data.now} heardAt={campaign.dataUpdatedAt} />}
    </PageFrame>
  )
}

/** Writes the rehearsal down anew; everything on the page that was asked for the old one is asked again. */
function useAgain(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => ask(rehearsal, `/api/campaigns/${id}/rehearsal?fresh=1`),
    onSuccess: async (view) => {
      client.setQueryData(['rehearsal', id], view)
      toast('Rehearsed again')
      await Promise.all([['people'], ['why', id]].map((queryKey) => client.invalidateQueries({ queryKey })))
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
}

const BigNumber = ({ value, words, whole, good = false, onPress }: { value: number; words: string; whole: number; good?: boolean; onPress?: () => void }) => (
  <Card>
    <div className={good ? css.good : css.other}>
      <span className={css.big}>{number(value)}</span>
      <Text as="span" variant="headingMd">
        {words}
      </Text>
      <Text as="span" tone="subdued">
        {share(value, whole)} of {people(whole)}
      </Text>
      {onPress && value > 0 && (
        <span className={css.who}>
          <Button variant="plain" onClick={onPress}>
            See who
          </Button>
        </span>
      )}
    </div>
  </Card>
)

function InTheWay({ view, id }: { view: View; id: string }) {
  const errors = view.checks.filter((check) => check.level === 'error')
  return (
    <Banner tone="warning" title="It cannot be sent yet">
      <BlockStack gap="300">
        {errors.length > 0 ? (
          <List>
            {errors.map((check) => (
              <List.Item key={`${check.code}${check.blockId ?? ''}`}>{check.message}</List.Item>
            ))}
          </List>
        ) : (
          <Text as="p">{view.included === 0 ? 'Nobody would get it.' : 'Something is still missing.'}</Text>
        )}
        <div className={css.ways}>
          <Button url={`/campaigns/${id}`}>Back to the mail</Button>
          {errors.some((check) => check.code === 'domain') ? (
            <Button url="/settings/domain" variant="plain">
              Sending domain
            </Button>
          ) : (
            <Button url="/settings" variant="plain">
              Sender settings
            </Button>
          )}
        </div>
      </BlockStack>
    </Banner>
  )
}
