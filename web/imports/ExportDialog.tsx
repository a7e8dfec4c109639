import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { download, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Button, ChoiceList, Text } from '../ui/index.ts'
import css from './Imports.module.css'

interface Props {
  /** The filter of the list as its address has it; '' for everybody. */
  filter: string
  onClose: () => void
}

interface File {
  what: string
  path: string
  words: string
  title: string
}
const files: File[] = [
  { what: 'people', path: '/api/subscribers/export.csv', title: 'People', words: 'Names, tags, your own fields (also the sensitive ones), orders, and where each stands: whether you may mail them, on what ground, since when.' },
  { what: 'consent', path: '/api/consent/export.csv', title: 'Consent history', words: 'Every yes and no with its time, its way and the words that were seen, one line each.' },
  { what: 'blocked', path: '/api/suppressions/export.csv', title: 'Blocked addresses', words: 'Who gets nothing, and why. Of addresses that are not in your list any more only a secret code is kept; they cannot be written out.' },
  { what: 'tags', path: '/api/tags/export.csv', title: 'Tags', words: 'Each tag and how many people have it.' },
  { what: 'segments', path: '/api/segments/export.csv', title: 'Segments', words: 'In words, and as rules from which they can be made again.' },
]

/** Everything about the list, to take along: files that every spreadsheet opens. */
export function ExportDialog({ filter, onClose }: Props) {
  const [who, setWho] = useState<'fit' | 'all'>(filter ? 'fit' : 'all')
  const going = useRef<AbortController | null>(null)
  useEffect(() => () => going.current?.abort(), [])
  const save = useMutation({
    mutationFn: ({ what, path }: File) => {
      going.current = new AbortController()
      return download(what === 'people' && filter && who === 'fit' ? `${path}?${filter}` : path, `${what}.csv`, going.current.signal)
    },
    onSuccess: (_, { title }) => toast(`${title} saved`),
    onError: (error) => {
      if (!going.current?.signal.aborted) toastFault(wordsOf(error))
    },
  })
  return (
    <Dialog open title="Export" onClose={onClose} secondary={[{ content: 'Close', onAction: onClose }]}>
      <BlockStack gap="400">
        <Text as="p">CSV files for every spreadsheet and every other tool. People whose data may only be kept are in none of them. A long list takes a minute or two; leave this open until it is saved.</Text>
        <ul className={css.exports}>
          {files.map((file) => (
            <li key={file.what}>
              <BlockStack gap="050">
                <Text as="span" fontWeight="semibold">
                  {file.title}
                </Text>
                <Text as="span" tone="subdued">
                  {file.words}
                </Text>
                {file.what === 'people' && filter && (
                  <ChoiceList
                    title="Which people"
                    titleHidden
                    selected={[who]}
                    onChange={([next]) => setWho(next === 'all' ? 'all' : 'fit')}
                    choices={[
                      { value: 'fit', label: 'Those who fit the filter' },
                      { value: 'all', label: 'All people' },
                    ]}
                  />
                )}
              </BlockStack>
              <Button
                onClick={() => save.mutate(file)}
                accessibilityLabel={`Save ${file.title.toLowerCase()}`}
                loading={save.isPending && save.variables.what === file.what}
                disabled={save.isPending && save.variables.what !== file.what}
              >
                Save
              </Button>
            </li>
          ))}
        </ul>
      </BlockStack>
    </Dialog>
  )
}
