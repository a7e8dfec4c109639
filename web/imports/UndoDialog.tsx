import type { ImportView } from '../../app/imports/contract.ts'
import { people } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, List, Text } from '../ui/index.ts'
import { useAct } from './queries.ts'

/** Says exactly what an undo does before it does it. */
export function UndoDialog({ view, onClose }: { view: ImportView; onClose: () => void }) {
  const act = useAct(view.id)
  const { added, changed, lowered } = view.counts
  return (
    <Dialog
      open
      title={`Undo “${view.fileName}”?`}
      onClose={onClose}
      primary={{ content: 'Undo the import', tone: 'critical', loading: act.isPending, onAction: () => act.mutate({ act: 'undo' }, { onSettled: onClose }) }}
      secondary={[{ content: 'Leave it', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <List>
          {added > 0 && view.kind === 'people' && <List.Item>{people(added)} whom this file brought {added === 1 ? 'is' : 'are'} removed again. With whom something has happened since (an order, a mail, a sign-up, a change), stays.</List.Item>}
          {changed + lowered > 0 && view.kind === 'people' && <List.Item>{people(changed + lowered)} whom it changed {changed + lowered === 1 ? 'gets' : 'get'} back the names, tags and fields that they had. What was changed again since stays.</List.Item>}
          <List.Item>Addresses that it blocked are not blocked any more, unless they were blocked again since.</List.Item>
          <List.Item>What it wrote about consent is taken back by a new entry for each person: they stand where they stood before it. What somebody said themselves since stays.</List.Item>
        </List>
        <Text as="p">Mail that was sent stays sent.</Text>
      </BlockStack>
    </Dialog>
  )
}
