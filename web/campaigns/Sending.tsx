import { useState } from 'react'
import type { CampaignView } from '../../app/campaigns/contract.ts'
import { BarList } from '../components/BarList.tsx'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { doneOf, SendBar } from '../components/SendBar.tsx'
import { number, people } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, InlineGrid, PageFrame, Section, SkeletonBodyText, Text } from '../ui/index.ts'
import { useAct } from './queries.ts'
import { TheMail } from './TheMail.tsx'

/** How far is it? May be left: it goes on without this page. */
export function Sending({ campaign }: { campaign: CampaignView }) {
  const [asking, setAsking] = useState(false)
  const act = useAct(campaign.id, { pause: 'Paused', resume: 'Going on', cancel: 'Cancelled' })
  const { progress, status } = campaign
  const paused = status === 'paused'
  const busy = act.isPending ? act.variables.act : null
  return (
    <PageFrame
      title={campaign.name}
      back={{ content: 'Campaigns', url: '/campaigns' }}
      badge={<CampaignBadge status={status} />}
      sentence={sentenceOf(campaign)}
      detail={paused ? 'Nobody gets it until you go on. Mail that was already handed over cannot be called back.' : 'You may leave this page: it goes on without you.'}
      secondary={[
        { content: 'Cancel the rest', tone: 'critical', onAction: () => setAsking(true), disabled: busy !== null },
        ...(status === 'sending' ? [{ content: 'Pause', onAction: () => act.mutate({ act: 'pause' }), loading: busy === 'pause' }] : []),
      ]}
      {...(paused ? { primary: { content: 'Go on', onAction: () => act.mutate({ act: 'resume' }), loading: busy === 'resume' } } : {})}
    >
      <BlockStack gap="400">
        {progress ? (
          <>
            <Section title="How far it is">
              <SendBar progress={progress} />
            </Section>
            <InlineGrid columns={{ xs: 1, md: 2 }} gap="400">
              <Section title="Mail">
                <BarList
                  caption="Mail by state"
                  whole={progress.audience}
                  bars={[
                    { key: 'accepted', words: 'Handed over to the mail service', value: progress.accepted },
                    { key: 'waiting', words: 'Waiting', value: progress.waiting },
                    { key: 'suppressed', words: 'Left out at the last moment (unsubscribed since)', value: progress.suppressed },
                    { key: 'refused', words: 'Refused by the mail service', value: progress.refused },
                    { key: 'uncertain', words: 'No clear answer yet; being looked into', value: progress.uncertain },
                    { key: 'held', words: 'Not known whether it arrived; not sent again by itself', value: progress.held },
                  ].filter((bar) => bar.value > 0 || bar.key === 'accepted' || bar.key === 'waiting')}
                />
              </Section>
              <Section title="People">
                <BarList
                  caption="People in and out"
                  whole={progress.everybody}
                  bars={[
                    { key: 'in', words: 'Get it', value: progress.audience },
                    { key: 'out', words: 'Do not get it', value: progress.excluded },
                  ]}
                />
              </Section>
            </InlineGrid>
          </>
        ) : (
          <Section title="Writing down who gets it">
            <SkeletonBodyText lines={3} />
          </Section>
        )}
        <TheMail campaign={campaign} />
      </BlockStack>
      <Dialog
        open={asking}
        title="Cancel the rest?"
        size="small"
        onClose={() => setAsking(false)}
        primary={{
          content: progress ? `Cancel for ${people(progress.waiting)}` : 'Cancel',
          tone: 'critical',
          loading: busy === 'cancel',
          onAction: () => act.mutate({ act: 'cancel' }, { onSettled: () => setAsking(false) }),
        }}
        secondary={[{ content: 'Keep it going', onAction: () => setAsking(false) }]}
      >
        <Text as="p">
          {progress ? `${number(doneOf(progress))} of ${number(progress.audience)} are done and stay done. ` : ''}The others will not get it. This cannot be taken back; pausing can.
        </Text>
      </Dialog>
    </PageFrame>
  )
}

function sentenceOf({ name, status, progress }: CampaignView): string {
  if (!progress || status === 'preparing') return `“${name}” is being prepared.`
  if (status === 'paused') return `“${name}” is paused after ${number(doneOf(progress))} of ${people(progress.audience)}.`
  return `“${name}” is going out: ${number(doneOf(progress))} of ${people(progress.audience)}.`
}
