import { BlockStack, Box, Card, InlineGrid, SkeletonBodyText, SkeletonDisplayText } from '@shopify/polaris'
import { wordsOf } from '../api.ts'
import { useSettings } from '../shop.ts'
import { Failed } from './Failed.tsx'
import { Frame } from './PageFrame.tsx'

/**
 * The shape of a page while it comes. `shape` fits what will stand there, so that nothing jumps. Every page waits for the shop's
 * zone and currency too: when those do not come, this says so instead of waiting for ever.
 */
export function PageSkeleton({ shape = 'rows', width }: { shape?: 'rows' | 'cards' | 'editor' | 'form'; width?: 'full' }) {
  const settings = useSettings()
  if (settings.isError && !settings.data) return <Failed title="Your shop’s settings could not be loaded" words={wordsOf(settings.error)} again={() => void settings.refetch()} />
  return (
    <Frame {...(width ? { width } : {})}>
      <div aria-busy="true" aria-label="Loading">
        <Box paddingBlockStart="500" paddingBlockEnd="400" paddingInline={{ xs: '400', sm: '0' }}>
          <SkeletonDisplayText size="small" maxWidth="40ch" />
        </Box>
        {shape === 'rows' && <RowsSkeleton />}
        {shape === 'cards' && <CardsSkeleton />}
        {shape === 'editor' && (
          <InlineGrid columns={{ xs: 1, md: '248px 1fr 272px' }} gap="300">
            <CardSkeleton lines={8} />
            <CardSkeleton lines={16} />
            <CardSkeleton lines={6} />
          </InlineGrid>
        )}
        {shape === 'form' && (
          <BlockStack gap="400">
            <CardSkeleton lines={5} />
            <CardSkeleton lines={5} />
          </BlockStack>
        )}
      </div>
    </Frame>
  )
}

export const CardSkeleton = ({ lines = 3 }: { lines?: number }) => (
  <Card>
    <SkeletonBodyText lines={lines} />
  </Card>
)

export const RowsSkeleton = ({ rows = 6 }: { rows?: number }) => (
  <Card>
    <BlockStack gap="600">
      {Array.from({ length: rows }, (_, n) => (
        <SkeletonBodyText key={n} lines={1} />
      ))}
    </BlockStack>
  </Card>
)

const CardsSkeleton = () => (
  <BlockStack gap="400">
    <InlineGrid columns={{ xs: 2, md: 4 }} gap="400">
      {[0, 1, 2, 3].map((n) => (
        <CardSkeleton key={n} lines={2} />
      ))}
    </InlineGrid>
    <CardSkeleton lines={9} />
  </BlockStack>
)
