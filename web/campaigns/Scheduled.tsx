import type { CampaignView } from '../../app/campaigns/contract.ts'
import type { Format } from '../format.ts'
import { BlockStack, InlineStack, Link, PageFrame, Section, Text } from '../ui/index.ts'
import { CampaignBadge } from '../components/CampaignBadge.tsx'
import { TheMail } from './TheMail.tsx'
import { useAct } from './queries.ts'

/** When does it go out? */
export function Scheduled({ campaign, formats }: { campaign: CampaignView; formats: Format }) {
  const act = useAct(campaign.id, { unschedule: 'Not scheduled any more: it is a draft again' })
  const when = campaign.scheduledAt ? formats.dateTime(campaign.scheduledAt) : ''
  return (
    <PageFrame
      title={campaign.name}
      back={{ content: 'Campaigns', url: '/campaigns' }}
      sentence={`“${campaign.name}” goes out on ${when}.`}
      detail={`In your shop’s zone, ${formats.zone}. Who gets it is decided at that moment.`}
      badge={<CampaignBadge status={campaign.status} />}
      secondary={[{ content: 'Change it', onAction: () => act.mutate({ act: 'unschedule' }), loading: act.isPending }]}
    >
      <BlockStack gap="400">
        <Section title="What happens then">
          <BlockStack gap="200">
            <Text as="p">Homing looks who may be mailed, writes down for each person whether they get it and why, and sends. You may still pause or cancel while it goes out.</Text>
            <InlineStack gap="400">
              <Link url={`/campaigns/${campaign.id}/rehearsal`}>See who would get it now</Link>
            </InlineStack>
          </BlockStack>
        </Section>
        <TheMail campaign={campaign} />
      </BlockStack>
    </PageFrame>
  )
}
