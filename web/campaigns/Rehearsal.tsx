import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Navigate, useNavigate, useParams } from 'react-router-dom'
import { rehearsal, type Rehearsal as View } from '../../app/campaigns/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { BarList } from '../components/BarList.tsx'
import { Lost } from '../components/Lost.tsx'
import { MailFrame } from '../components/MailFrame.tsx'
import { number, people, share } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Button, Card, Failed, InlineGrid, Link, List, PageFrame, PageSkeleton, Section, Text } from '../ui/index.ts'
import { useAct, useCampaign } from './queries.ts'
import css from './Rehearsal.module.css'
import { ScheduleDialog } from './ScheduleDialog.tsx'
import { Why } from './Why.tsx'

/** Who gets it, who does not, and why? Nothing is decided yet: it is how things stand now. */
export default function Rehearsal() {
  const { id = '' } = useParams()
  const navigate = useNavigate()
  const formats = useFormat()
  const campaign = useCampaign(id)
  const asked = useQuery({ queryKey: ['rehearsal', id], queryFn: ({ signal }) => ask(rehearsal, `/api/campaigns/${id}/rehearsal`, { signal }), staleTime: 0, gcTime: 0 })
  const [dialog, setDialog] = useState<'send' | 'schedule' | null>(null)
  const act = useAct(id, { send: 'On its way', schedule: 'Scheduled' })
  const fault = campaign.error ?? asked.error
  if (fault && (!campaign.data || !asked.data)) {
    if (fault instanceof Fault && fault.status === 404) return <Lost what="campaign" />
    return <Failed title="The rehearsal could not be made" words={`${wordsOf(fault)} Nothing was sent.`} again={() => void Promise.all([campaign.refetch(), asked.refetch()])} />
  }
  if (!campaign.data || !asked.data || !formats) return <PageSkeleton shape="cards" />
  const view = asked.data
  const { name, status } = campaign.data
  // Once it goes out, what was decided counts: that stands on the campaign's own page.
  if (status !== 'draft' && status !== 'scheduled') return <Navigate to={`/campaigns/${id}`} replace />
  const draft = status === 'draft'
  const start = (choice: 'send' | 'schedule', body: unknown = {}): void =>
    act.mutate({ act: choice, body }, { onSuccess: () => navigate(`/campaigns/${id}`), onSettled: () => setDialog(null) })

  return (
    <PageFrame
      title={`Who gets “${name}”`}
      back={{ content: name, url: `/campaigns/${id}` }}
      sentence={`${people(view.included)} ${view.included === 1 ? 'gets' : 'get'} “${name}”, ${number(view.excluded)} ${view.excluded === 1 ? 'does' : 'do'} not.`}
      detail={`Chosen: ${view.audienceName}. This is how it stands now; it is decided for good when the sending begins.`}
      {...(draft
        ? {
            primary: { content: 'Send now', onAction: () => setDialog('send'), disabled: !view.canSend },
            secondary: [{ content: 'Schedule', onAction: () => setDialog('schedule'), disabled: !view.canSend }],
          }
        : {})}
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
          <BigNumber value={view.included} words="get it" whole={view.everybody} good />
          <BigNumber value={view.excluded} words="do not" whole={view.everybody} />
        </InlineGrid>
        <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
          <Section title="Why some do not get it" explain={view.reasons.length === 0 ? 'Everybody gets it.' : 'Each person is counted once, with the first reason that decides.'}>
            <BarList caption="Reasons, by number of people" whole={view.everybody} bars={view.reasons.map((one) => ({ key: one.reason, words: one.words, value: one.people }))} />
          </Section>
          <Section title="Does Ada get it?" explain="Look for anybody by name or address: in or out, and the reason.">
            <Why id={id} />
          </Section>
        </InlineGrid>
        {view.samples.length > 0 && (
          <Section title={view.samples.length === 1 ? 'The mail of one of them' : `The mail of ${view.samples.length} of them`} explain="Made as it would be sent, with their own names and words.">
            <div className={css.samples}>
              {view.samples.map((sample) => (
                <figure key={sample.subscriberId} className={css.sample}>
                  <figcaption>
                    <Text as="span" fontWeight="semibold" truncate>
                      {sample.subject}
                    </Text>
                    <Text as="span" variant="bodySm" tone="subdued" truncate>
                      to {sample.email}
                    </Text>
                  </figcaption>
                  <MailFrame html={sample.html} title={`The mail to ${sample.email}`} height={420} width={420} />
                </figure>
              ))}
            </div>
          </Section>
        )}
      </BlockStack>
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

const BigNumber = ({ value, words, whole, good = false }: { value: number; words: string; whole: number; good?: boolean }) => (
  <Card>
    <div className={good ? css.good : css.other}>
      <span className={css.big}>{number(value)}</span>
      <Text as="span" variant="headingMd">
        {words}
      </Text>
      <Text as="span" tone="subdued">
        {share(value, whole)} of {people(whole)}
      </Text>
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
