import { useEffect, useRef } from 'react'
import type { SegmentChoices } from '../../app/segments/contract.ts'
import { Finder } from '../components/Finder.tsx'
import { Button, icons, InlineStack } from '../ui/index.ts'
import css from './Builder.module.css'
import { ConditionRow, Tools } from './ConditionRow.tsx'
import { kindsFor, newCondition, type Kind } from './conditions.ts'
import { Choice } from './fields.tsx'
import { branch, change, duplicate, find, hasRoom, insert, leaf, leavesOf, mayWrap, most, remove, setMatch, unwrap, wrap, type Branch, type Match, type Twig } from './tree.ts'

interface Props {
  tree: Branch
  choices: SegmentChoices
  currency: string
  today: string
  self?: string
  tried: boolean
  /** What the server refused: line -> words. */
  told: ReadonlyMap<string | null, string>
  onChange: (next: Branch) => void
}

const matchWords: Record<Match, string> = { all: 'all of these', any: 'any of these', none: 'none of these' }
const joints: Record<Match, string> = { all: 'and', any: 'or', none: 'or' }

/** The sentence that is put together: lines, joined by "and" or "or", and groups of lines within. */
export function Builder(props: Props) {
  const { tree, onChange } = props
  const at = useRef<HTMLDivElement>(null)
  const focus = useRef<string | null>(null)
  useEffect(() => {
    const line = focus.current === null ? null : at.current?.querySelector(`[data-line="${focus.current}"]`)
    focus.current = null
    line?.querySelector<HTMLElement>('select, input, button')?.focus()
  }, [tree])
  /** The next tree, with the focus where the work goes on. */
  const go = (next: Branch, to: string | null = null): void => {
    focus.current = to
    onChange(next)
  }
  return (
    <div ref={at}>
      <GroupView {...props} group={tree} depth={1} go={go} />
    </div>
  )
}

interface Inner extends Props {
  group: Branch
  depth: number
  go: (next: Branch, focus?: string | null) => void
}

function GroupView({ group, depth, ...rest }: Inner) {
  const { tree, go } = rest
  const top = depth === 1
  const copy = top ? null : (): void => {
    const made = duplicate(tree, group.id)
    if (made) go(made.tree, made.id)
  }
  return (
    <div className={top ? css.top : css.group} {...(top ? {} : { role: 'group', 'aria-label': `Group: ${matchWords[group.match]}`, 'data-line': group.id })}>
      {(!top || group.rules.length > 0) && (
        <div className={css.head}>
          <div className={css.sentence}>
            <span>{top ? 'People who match' : 'match'}</span>
            <Choice label="How many of these must hold" value={group.match} options={matchWords} onChange={(match) => go(setMatch(tree, group.id, match))} />
          </div>
          {copy && (
            <div className={css.tools}>
              <Tools
                title={`group, ${matchWords[group.match]}`}
                onDuplicate={hasRoom(tree, leavesOf(group).length) ? copy : undefined}
                onWrap={mayWrap(tree, group.id) ? () => go(wrap(tree, group.id), find(wrap(tree, group.id), group.id)?.parent.id) : undefined}
                onUnwrap={() => go(unwrap(tree, group.id), group.rules[0]?.id)}
              />
              <Button icon={icons.Close} variant="tertiary" onClick={() => go(remove(tree, group.id), neighbour(tree, group.id))} accessibilityLabel={`Take this group away: ${matchWords[group.match]}`} />
            </div>
          )}
        </div>
      )}
      {group.rules.length > 0 && (
        <ol className={css.list}>
          {group.rules.map((twig, n) => (
            <li key={twig.id}>
              {n > 0 && <span className={css.joint}>{joints[group.match]}</span>}
              <TwigView {...rest} twig={twig} depth={depth} />
            </li>
          ))}
        </ol>
      )}
      <Adding {...rest} group={group} depth={depth} />
    </div>
  )
}

function TwigView({ twig, depth, ...rest }: Omit<Inner, 'group'> & { twig: Twig }) {
  const { tree, go, choices, currency, today, self, tried, told } = rest
  const refusal = told.get(twig.id)
  if (twig.kind === 'branch') return <GroupView {...rest} group={twig} depth={depth + 1} />
  const wrapped = (): void => go(wrap(tree, twig.id), twig.id)
  const copy = (): void => {
    const made = duplicate(tree, twig.id)
    if (made) go(made.tree, made.id)
  }
  return (
    <ConditionRow
      id={twig.id}
      condition={twig.condition}
      choices={choices}
      currency={currency}
      today={today}
      tried={tried}
      {...(self ? { self } : {})}
      {...(refusal ? { refusal } : {})}
      onChange={(next) => go(change(tree, twig.id, next))}
      onRemove={() => go(remove(tree, twig.id), neighbour(tree, twig.id))}
      {...(hasRoom(tree) ? { onDuplicate: copy } : {})}
      {...(mayWrap(tree, twig.id) ? { onWrap: wrapped } : {})}
    />
  )
}

/** At the end of a group: one more line, or a group within. */
function Adding({ tree, group, depth, choices, self, go }: Inner) {
  const options = kindsFor(choices, self).map((one) => ({ value: one.kind, title: one.title, help: one.help, group: one.group, words: one.words }))
  const empty = group.rules.length === 0
  const add = (kind: string, within: boolean): void => {
    const one = leaf(newCondition(kind as Kind))
    const twig = within ? branch(group.match === 'any' ? 'all' : 'any', [one]) : one
    go(insert(tree, twig, group.id), one.id)
  }
  const full = !hasRoom(tree)
  return (
    <div className={css.adding} data-line={`${group.id}add`}>
      <InlineStack gap="200" blockAlign="center">
        <Finder
          label="Search conditions"
          options={options}
          columns
          focusElsewhere
          onChoose={(kind) => add(kind, false)}
          button={(press, open) => (
            <Button icon={icons.Plus} onClick={press} pressed={open} disabled={full} {...(empty ? { variant: 'primary' } : {})}>
              Add a condition
            </Button>
          )}
        />
        {depth < most.depth && !empty && (
          <Finder
            label="Search conditions for the group"
            options={options}
            columns
            focusElsewhere
            onChoose={(kind) => add(kind, true)}
            button={(press, open) => (
              <Button variant="tertiary" onClick={press} pressed={open} disabled={full}>
                Add a group
              </Button>
            )}
          />
        )}
        {full && <span className={css.quiet}>That is as many as one segment can hold ({most.conditions}).</span>}
      </InlineStack>
    </div>
  )
}

/** Where the focus goes when a line is taken away: to the line after it, the one before, or the button that adds one. */
function neighbour(tree: Branch, id: string): string | null {
  const found = find(tree, id)
  if (!found) return null
  const { parent, index } = found
  const near = parent.rules[index + 1] ?? parent.rules[index - 1]
  if (near) return near.id
  return parent.id === tree.id ? `${tree.id}add` : neighbour(tree, parent.id)
}

