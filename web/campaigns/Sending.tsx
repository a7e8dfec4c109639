import { useState } from 'react'
import type { CampaignLive, CampaignView } from '../../app/campaigns/contract.ts'
import { wordsOf } from '../api.ts'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { ComplaintBanner } from '../components/ComplaintBanner.tsx'
import { doneOf } from '../components/SendBar.tsx'
import { number, people, type Format } from '../format.ts'
import { PeopleDialog, type Show } from '../reports/PeopleDialog.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Failed, InlineGrid, PageFrame, Section, SkeletonBodyText, Text } from '../ui/index.ts'
import { Held } from './Held.tsx'
import { Audience, Progress } from './Progress.tsx'
import { useAct, useLive } from './queries.ts'
import { TheMail } from './TheMail.tsx'

/** How far is it? May be left: it goes on without this page. */
export function Sending({ campaign, formats }: { campaign: CampaignView; formats: Format }) {
  const [asking, setAsking] = useState(false)
  const [show, setShow] = useState<Show | null>(null)
  const act = useAct(campaign.id, { pause: 'Paused', resume: 'Going on', cancel: 'Cancelled' })
  const asked = useLive(campaign)
  const live = asked.data
  const { status } = campaign
  const paused = status === 'paused'
  const stopped = live?.complaints?.level === 'stop'
  const busy = act.isPending ? act.variables.act : null
  const why = live?.statusReason ?? campaign.statusReason
  return (
    <PageFrame
      title={campaign.name}
      back={{ content: 'Campaigns', url: '/campaigns' }}
      badge={<CampaignBadge status={status} />}
      sentence={sentenceOf(campaign, live)}
      detail={detailOf(paused, live?.underWay ?? 0)}
      secondary={[
        { content: 'Cancel the rest', tone: 'critical', onAction: () => setAsking(true), disabled: busy !== null },
        ...(status === 'sending' ? [{ content: 'Pause', onAction: () => act.mutate({ act: 'pause' }), loading: busy === 'pause' }] : []),
      ]}
      {...(paused ? { primary: { content: 'Go on', onAction: () => act.mutate({ act: 'resume' }), loading: busy === 'resume', disabled: stopped } } : {})}
    >
      <BlockStack gap="400">
        <ComplaintBanner notice={live?.complaints} />
        {paused && why && !stopped && (
          <Banner tone="warning" title="Why it is paused">
            <Text as="p">{why}</Text>
          </Banner>
        )}
        {asked.isError && <Failed inline title="How far it is could not be asked" words={`${wordsOf(asked.error)} The sending goes on by itself.`} again={() => void asked.refetch()} />}
        {live ? (
          <>
            <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
              <Progress live={live} heardAt={asked.dataUpdatedAt} formats={formats} onShow={setShow} />
              <Audience progress={live.progress} />
            </InlineGrid>
            <Held id={campaign.id} held={live.progress.held} formats={formats} />
          </>
        ) : (
          !asked.isError && (
            <Section title={status === 'preparing' ? 'Writing down who gets it' : 'How far it is'}>
              <SkeletonBodyText lines={3} />
            </Section>
          )
        )}
        <TheMail campaign={campaign} />
      </BlockStack>
      <PeopleDialog id={campaign.id} show={show} formats={formats} onClose={() => setShow(null)} />
      <Dialog
        open={asking}
        title="Cancel the rest?"
        size="small"
        onClose={() => setAsking(false)}
        primary={{
          content: live ? `Cancel for ${people(live.progress.waiting)}` : 'Cancel',
          tone: 'critical',
          loading: busy === 'cancel',
          onAction: () => act.mutate({ act: 'cancel' }, { onSettled: () => setAsking(false) }),
        }}
        secondary={[{ content: 'Keep it going', onAction: () => setAsking(false) }]}
      >
        <Text as="p">
          {live ? `${number(doneOf(live.progress))} of ${number(live.progress.audience)} are done and stay done. ` : ''}
          {live && live.underWay > 0 ? `${number(live.underWay)} are being handed over at this moment and may still get it. ` : ''}
          The others will not get it. This cannot be taken back; pausing can.
        </Text>
      </Dialog>
    </PageFrame>
  )
}

function sentenceOf({ name, status }: CampaignView, live: CampaignLive | undefined): string {
  if (status === 'preparing') return `“${name}” is being prepared.`
  const far = live ? `${number(doneOf(live.progress))} of ${people(live.progress.audience)}` : null
  if (status === 'paused') return far ? `“${name}” is paused after ${far}.` : `“${name}” is paused.`
  return far ? `“${name}” is going out: ${far}.` : `“${name}” is going out.`
}

function detailOf(paused: boolean, underWay: number): string {
  if (!paused) return 'You may leave this page: it goes on without you.'
  return underWay > 0
    ? `Nobody new gets it. ${people(underWay)} ${underWay === 1 ? 'was' : 'were'} being handed over when you paused: that ends by itself.`
    : 'Nobody gets it until you go on. Mail that was already handed over cannot be called back.'
}
