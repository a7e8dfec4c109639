import { conditionsOf, depthOf, type Condition, type Group, type Rule } from '../../app/segments/contract.ts'

// Pure changes of a segment's rules while they are built. Each line and each group has an id, so that the screen can follow it.
// Only the top may be empty: a group begins with a condition, and goes with its last one.

export type Match = Group['match']
export interface Leaf {
  id: string
  kind: 'leaf'
  condition: Condition
}
export interface Branch {
  id: string
  kind: 'branch'
  match: Match
  rules: Twig[]
}
export type Twig = Leaf | Branch

export const most = { depth: 3, conditions: 50 }

export const leaf = (condition: Condition): Leaf => ({ id: freshId(), kind: 'leaf', condition })
export const branch = (match: Match, rules: Twig[]): Branch => ({ id: freshId(), kind: 'branch', match, rules })

/** Stored rules as a tree that can be edited; without rules an empty one. */
export const plant = (rules: Group | null): Branch => (rules ? branch(rules.match, rules.rules.map(grow)) : branch('all', []))
/** What is stored and asked. */
export const harvest = (tree: Branch): Group => ({ kind: 'group', match: tree.match, rules: tree.rules.map((one) => (one.kind === 'leaf' ? one.condition : harvest(one))) })

export const leavesOf = (twig: Twig): Leaf[] => (twig.kind === 'leaf' ? [twig] : twig.rules.flatMap(leavesOf))

/** Where a twig stands: in which group, at which place of it, and how deep that group is (the top is 1). Null for the top and for what is not there. */
export function find(tree: Branch, id: string, depth = 1): { twig: Twig; parent: Branch; index: number; depth: number } | null {
  for (const [index, twig] of tree.rules.entries()) {
    if (twig.id === id) return { twig, parent: tree, index, depth }
    const inside = twig.kind === 'branch' ? find(twig, id, depth + 1) : null
    if (inside) return inside
  }
  return null
}

/** Puts a twig into a group, at `index` or at its end. What would be too deep or too much changes nothing. */
export function insert(tree: Branch, twig: Twig, into: string, index?: number): Branch {
  return kept(tree, edit(tree, into, (group) => ({ ...group, rules: group.rules.toSpliced(index ?? group.rules.length, 0, twig) })))
}

/** Takes a twig away, and with it the groups that would be left empty. */
export const remove = (tree: Branch, id: string): Branch => ({ ...tree, rules: without(tree.rules, id) })

/** Another condition in the place of one. */
export const change = (tree: Branch, id: string, condition: Condition): Branch => ({ ...tree, rules: tree.rules.map((one) => changed(one, id, condition)) })

export const setMatch = (tree: Branch, id: string, match: Match): Branch => edit(tree, id, (group) => ({ ...group, match }))

/** Puts a twig into a group of its own, in which one of the conditions is enough where all must hold around it, and the other way round. */
export function wrap(tree: Branch, id: string): Branch {
  const found = find(tree, id)
  if (!found) return tree
  const group = branch(found.parent.match === 'any' ? 'all' : 'any', [found.twig])
  return kept(tree, edit(tree, found.parent.id, (parent) => ({ ...parent, rules: parent.rules.with(found.index, group) })))
}

/** Takes a group apart: its rules stand where it stood. */
export function unwrap(tree: Branch, id: string): Branch {
  const found = find(tree, id)
  if (found?.twig.kind !== 'branch') return tree
  const { rules } = found.twig
  return edit(tree, found.parent.id, (parent) => ({ ...parent, rules: parent.rules.toSpliced(found.index, 1, ...rules) }))
}

/** A copy right behind the original. Answers the copy's id too; null when there is no room for it. */
export function duplicate(tree: Branch, id: string): { tree: Branch; id: string } | null {
  const found = find(tree, id)
  if (!found) return null
  const copy = withFreshIds(found.twig)
  const next = insert(tree, copy, found.parent.id, found.index + 1)
  return next === tree ? null : { tree: next, id: copy.id }
}

/** The line that the server means by `rules.rules.0.rules.1.segmentId`; null for none. */
export function lineAt(tree: Branch, path: string): string | null {
  let at: Twig | undefined = tree
  for (const [, n] of path.matchAll(/rules\.(\d+)/g)) at = at?.kind === 'branch' ? at.rules[Number(n)] : undefined
  return at?.kind === 'leaf' ? at.id : null
}

/** Is there room for so many more conditions? */
export const hasRoom = (tree: Branch, more = 1): boolean => leavesOf(tree).length + more <= most.conditions
/** May this twig be put into a group of its own? */
export const mayWrap = (tree: Branch, id: string): boolean => wrap(tree, id) !== tree

const freshId = (): string => `r${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`
const grow = (rule: Rule): Twig => (rule.kind === 'group' ? branch(rule.match, rule.rules.map(grow)) : leaf(rule))
const withFreshIds = (twig: Twig): Twig => (twig.kind === 'leaf' ? leaf(twig.condition) : branch(twig.match, twig.rules.map(withFreshIds)))
const changed = (twig: Twig, id: string, condition: Condition): Twig =>
  twig.kind === 'leaf' ? (twig.id === id ? { ...twig, condition } : twig) : { ...twig, rules: twig.rules.map((one) => changed(one, id, condition)) }
const without = (rules: Twig[], id: string): Twig[] =>
  rules.flatMap((one): Twig[] => {
    if (one.id === id) return []
    if (one.kind === 'leaf') return [one]
    const left = without(one.rules, id)
    return left.length === 0 ? [] : [{ ...one, rules: left }]
  })

function edit(group: Branch, id: string, how: (group: Branch) => Branch): Branch {
  if (group.id === id) return how(group)
  return { ...group, rules: group.rules.map((one) => (one.kind === 'branch' ? edit(one, id, how) : one)) }
}

/** The next tree, or the one before when the next would not be allowed. */
function kept(before: Branch, next: Branch): Branch {
  const rules = harvest(next)
  return depthOf(rules) <= most.depth && conditionsOf(rules).length <= most.conditions ? next : before
}
