import { Button, Icon, icons, InlineStack, Spinner, Text } from '../../ui/index.ts'
import type { Saving } from './useAutosave.ts'

/** Is it safe? Said in words, and to screen readers when it changes. */
export function SavedMark({ saving, onAgain }: { saving: Saving; onAgain: () => void }) {
  return (
    <div role="status">
      <InlineStack gap="100" blockAlign="center">
        {saving.state === 'saved' && <Icon source={icons.Done} tone="success" />}
        {(saving.state === 'saving' || saving.state === 'unsaved') && <Spinner size="small" />}
        {(saving.state === 'failed' || saving.state === 'conflict') && <Icon source={icons.Warning} tone="caution" />}
        <Text as="span" tone="subdued">
          {words(saving)}
        </Text>
        {saving.state === 'failed' && (
          <Button variant="plain" onClick={onAgain}>
            Try again
          </Button>
        )}
      </InlineStack>
    </div>
  )
}

function words(saving: Saving): string {
  switch (saving.state) {
    case 'saved':
      return 'Saved'
    case 'failed':
      return `Not saved yet; your changes are kept here. ${saving.words}`
    case 'conflict':
      return 'Not saved: changed elsewhere'
    default:
      return 'Saving…'
  }
}
