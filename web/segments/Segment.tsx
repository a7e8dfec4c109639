import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router-dom'
import { segmentView } from '../../app/segments/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { Lost } from '../components/Lost.tsx'
import { useFormat } from '../shop.ts'
import { Failed, PageSkeleton } from '../ui/index.ts'
import { Editor } from './Editor.tsx'
import { Followed } from './Followed.tsx'

/** Which people? A sentence that is put together, with its count beside it; or a segment of the store's own, that is only followed. */
export default function Segment() {
  const { id } = useParams()
  const asked = useQuery({
    queryKey: ['segment', id],
    queryFn: ({ signal }) => ask(segmentView, `/api/segments/${id ?? ''}`, { signal }),
    enabled: id !== undefined,
    refetchInterval: ({ state: { data } }) => (data?.platform && data.readAt === null && data.fault === null ? 3_000 : false), // until its people were read
  })
  const formats = useFormat()
  if (id === undefined) return formats ? <Editor key="new" segment={null} formats={formats} /> : <PageSkeleton shape="form" />
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="segment" />
    return <Failed title="The segment could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data || !formats) return <PageSkeleton shape="form" />
  return asked.data.platform ? <Followed segment={asked.data} formats={formats} /> : <Editor key={id} segment={asked.data} formats={formats} />
}
