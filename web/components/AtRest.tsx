import { useQuery } from '@tanstack/react-query'
import { operationsView } from '../../app/operations/contract.ts'
import { ask } from '../api.ts'
import { Banner, Notice, Text } from '../ui/index.ts'

/** On every page, as long as something keeps all mail from leaving: what it is, and whether it goes on by itself. */
export function AtRest() {
  const { data } = useQuery({ queryKey: ['operations'], queryFn: ({ signal }) => ask(operationsView, '/api/operations', { signal }), refetchInterval: 30_000 })
  if (!data?.rests) return null
  return (
    <Notice>
      <Banner tone="warning" title="No mail is leaving at the moment">
        <Text as="p">{data.rests.words}</Text>
      </Banner>
    </Notice>
  )
}
