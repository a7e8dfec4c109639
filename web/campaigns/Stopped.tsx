import type { CampaignView } from '../../app/campaigns/contract.ts'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { people } from '../format.ts'
import { Banner, BlockStack, Link, PageFrame, Text } from '../ui/index.ts'
import { useDuplicate } from './queries.ts'
import { TheMail } from './TheMail.tsx'

/** Why did it not go out to everybody, and what now? */
export function Stopped({ campaign }: { campaign: CampaignView }) {
  const duplicate = useDuplicate()
  const failed = campaign.status === 'failed'
  const reached = campaign.progress?.accepted ?? 0
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
        {reached > 0 && <Link url={`/campaigns/${campaign.id}/report`}>See what became of the mail that went out</Link>}
        <TheMail campaign={campaign} />
      </BlockStack>
    </PageFrame>
  )
}
