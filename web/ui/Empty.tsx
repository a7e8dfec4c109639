import { BlockStack, Box, Button, Card, Icon, Text } from '@shopify/polaris'
import type { IconSource } from '@shopify/polaris'
import type { ReactNode } from 'react'
import css from './Empty.module.css'
import type { Action } from './PageFrame.tsx'

/** Nothing here yet: what will be here, and the next step. */
export function Empty({ icon, heading, action, children }: { icon: IconSource; heading: string; action?: Action; children: ReactNode }) {
  return (
    <Card>
      <Box paddingBlock="1000" paddingInline="400">
        <div className={css.middle}>
          <BlockStack gap="400" inlineAlign="center">
            <span className={css.round}>
              <Icon source={icon} tone="subdued" />
            </span>
            <BlockStack gap="100" inlineAlign="center">
              <Text as="h2" variant="headingMd" alignment="center">
                {heading}
              </Text>
              <Text as="p" tone="subdued" alignment="center">
                {children}
              </Text>
            </BlockStack>
            {action && (
              <Button {...(action.url ? { url: action.url } : {})} {...(action.onAction ? { onClick: action.onAction } : {})} loading={action.loading ?? false}>
                {action.content}
              </Button>
            )}
          </BlockStack>
        </div>
      </Box>
    </Card>
  )
}
