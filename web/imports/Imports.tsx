import type { ImportView } from '../../app/imports/contract.ts'
import { wordsOf } from '../api.ts'
import { number, people, plural, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Rows, type Column } from '../ui/Rows.tsx'
import { Badge, BlockStack, Failed, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import { useImports } from './queries.ts'
import { Start } from './Start.tsx'
import { stateTones, stateWords } from './words.ts'

/** What did I bring in, and what waits for me? And the start of the next one. */
export default function Imports() {
  const formats = useFormat()
  const asked = useImports()
  if (asked.isError && !asked.data) return <Failed title="The imports could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data || !formats) return <PageSkeleton shape="cards" />
  const { imports } = asked.data
  return (
    <PageFrame title="Import" back={{ content: 'Subscribers', url: '/subscribers' }} sentence={sentenceOf(imports)} detail="A file never makes anybody get mail who said no. You see what would change before anything does, and can undo it afterwards.">
      <BlockStack gap="400">
        <Start />
        {imports.length > 0 && <Rows rows={imports} columns={columns(formats)} id={(one) => one.id} url={(one) => `/subscribers/imports/${one.id}`} names={{ singular: 'import', plural: 'imports' }} />}
      </BlockStack>
    </PageFrame>
  )
}

function sentenceOf(imports: ImportView[]): string {
  const waiting = imports.filter((one) => one.state === 'read' || one.state === 'compared').length
  const running = imports.filter((one) => one.state === 'running').length
  if (running > 0) return running === 1 ? 'A file is coming in.' : `${running} files are coming in.`
  if (waiting > 0) return waiting === 1 ? 'One file waits for your decision.' : `${waiting} files wait for your decision.`
  const done = imports.filter((one) => one.state === 'done').length
  return done === 0 ? 'Bring people into your list.' : `You have brought in ${plural(done, 'file', 'files')}.`
}

const columns = (formats: Format): Column<ImportView>[] => [
  {
    title: 'File',
    cell: (one) => (
      <BlockStack>
        <Text as="span" fontWeight="semibold" breakWord>
          {one.fileName}
        </Text>
        <Text as="span" tone="subdued" variant="bodySm">
          {one.kind === 'people' ? 'People' : 'Addresses that get no mail'}
        </Text>
      </BlockStack>
    ),
  },
  {
    title: 'State',
    phone: 'end',
    cell: ({ state }) => {
      const tone = stateTones[state]
      return <Badge {...(tone ? { tone } : {})}>{stateWords[state]}</Badge>
    },
  },
  { title: 'Figures', phone: 'below', cell: (one) => figuresOf(one) },
  { title: 'Begun', phone: 'below', cell: (one) => <Text as="span" tone="subdued">{formats.dateTime(one.createdAt)}</Text> },
]

function figuresOf({ state, counts, linesDone, linesTotal, undone, kind }: ImportView): string {
  if (state === 'running' || state === 'comparing') return linesTotal ? `${number(linesDone)} of ${plural(linesTotal, 'line', 'lines')}` : plural(linesDone, 'line', 'lines')
  if (state === 'undone' && undone) return `${people(undone.removed)} gone again`
  if (counts.lines === 0) return linesTotal ? plural(linesTotal, 'line', 'lines') : '–'
  if (kind === 'suppressions') return `${number(counts.added + counts.lowered)} stopped, ${number(counts.refused)} left out`
  return `${number(counts.added)} new, ${number(counts.changed + counts.lowered)} changed, ${number(counts.refused)} left out`
}
