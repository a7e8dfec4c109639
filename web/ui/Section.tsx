import { BlockStack, Card, InlineStack, Text } from '@shopify/polaris'
import type { ReactNode } from 'react'

/** A card with a heading, perhaps a line of explanation, perhaps something small at its end. */
export function Section({ title, explain, end, children, gap = '300' }: { title: string; explain?: ReactNode; end?: ReactNode; children?: ReactNode; gap?: '200' | '300' | '400' }) {
  return (
    <Card>
      <BlockStack gap={gap}>
        <BlockStack gap="100">
          <InlineStack align="space-between" blockAlign="center" gap="200">
            <Text as="h2" variant="headingMd">
              {title}
            </Text>
            {end}
          </InlineStack>
          {explain && (
            <Text as="p" tone="subdued">
              {explain}
            </Text>
          )}
        </BlockStack>
        {children}
      </BlockStack>
    </Card>
  )
}
