import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useNavigate, useParams } from 'react-router-dom'
import type { ImportView } from '../../app/imports/contract.ts'
import { Fault, tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Lost } from '../components/Lost.tsx'
import { number, people, plural, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Badge, Banner, BlockStack, Failed, PageFrame, PageSkeleton, Text, type Action } from '../ui/index.ts'
import { Figures } from './Figures.tsx'
import { Findings } from './Findings.tsx'
import { Going } from './Going.tsx'
import { useAct, useImport } from './queries.ts'
import { Questions } from './Questions.tsx'
import { UndoDialog } from './UndoDialog.tsx'
import { stateTones, stateWords } from './words.ts'

/** One file on its way into the list: what happens with it now, and what can I do? */
export default function Import() {
  const { id = '' } = useParams()
  const formats = useFormat()
  const asked = useImport(id)
  const [dialog, setDialog] = useState<'undo' | 'give-up' | null>(null)
  const act = useAct(id)
  const view = asked.data
  if (asked.isError && !view) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="import" />
    return <Failed title="The import could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!view || !formats) return <PageSkeleton shape="form" />
  const { state } = view
  const changes = view.counts.added + view.counts.changed + view.counts.lowered
  const go = (content: string, which: 'start' | 'stop' | 'back'): Action => ({ content, onAction: () => act.mutate({ act: which }), loading: act.isPending && act.variables.act === which })
  const giveUp: Action = { content: 'Give up', onAction: () => setDialog('give-up') }
  const undo: Action[] = changedSomething(view) ? [{ content: 'Undo', onAction: () => setDialog('undo') }] : []
  const actions: Record<ImportView['state'], { primary?: Action; secondary?: Action[] }> = {
    uploading: {},
    read: { secondary: [giveUp] },
    comparing: { secondary: [go('Back to the questions', 'back')] },
    compared: { ...(changes > 0 ? { primary: go('Bring it in', 'start') } : {}), secondary: [giveUp, go('Back to the questions', 'back')] },
    running: { secondary: [go('Stop', 'stop')] },
    stopping: {},
    stopped: { secondary: undo },
    done: { secondary: undo },
    undoing: {},
    undone: {},
    failed: { secondary: [...undo, { content: 'Choose a file', url: '/subscribers/import' }] },
  }
  const tone = stateTones[state]
  return (
    <PageFrame
      title={view.fileName}
      back={{ content: 'Import', url: '/subscribers/import' }}
      sentence={sentences[state](view)}
      detail={details[state](view)}
      badge={<Badge {...(tone ? { tone } : {})}>{stateWords[state]}</Badge>}
      {...actions[state]}
    >
      <BlockStack gap="400">
        {asked.isError && <Failed inline title="The newest figures could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />}
        <Body view={view} heardAt={asked.dataUpdatedAt} formats={formats} />
      </BlockStack>
      {dialog === 'undo' && <UndoDialog view={view} onClose={() => setDialog(null)} />}
      {dialog === 'give-up' && <GiveUp view={view} onClose={() => setDialog(null)} />}
    </PageFrame>
  )
}

function Body({ view, heardAt, formats }: { view: ImportView; heardAt: number; formats: Format }): ReactNode {
  switch (view.state) {
    case 'read':
      return (
        <>
          {view.error && <Wrong title="The comparison did not come to its end" words={view.error} />}
          <Questions key={view.id} view={view} />
        </>
      )
    case 'uploading':
    case 'comparing':
    case 'running':
    case 'stopping':
    case 'undoing':
      return <Going view={view} heardAt={heardAt} />
    case 'failed':
      return (
        <>
          <Wrong title="What happened" words={view.error ?? 'Something went wrong on our side.'} />
          {changedSomething(view) && <Figures view={view} formats={formats} title="What was brought in before that" />}
          <Findings view={view} />
        </>
      )
    case 'compared':
    case 'stopped':
    case 'done':
    case 'undone':
      return (
        <>
          <Figures view={view} formats={formats} title={view.state === 'compared' ? 'What would change' : view.state === 'undone' ? 'What it had brought' : 'What it brought'} />
          <Findings view={view} />
        </>
      )
  }
}

/** It failed before anything was written, or after. */
const changedSomething = ({ canUndo, startedAt }: ImportView): boolean => canUndo && startedAt !== null

const Wrong = ({ title, words }: { title: string; words: string }) => (
  <Banner tone="critical" title={title}>
    <Text as="p">{words}</Text>
  </Banner>
)

const came = ({ kind, counts }: ImportView): string =>
  kind === 'suppressions' ? `${plural(counts.added + counts.lowered, 'address gets', 'addresses get')} no mail any more` : `${people(counts.added)} came, ${number(counts.changed + counts.lowered)} changed`

const sentences: Record<ImportView['state'], (view: ImportView) => string> = {
  uploading: ({ fileName }) => `“${fileName}” is still on its way.`,
  read: ({ kind }) => (kind === 'people' ? 'What stands in this file?' : 'Which column has the addresses?'),
  comparing: ({ fileName }) => `“${fileName}” is being compared with your list.`,
  compared: ({ kind, counts: { added, changed, lowered } }) => {
    if (added + changed + lowered === 0) return 'Nothing would change.'
    if (kind === 'suppressions') return `${plural(added + lowered, 'address would get', 'addresses would get')} no mail any more.`
    return `${plural(added, 'new person', 'new people')}, ${plural(changed, 'change', 'changes')}, ${number(lowered)} ${lowered === 1 ? 'gets' : 'get'} less mail.`
  },
  running: ({ fileName }) => `“${fileName}” is coming in.`,
  stopping: () => 'It stops after the lines that are under way.',
  stopped: (view) => `Stopped: ${came(view)}.`,
  done: (view) => `${came(view)}.`,
  undoing: ({ fileName }) => `“${fileName}” is being undone.`,
  undone: ({ undone }) => (undone && undone.stayed > 0 ? `Undone, except for ${people(undone.stayed)} to whom something newer happened.` : 'Everything is as it was before.'),
  failed: () => 'This import came to no end.',
}

const details: Record<ImportView['state'], (view: ImportView) => string> = {
  uploading: () => 'If it breaks off on its way, nothing of it is kept: then choose the file again.',
  read: () => 'Nothing changes yet. First you see what would.',
  comparing: () => 'Nothing changes by that.',
  compared: () => 'Nothing has changed yet. A file never makes anybody get mail who said no: where your list says no, it stays no.',
  running: () => 'You may leave this page; it goes on by itself.',
  stopping: () => 'What is in stays until you undo it.',
  stopped: () => 'What is in stays until you undo it.',
  done: () => 'You can undo the whole import.',
  undoing: () => 'You may leave this page; it goes on by itself.',
  undone: ({ undone }) => (undone ? `${people(undone.removed)} ${undone.removed === 1 ? 'is' : 'are'} gone again, ${people(undone.restored)} ${undone.restored === 1 ? 'is' : 'are'} as before.` : ''),
  failed: (view) => (changedSomething(view) ? 'What was brought in before that stays until you undo it.' : 'Nothing was changed.'),
}

/** Nothing has changed yet, so nothing needs to be undone. */
function GiveUp({ view, onClose }: { view: ImportView; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => tell(`/api/imports/${view.id}`, { method: 'DELETE' }),
    onSuccess: () => {
      navigate('/subscribers/import')
      client.removeQueries({ queryKey: ['imports', view.id] })
      toast('Given up')
    },
    onError: (error) => {
      toastFault(wordsOf(error))
      onClose()
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['imports'] }),
  })
  return (
    <Dialog
      open
      size="small"
      title="Give this file up?"
      onClose={onClose}
      primary={{ content: 'Give it up', tone: 'critical', loading: remove.isPending, onAction: () => remove.mutate() }}
      secondary={[{ content: 'Keep it', onAction: onClose }]}
    >
      <Text as="p" breakWord>
        “{view.fileName}” and your answers about it are deleted here. Your list stays as it is, and the file on your computer too.
      </Text>
    </Dialog>
  )
}
