import type { CampaignStatus } from '../../app/campaigns/contract.ts'
import { Badge, type BadgeProps } from '../ui/index.ts'

const looks: Record<CampaignStatus, { words: string; tone?: BadgeProps['tone']; progress?: BadgeProps['progress'] }> = {
  draft: { words: 'Draft' },
  scheduled: { words: 'Scheduled', tone: 'info', progress: 'incomplete' },
  preparing: { words: 'Preparing', tone: 'attention', progress: 'partiallyComplete' },
  sending: { words: 'Sending', tone: 'attention', progress: 'partiallyComplete' },
  paused: { words: 'Paused', tone: 'warning', progress: 'partiallyComplete' },
  sent: { words: 'Sent', tone: 'success', progress: 'complete' },
  cancelled: { words: 'Cancelled' },
  failed: { words: 'Not sent', tone: 'critical' },
}

export function CampaignBadge({ status }: { status: CampaignStatus }) {
  const { words, tone, progress } = looks[status]
  return (
    <Badge {...(tone ? { tone } : {})} {...(progress ? { progress } : {})}>
      {words}
    </Badge>
  )
}
