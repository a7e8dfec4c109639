import type { CampaignView } from '../../app/campaigns/contract.ts'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { people, type Format } from '../format.ts'
import { Banner, BlockStack, Link, PageFrame, Text } from '../ui/index.ts'
import { Held } from './Held.tsx'
import { useDuplicate, useLive } from './queries.ts'
import { TheMail } from './TheMail.tsx'

/** Why did it not go out to everybody, and what now? */
export function Stopped({ campaign, formats }: { campaign: CampaignView; formats: Format }) {
  const live = useLive(campaign)
  const duplicate = useDuplicate()
  const failed = campaign.status === 'failed'
  const reached = live.data?.progress.accepted ?? campaign.progress?.accepted ?? 0
  return (
    <PageFrame
      title={campaign.name}
      back={{ content: 'Campaigns', url: '/campaigns' }}
      badge={<CampaignBadge status={campaign.status} />}
      sentence={failed ? `“${campaign.name}” could not be sent.` : reached > 0 ? `“${campaign.name}” was cancelled after ${people(reached)}.` : `“${campaign.name}” was cancelled; nobody got it.`}
      secondary={[{ content: 'Make a copy to change', onAction: () => duplicate.mutate(campaign.id), loading: duplicate.isPending }]}
    >
      <BlockStack gap="400">
        {campaign.statusReason && (
          <Banner tone={failed ? 'critical' : 'info'} title="Why">
            <Text as="p">{campaign.statusReason}</Text>
          </Banner>
        )}
        <Held id={campaign.id} held={live.data?.progress.held ?? 0} formats={formats} />
        {reached > 0 && <Link url={`/campaigns/${campaign.id}/report`}>See what became of the mail that went out</Link>}
        <TheMail campaign={campaign} />
      </BlockStack>
    </PageFrame>
  )
}
