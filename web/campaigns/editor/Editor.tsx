import { useEffect, useMemo, useState } from 'react'
import { useNavigate } from 'react-router-dom'
import type { CampaignView } from '../../../app/campaigns/contract.ts'
import type { MailCheck } from '../../../app/templates/contract.ts'
import { wordsOf } from '../../api.ts'
import { plural, readable } from '../../format.ts'
import { Dialog } from '../../ui/Dialog.tsx'
import { BlockStack, Button, ButtonGroup, Card, icons, PageFrame, Tabs, Text, Tooltip, useBreakpoints } from '../../ui/index.ts'
import { useDelete, useDuplicate } from '../queries.ts'
import { AddBlock } from './AddBlock.tsx'
import { BlockList } from './BlockList.tsx'
import { Checks } from './Checks.tsx'
import { Conflict } from './Conflict.tsx'
import css from './Editor.module.css'
import { draftOf, useHistory } from './history.ts'
import { MailPane } from './MailPane.tsx'
import { SavedMark } from './SavedMark.tsx'
import { SettingsPane } from './SettingsPane.tsx'
import { TestSend } from './TestSend.tsx'
import { useAutosave } from './useAutosave.ts'
import { useBlocks } from './useBlocks.ts'
import { usePreview } from './usePreview.ts'

/** Does this look like my shop? Blocks at the left, the mail as it will arrive in the middle, settings at the right. */
export default function Editor({ campaign }: { campaign: CampaignView }) {
  const navigate = useNavigate()
  const { mdDown } = useBreakpoints()
  const { draft, set, undo, redo, canUndo, canRedo } = useHistory(useMemo(() => draftOf(campaign), [])) // eslint-disable-line react-hooks/exhaustive-deps -- the first version only
  const { saving, flush, settle, outdated } = useAutosave(campaign, draft)
  const { verbs, found, chosen } = useBlocks(draft, set)
  const preview = usePreview(draft.subject, draft.preheader, draft.content)
  const [tab, setTab] = useState(0)
  const [testing, setTesting] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const duplicate = useDuplicate()
  const remove = useDelete()
  useKeys(undo, redo)

  useEffect(() => {
    if (!outdated(campaign)) return
    set(() => draftOf(campaign))
    settle(campaign)
  }, [campaign, outdated, set, settle])

  const checks = preview.data?.checks ?? []
  const faulty = new Set(checks.filter((check) => check.level === 'error' && check.blockId !== null).map((check) => check.blockId ?? ''))
  const jump = (blockId: string | null): void => {
    verbs.select(blockId)
    setTab(0)
  }
  const goOn = async (): Promise<void> => {
    setLeaving(true)
    if (await flush()) navigate(`/campaigns/${campaign.id}/rehearsal`)
    else setLeaving(false)
  }

  const structure = (
    <div className={css.left}>
      <Card padding="200">
        <BlockStack gap="200">
          <button type="button" className={chosen === null ? css.envelopeChosen : css.envelope} aria-current={chosen === null} onClick={() => verbs.select(null)}>
            <Text as="span" fontWeight="semibold">
              Subject and people
            </Text>
            <Text as="span" variant="bodySm" tone="subdued" truncate>
              {readable(draft.subject) || 'No subject yet'}
            </Text>
          </button>
          <BlockList blocks={draft.content.blocks} selected={chosen} faulty={faulty} verbs={verbs} />
          <AddBlock onAdd={(kind) => verbs.add(kind)} />
        </BlockStack>
      </Card>
      {checks.length > 0 && (
        <Card padding="300">
          <BlockStack gap="200">
            <Text as="h2" variant="headingSm">
              Before it goes
            </Text>
            <Checks checks={checks} onJump={jump} />
          </BlockStack>
        </Card>
      )}
    </div>
  )
  const mail = <MailPane preview={preview.data} stale={preview.isPlaceholderData} fault={preview.isError ? wordsOf(preview.error) : null} again={() => void preview.refetch()} />
  const settings = <SettingsPane draft={draft} set={set} found={found} verbs={verbs} />

  return (
    <PageFrame
      title={draft.name}
      width="full"
      back={{ content: 'Campaigns', url: '/campaigns' }}
      sentence={sentenceOf(preview.data?.checks, draft.content.blocks.length)}
      detail={draft.name}
      secondary={[{ content: 'Send a test', onAction: () => setTesting(true) }]}
      primary={{ content: 'See who gets it', onAction: () => void goOn(), loading: leaving }}
    >
      <BlockStack gap="300">
        {saving.state === 'conflict' && (
          <Conflict
            theirs={saving.theirs}
            draft={draft}
            onKeepMine={() => {
              const mine = draft
              set(() => draftOf(saving.theirs))
              set(() => mine)
              settle(saving.theirs)
            }}
            onTakeTheirs={() => {
              set(() => draftOf(saving.theirs))
              settle(saving.theirs)
            }}
          />
        )}
        <div className={css.tools}>
          <ButtonGroup gap="extraTight">
            <Tooltip content="Undo (Ctrl+Z)" activatorWrapper="div">
              <Button icon={icons.Undo} variant="tertiary" disabled={!canUndo} onClick={undo} accessibilityLabel="Undo" />
            </Tooltip>
            <Tooltip content="Redo (Ctrl+Shift+Z)" activatorWrapper="div">
              <Button icon={icons.Redo} variant="tertiary" disabled={!canRedo} onClick={redo} accessibilityLabel="Redo" />
            </Tooltip>
          </ButtonGroup>
          <SavedMark saving={saving} onAgain={() => void flush()} />
          <div className={css.far}>
            <ButtonGroup gap="extraTight">
              <Tooltip content="Make a copy of this campaign" activatorWrapper="div">
                <Button icon={icons.Duplicate} variant="tertiary" loading={duplicate.isPending} onClick={() => void flush().then((saved) => saved && duplicate.mutate(campaign.id))} accessibilityLabel="Make a copy of this campaign" />
              </Tooltip>
              <Tooltip content="Delete this campaign" activatorWrapper="div">
                <Button icon={icons.Delete} variant="tertiary" onClick={() => setDeleting(true)} accessibilityLabel="Delete this campaign" />
              </Tooltip>
            </ButtonGroup>
          </div>
        </div>
        {mdDown ? (
          <Tabs
            fitted
            selected={tab}
            onSelect={setTab}
            tabs={[
              { id: 'build', content: 'Build' },
              { id: 'mail', content: 'The mail' },
            ]}
          >
            <div className={css.narrow}>
              {tab === 0 ? (
                <BlockStack gap="300">
                  {settings}
                  {structure}
                </BlockStack>
              ) : (
                <div className={css.tall}>{mail}</div>
              )}
            </div>
          </Tabs>
        ) : (
          <div className={css.columns}>
            {structure}
            <div className={css.middle}>{mail}</div>
            <div className={css.right}>{settings}</div>
          </div>
        )}
      </BlockStack>
      <TestSend id={campaign.id} open={testing} onClose={() => setTesting(false)} flush={flush} />
      <Dialog
        open={deleting}
        title="Delete this campaign?"
        size="small"
        onClose={() => setDeleting(false)}
        primary={{ content: 'Delete', tone: 'critical', loading: remove.isPending, onAction: () => remove.mutate(campaign.id) }}
        secondary={[{ content: 'Keep it', onAction: () => setDeleting(false) }]}
      >
        <Text as="p">“{draft.name}” was not sent to anybody. Deleting it cannot be taken back.</Text>
      </Dialog>
    </PageFrame>
  )
}

function sentenceOf(checks: MailCheck[] | undefined, blocks: number): string {
  if (blocks === 0) return 'Begin with a first block.'
  if (!checks) return 'Your mail, as it will arrive.'
  const errors = checks.filter((check) => check.level === 'error').length
  return errors === 0 ? 'Nothing stands in the way of sending this.' : `${plural(errors, 'thing', 'things')} to mend before this can go out.`
}

/** Ctrl or Cmd with Z and Y, wherever the cursor stands, except in a dialog. */
function useKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return
      if (event.target instanceof Element && event.target.closest('[role="dialog"]')) return
      const key = event.key.toLowerCase()
      if (key === 'z' && !event.shiftKey) undo()
      else if (key === 'y' || (key === 'z' && event.shiftKey)) redo()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', press, true)
    return () => document.removeEventListener('keydown', press, true)
  }, [undo, redo])
}
