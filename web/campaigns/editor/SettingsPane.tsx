import { BlockStack, Button, ButtonGroup, Card, icons, InlineStack, Text } from '../../ui/index.ts'
import { BlockFields } from './BlockFields.tsx'
import { kindWords, type find } from './blocks.ts'
import { Envelope } from './Envelope.tsx'
import type { Draft } from './history.ts'
import type { BlockVerbs } from './useBlocks.ts'

interface Props {
  draft: Draft
  set: (next: (draft: Draft) => Draft, key?: string | null) => void
  found: ReturnType<typeof find>
  verbs: BlockVerbs
}

/** The settings of what is chosen: a block, or the mail's subject and its people. */
export function SettingsPane({ draft, set, found, verbs }: Props) {
  if (!found) {
    return (
      <Card>
        <BlockStack gap="400">
          <Text as="h2" variant="headingMd">
            Subject and people
          </Text>
          <Envelope draft={draft} set={set} />
        </BlockStack>
      </Card>
    )
  }
  const { block } = found
  return (
    <Card>
      <BlockStack gap="400">
        <InlineStack align="space-between" blockAlign="center" gap="100">
          <Text as="h2" variant="headingMd">
            {kindWords[block.type]}
          </Text>
          <ButtonGroup gap="extraTight">
            <Button icon={icons.Up} variant="tertiary" size="micro" disabled={found.index === 0} onClick={() => verbs.nudge(block.id, -1)} accessibilityLabel="Move up" />
            <Button icon={icons.Down} variant="tertiary" size="micro" disabled={found.index === found.among - 1} onClick={() => verbs.nudge(block.id, 1)} accessibilityLabel="Move down" />
            <Button icon={icons.Duplicate} variant="tertiary" size="micro" onClick={() => verbs.duplicate(block.id)} accessibilityLabel="Duplicate" />
            <Button icon={icons.Delete} variant="tertiary" size="micro" onClick={() => verbs.remove(block.id)} accessibilityLabel="Delete" />
          </ButtonGroup>
        </InlineStack>
        <BlockFields block={block} onChange={(next, field) => verbs.change(next, field)} />
      </BlockStack>
    </Card>
  )
}
