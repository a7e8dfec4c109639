import { asksStore, parseWhen, type Condition, type ConditionPath } from './conditions.ts'
import { isFault, isValue, short, splitTags, type Logic, type MergeFault, type TagPiece, type Value } from './tags.ts'

/** Words that stand there, a value, or words of which one choice is made for each person. */
export type Part = string | Value | Choice
export interface Choice {
  /** The first branch whose condition holds; null holds always. */
  branches: { when: Condition | null; parts: Part[] }[]
}
export const isChoice = (part: Part): part is Choice => typeof part !== 'string' && 'branches' in part

interface Open {
  tag: string
  kind: 'if' | 'unless' | 'case'
  /** What `case` asks about. */
  path: ConditionPath | null
  branches: Choice['branches']
  /** Where words go at the moment; null between `case` and its first `when`. */
  parts: Part[] | null
  ended: boolean // after else
  said: Set<string>
  /** All of it as it was written, for the case that it never ends. */
  flat: Part[]
  place: unknown
}
export interface Placed {
  piece: TagPiece
  /** What the tag stands in: pieces of one condition must stand in the same thing. */
  place: unknown
}

/** Conditions may stand in one another this deep. */
const deepest = 5

/**
 * Puts the pieces of a text together. Never fails: what is faulty stays as it was written and is named among the faults (a send
 * with such a text is refused before). Takes time linear in the text.
 */
export function assemble(pieces: Placed[]): { parts: Part[]; faults: MergeFault[] } {
  const faults: MergeFault[] = []
  const top: Part[] = []
  const open: Open[] = []
  const add = (part: Part): void => {
    const inner = open.at(-1)
    if (!inner) return void top.push(part)
    inner.flat.push(part)
    if (inner.parts) inner.parts.push(part)
    else if (typeof part !== 'string' || part.trim() !== '') faults.push({ tag: inner.tag, message: `Behind ${short(inner.tag)} only {% when … %} may follow.` })
  }
  for (const { piece: { text, tag }, place } of pieces) {
    if (tag === null) add(text)
    else if (isValue(tag)) add(tag)
    else if (isFault(tag)) {
      faults.push(tag)
      add(text)
    } else {
      const fault = step(open, tag, text, place, add)
      if (!fault) continue
      faults.push({ tag: text, message: fault })
      add(text)
    }
  }
  for (const left of open.toReversed()) {
    faults.push({ tag: left.tag, message: `${short(left.tag)} is never ended. Write {% end${left.kind} %} where it ends.` })
    open.pop()
    for (const part of left.flat) add(part)
  }
  return { parts: top, faults }
}

/** Takes one piece of a condition. @returns what is wrong with it, in words, or null. */
function step(open: Open[], tag: Logic, text: string, place: unknown, add: (part: Part) => void): string | null {
  if (tag.logic === 'if' || tag.logic === 'unless' || tag.logic === 'case') {
    if (open.length >= deepest) return `${short(text)} stands in too many other conditions.`
    const parts: Part[] = []
    const condition = tag.logic === 'case' ? null : tag.condition
    const branches = tag.logic === 'if' ? [{ when: condition, parts }] : []
    open.push({ tag: text, kind: tag.logic, path: tag.logic === 'case' ? tag.path : null, branches, parts: tag.logic === 'case' ? null : parts, ended: false, said: new Set(), flat: [text], place })
    if (tag.logic === 'unless') branches.push({ when: condition, parts: [] }, { when: null, parts })
    return null
  }
  const inner = open.at(-1)
  const opener = { elsif: 'if', when: 'case', else: 'if', endif: 'if', endunless: 'unless', endcase: 'case' }[tag.logic]
  if (!inner || (inner.kind !== opener && tag.logic !== 'else')) return `${short(text)} belongs to no {% ${opener} … %} before it.`
  if (inner.place !== place) return `${short(text)} stands in another paragraph or another style than ${short(inner.tag)}. Both must stand in the same.`
  const next = (when: Condition | null): null => {
    const parts: Part[] = []
    if (inner.kind === 'unless') inner.branches[0]!.parts = parts // what is shown when its condition does hold
    else inner.branches.push({ when, parts })
    inner.parts = parts
    inner.flat.push(text)
    return null
  }
  switch (tag.logic) {
    case 'elsif':
      return inner.ended ? `${short(text)} stands behind {% else %}.` : next(tag.condition)
    case 'when': {
      if (inner.ended) return `${short(text)} stands behind {% else %}.`
      const condition = parseWhen(inner.path!, tag.source)
      if (typeof condition === 'string') return `${short(text)}: ${condition}.`
      const words = condition.clauses.map(({ than }) => JSON.stringify(than))
      if (words.some((word, at) => inner.said.has(word) || words.indexOf(word) !== at)) return `${short(text)} names something twice.`
      for (const word of words) inner.said.add(word)
      return next(condition)
    }
    case 'else':
      if (inner.ended) return 'There is a second {% else %}.'
      if (inner.kind === 'case' && inner.branches.length === 0) return `${short(text)} stands before the first {% when … %}.`
      inner.ended = true
      return next(null)
    default: {
      open.pop()
      add({ branches: inner.branches })
      return null
    }
  }
}

/** A text as parts, and everything that is wrong with it. */
export const parseText = (template: string): { parts: Part[]; faults: MergeFault[] } => assemble(splitTags(template).map((piece) => ({ piece, place: null })))

/** Do these parts, or a choice in them, ask for what only the store knows? */
export const asksStoreIn = (parts: Part[]): boolean =>
  parts.some((part) => isChoice(part) && part.branches.some((branch) => (branch.when !== null && asksStore(branch.when)) || asksStoreIn(branch.parts)))
