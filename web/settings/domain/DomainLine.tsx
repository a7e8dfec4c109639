import { Badge, Button, InlineStack, Section, Text } from '../../ui/index.ts'
import { badges, stillVerified } from './badges.ts'
import { useDomain } from './queries.ts'

/** Under the sender's address: may mail leave from its domain? Follows what is stored, not what is being typed. */
export function DomainLine({ address }: { address: string }) {
  const { data } = useDomain()
  if (!data || address === '') return null
  const badge = data.brokenSince ? stillVerified : badges[data.state]
  return (
    <Section title="Sending domain" end={data.obstacle ? <Badge tone="critical">Cannot be used</Badge> : <Badge tone={badge.tone}>{badge.words}</Badge>}>
      <InlineStack align="space-between" blockAlign="center" gap="300">
        <Text as="p" breakWord>
          {data.sentence}
        </Text>
        <Button url="/settings/domain">{data.state === 'verified' ? 'Look at it' : 'Set it up'}</Button>
      </InlineStack>
    </Section>
  )
}
