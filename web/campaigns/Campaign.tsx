import { lazy, Suspense } from 'react'
import { useParams } from 'react-router-dom'
import { Fault, wordsOf } from '../api.ts'
import { Lost } from '../components/Lost.tsx'
import Report from '../reports/Report.tsx'
import { useFormat } from '../shop.ts'
import { Failed, PageSkeleton } from '../ui/index.ts'
import { beginsNow, useCampaign } from './queries.ts'
import { Scheduled } from './Scheduled.tsx'
import { Sending } from './Sending.tsx'
import { Stopped } from './Stopped.tsx'

const Editor = lazy(() => import('./editor/Editor.tsx'))

/** One campaign, as far as it has come: being written, waiting, on its way, or done. */
export default function Campaign() {
  const { id = '' } = useParams()
  const campaign = useCampaign(id)
  const formats = useFormat()
  if (campaign.isError && !campaign.data) {
    if (campaign.error instanceof Fault && campaign.error.status === 404) return <Lost what="campaign" />
    return <Failed title="The campaign could not be loaded" words={wordsOf(campaign.error)} again={() => void campaign.refetch()} />
  }
  if (!campaign.data || !formats) return <PageSkeleton shape="editor" width="full" />
  const view = campaign.data
  switch (view.status) {
    case 'draft':
      return (
        <Suspense fallback={<PageSkeleton shape="editor" width="full" />}>
          <Editor key={id} campaign={view} />
        </Suspense>
      )
    case 'scheduled':
      if (beginsNow(view, view.now)) return <Sending campaign={{ ...view, status: 'preparing' }} formats={formats} />
      return <Scheduled campaign={view} formats={formats} />
    case 'preparing':
    case 'sending':
    case 'paused':
      return <Sending campaign={view} formats={formats} />
    case 'sent':
      return <Report />
    case 'cancelled':
    case 'failed':
      return <Stopped campaign={view} formats={formats} />
  }
}
