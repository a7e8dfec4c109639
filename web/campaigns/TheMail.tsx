import { useQuery } from '@tanstack/react-query'
import type { CampaignView } from '../../app/campaigns/contract.ts'
import { previewReply } from '../../app/templates/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { MailFrame } from '../components/MailFrame.tsx'
import { Failed, Section, SkeletonBodyText } from '../ui/index.ts'

/** The mail as it will arrive, for pages that only show it. */
export function TheMail({ campaign }: { campaign: CampaignView }) {
  const { subject, preheader, content } = campaign
  const preview = useQuery({ queryKey: ['preview', campaign.id, campaign.version], queryFn: ({ signal }) => ask(previewReply, '/api/preview', { method: 'POST', signal, body: { subject, preheader, content } }) })
  return (
    <Section title="The mail itself" explain={preview.data?.subject || subject}>
      {preview.isError ? (
        <Failed inline title="The mail could not be drawn" words={wordsOf(preview.error)} again={() => void preview.refetch()} />
      ) : preview.data ? (
        <MailFrame html={preview.data.html} title="The mail as it arrives" height={640} fill />
      ) : (
        <SkeletonBodyText lines={12} />
      )}
    </Section>
  )
}
