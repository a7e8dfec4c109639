import { Banner, Box, Text } from '@shopify/polaris'
import { Frame } from './PageFrame.tsx'

/** What happened, what was kept, and how to go on. As a page of its own, or inside one (`inline`). */
export function Failed({ title, words, again, inline = false }: { title: string; words: string; again: () => void; inline?: boolean }) {
  const banner = (
    <Banner tone="critical" title={title} action={{ content: 'Try again', onAction: again }}>
      <Text as="p">{words}</Text>
    </Banner>
  )
  if (inline) return banner
  return (
    <Frame>
      <Box paddingBlock="600">{banner}</Box>
    </Frame>
  )
}
