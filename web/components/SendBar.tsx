import { useId } from 'react'
import type { SendProgress } from '../../app/deliveries/contract.ts'
import { number } from '../format.ts'
import { BlockStack, ProgressBar, Text } from '../ui/index.ts'

/** How many rows of a send are decided, whatever their end was. */
export const doneOf = (progress: SendProgress): number => progress.accepted + progress.refused + progress.suppressed + progress.held

export function SendBar({ progress, small = false }: { progress: SendProgress; small?: boolean }) {
  const id = useId()
  const done = doneOf(progress)
  const percent = progress.audience === 0 ? 0 : Math.floor((done / progress.audience) * 100)
  return (
    <BlockStack gap="100">
      <ProgressBar progress={percent} size="small" tone="success" animated={false} ariaLabelledBy={id} />
      <Text as="span" id={id} variant={small ? 'bodySm' : 'bodyMd'} tone="subdued">
        {number(done)} of {number(progress.audience)} done
      </Text>
    </BlockStack>
  )
}
