import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { condition, conditionsOf, depthOf, segmentRules, type Condition, type Group, type Rule, type SegmentChoices } from '../app/segments/contract.ts'
import { search } from '../web/components/search.ts'
import { faultOf, goneOf, kinds, kindsFor, newCondition, newPeriod } from '../web/segments/conditions.ts'
import { allCountries, allLanguages } from '../web/segments/places.ts'
import { branch, change, duplicate, find, harvest, hasRoom, insert, leaf, leavesOf, lineAt, mayWrap, plant, remove, setMatch, unwrap, wrap, type Branch, type Twig } from '../web/segments/tree.ts'

// The builder of segments without a browser: its tree, its lines, its search.

const ordered = (value: number): Condition => ({ kind: 'orders', op: 'at_least', value, period: { kind: 'ever' } })
const match = fc.constantFrom('all' as const, 'any' as const, 'none' as const)
const rule = (depth: number): fc.Arbitrary<Rule> => (depth === 0 ? fc.nat(9).map(ordered) : fc.oneof({ weight: 2, arbitrary: fc.nat(9).map(ordered) }, { weight: 1, arbitrary: group(depth) }))
const group = (depth: number): fc.Arbitrary<Group> => fc.record({ kind: fc.constant('group' as const), match, rules: fc.array(rule(depth - 1), { minLength: 1, maxLength: 4 }) })
const twigsOf = (twig: Twig): Twig[] => [twig, ...(twig.kind === 'branch' ? twig.rules.flatMap(twigsOf) : [])]
const idsOf = (tree: Branch): string[] => twigsOf(tree).map((one) => one.id)

describe('editing the tree', () => {
  const edits = ['add', 'addGroup', 'remove', 'wrap', 'unwrap', 'duplicate', 'change', 'match'] as const
  const step = fc.record({ do: fc.constantFrom(...edits), which: fc.nat(), match })

  test('keeps it one that the server takes, whatever is done with whatever; only the top may be empty; ids stay apart', () => {
    fc.assert(
      fc.property(group(3), fc.array(step, { maxLength: 60 }), (rules, steps) => {
        let tree = plant(rules)
        for (const one of steps) {
          const before = tree
          const twigs = twigsOf(tree)
          const { id } = twigs[one.which % twigs.length]!
          const groups = twigs.filter((twig) => twig.kind === 'branch')
          const into = groups[one.which % groups.length]!.id
          if (one.do === 'add') tree = insert(tree, leaf(ordered(7)), into)
          else if (one.do === 'addGroup') tree = insert(tree, branch(one.match, [leaf(ordered(8))]), into, 0)
          else if (one.do === 'remove') tree = remove(tree, id)
          else if (one.do === 'wrap') tree = wrap(tree, id)
          else if (one.do === 'unwrap') tree = unwrap(tree, id)
          else if (one.do === 'duplicate') tree = duplicate(tree, id)?.tree ?? tree
          else if (one.do === 'change') tree = change(tree, id, ordered(9))
          else tree = setMatch(tree, into, one.match)

          const made = harvest(tree)
          if (tree.rules.length > 0) expect(segmentRules.safeParse(made).error).toBeUndefined()
          expect(new Set(idsOf(tree)).size).toBe(idsOf(tree).length)
          // Nothing is lost or comes by itself: where edits keep the number of conditions, they keep the conditions.
          if (one.do === 'wrap' || one.do === 'unwrap' || one.do === 'match') expect(conditionsOf(made)).toEqual(conditionsOf(harvest(before)))
          if (one.do === 'add' && tree !== before) expect(leavesOf(tree)).toHaveLength(leavesOf(before).length + 1)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('what is planted is harvested as it was', () => {
    fc.assert(fc.property(group(3), (rules) => {
      expect(harvest(plant(rules))).toEqual(rules)
    }), { numRuns: 100 })
    expect(harvest(plant(null))).toEqual({ kind: 'group', match: 'all', rules: [] })
  })

  test('changing one line leaves the others as they were, the same objects', () => {
    const inner = leaf(ordered(1))
    const other = leaf(ordered(2))
    const tree = branch('all', [branch('any', [inner]), other])
    const next = change(tree, inner.id, ordered(5))
    expect(harvest(next).rules[0]).toEqual({ kind: 'group', match: 'any', rules: [ordered(5)] })
    expect(next.rules[1]).toBe(other)
  })

  test('a group goes with its last line, and so do the groups around it', () => {
    const last = leaf(ordered(1))
    expect(remove(branch('all', [branch('any', [branch('all', [last])])]), last.id).rules).toEqual([])
  })

  test('wrapping turns "and" into "or" and back; taking the group apart undoes it', () => {
    const one = leaf(ordered(1))
    const tree = branch('all', [one, leaf(ordered(2))])
    const wrapped = wrap(tree, one.id)
    const made = find(wrapped, one.id)!.parent
    expect(made.match).toBe('any')
    expect(find(wrap(wrapped, one.id), one.id)!.parent.match).toBe('all')
    expect(harvest(unwrap(wrapped, made.id))).toEqual(harvest(tree))
  })

  test('three deep is the end, and so are fifty lines', () => {
    const deepest = leaf(ordered(1))
    const deep = branch('all', [branch('any', [branch('all', [deepest])])])
    expect(depthOf(harvest(deep))).toBe(3)
    expect(mayWrap(deep, deepest.id)).toBe(false)
    expect(mayWrap(deep, deep.rules[0]!.id)).toBe(false)
    const full = branch('all', Array.from({ length: 50 }, (_, n) => leaf(ordered(n))))
    expect(hasRoom(full)).toBe(false)
    expect(duplicate(full, full.rules[0]!.id)).toBeNull()
    expect(insert(full, leaf(ordered(1)), full.id)).toBe(full)
  })

  test('the server’s words find their line', () => {
    const one = leaf(ordered(1))
    const two = leaf(ordered(2))
    const tree = branch('all', [one, branch('any', [one, two])])
    expect(lineAt(tree, 'rules.rules.1.rules.1.segmentId')).toBe(two.id)
    expect(lineAt(tree, 'rules.rules.0.period.days')).toBe(one.id)
    for (const none of ['name', 'rules', 'rules.rules.1', 'rules.rules.7.value', 'rules.rules.0.rules.0.value']) expect(lineAt(tree, none), none).toBeNull()
  })

  test('a copy stands right behind the original, with ids of its own all the way down', () => {
    const copied = branch('any', [leaf(ordered(1)), leaf(ordered(2))])
    const tree = branch('all', [copied, leaf(ordered(3))])
    const made = duplicate(tree, copied.id)!
    expect(find(made.tree, made.id)!.index).toBe(1)
    expect(harvest(made.tree).rules[1]).toEqual(harvest(made.tree).rules[0])
  })
})

describe('lines of the builder', () => {
  const choices: SegmentChoices = {
    products: [], categories: ['Pots'], vendors: ['Kiln'], tags: [], countries: [], languages: [], fields: [{ id: 'f', name: 'Shoe size', kind: 'number' }], forms: [{ id: 'p', name: 'Pop-up' }],
    campaigns: [{ id: 'c', name: 'Spring', sentAt: null }], segments: [{ id: 's', name: 'Loyal' }], currency: 'EUR', timezone: 'UTC', buyerGroups: { measured: false, buyers: 0, measuredAt: null, words: '' },
  }

  test('the menu offers every condition there is, once, and none that this shop has nothing for', () => {
    const all = condition.options.map((one) => one.shape.kind.value)
    expect(kinds.map((one) => one.kind).toSorted()).toEqual(all.toSorted())
    expect(kindsFor(choices).length).toBe(kinds.length)
    const without = kindsFor({ ...choices, fields: [] }, 's').map((one) => one.kind)
    expect(without).not.toContain('field')
    expect(without).not.toContain('segment') // the only one is the one that is being edited
  })

  test('a new line is complete, or says in words what is still missing', () => {
    const missing = kinds.flatMap(({ kind }) => {
      const fault = faultOf(newCondition(kind))
      if (fault) expect(fault, kind).toMatchObject({ missing: true, words: expect.stringMatching(/^Please (choose|write) [a-z ]+\.$/) as unknown })
      else expect(condition.safeParse(newCondition(kind)).success, kind).toBe(true)
      return fault ? [[kind, fault.words]] : []
    })
    expect(Object.fromEntries(missing)).toEqual({
      country: 'Please choose a country.', language: 'Please choose a language.', tag: 'Please write something.', field: 'Please choose a field.', source: 'Please choose where they came from.', consent: 'Please choose how they agreed.',
      spent: 'Please write a number.', buyer_group: 'Please choose a group.', segment: 'Please choose a segment.',
    })
  })

  test('what is entered wrongly is said at once, what is not entered yet only when it is time', () => {
    const last = (days: number): Condition => ({ kind: 'joined', period: { kind: 'last', days } })
    expect(faultOf(last(Number.NaN))).toEqual({ words: 'Please write a number of days.', missing: true })
    expect(faultOf(last(0))).toEqual({ words: 'Please choose at least 1 day.', missing: false })
    expect(faultOf(last(9999))).toEqual({ words: 'Please choose at most 3650 days.', missing: false })
    expect(faultOf(ordered(2_000_000))).toEqual({ words: 'Please choose at most 1,000,000.', missing: false })
    expect(faultOf({ kind: 'joined', period: { kind: 'between', from: '2026-03-01', to: '2026-02-01' } })).toEqual({ words: 'The last day lies before the first day.', missing: false })
    expect(faultOf({ kind: 'joined', period: { kind: 'between', from: '', to: '2026-02-01' } })).toEqual({ words: 'Please choose the first day.', missing: true })
    const field = (value: string, op: 'at_least' | 'known' = 'at_least'): Condition => ({ kind: 'field', fieldId: 'f', op, value })
    expect(faultOf(field(''), choices.fields)).toEqual({ words: 'Please write a value.', missing: true })
    expect(faultOf(field('big'), choices.fields)).toEqual({ words: 'Please write a number.', missing: false })
    expect(faultOf(field('42.5'), choices.fields)).toBeNull()
    expect(faultOf(field('', 'known'), choices.fields)).toBeNull()
  })

  test('what a line asks for and the shop no longer has is said; what may only not have come yet is not', () => {
    const what = (productIds: string[]): Condition => ({ kind: 'bought', did: true, what: { kind: 'products', productIds }, times: 1, period: { kind: 'ever' } })
    expect(goneOf({ kind: 'segment', in: true, segmentId: 'x' }, choices, undefined)).toContain('segment was deleted')
    expect(goneOf({ kind: 'segment', in: true, segmentId: 's' }, choices, undefined)).toBeNull()
    expect(goneOf({ kind: 'segment', in: true, segmentId: '' }, choices, undefined)).toBeNull()
    expect(goneOf({ kind: 'field', fieldId: 'x', op: 'known', value: '' }, choices, undefined)).toContain('field was deleted')
    expect(goneOf({ kind: 'opened', did: true, campaignId: null, times: 1, period: { kind: 'ever' } }, choices, undefined)).toBeNull()
    expect(goneOf({ kind: 'got', did: true, campaignId: 'x', period: { kind: 'ever' } }, choices, undefined)).toContain('campaign was deleted')
    expect(goneOf(what(['1', '2']), choices, undefined)).toBeNull()
    expect(goneOf(what(['1', '2']), choices, [{ id: '1' }])).toBe('One of these products is no longer in your store.')
    const many = { ...choices, segments: Array.from({ length: 500 }, (_, n) => ({ id: String(n), name: 's' })) }
    expect(goneOf({ kind: 'segment', in: true, segmentId: 'x' }, many, undefined)).toBeNull() // the list was cut
  })

  test('another kind of time keeps the days where it has days', () => {
    expect(newPeriod('before', { kind: 'last', days: 12 }, '2026-03-31')).toEqual({ kind: 'before', days: 12 })
    expect(newPeriod('between', { kind: 'last', days: 12 }, '2026-03-31')).toEqual({ kind: 'between', from: '2026-03-01', to: '2026-03-31' })
  })

  test('countries are places where people live, by name and without doubles; languages have names', () => {
    const codes = allCountries().map((one) => one.code)
    expect(codes.length).toBeGreaterThan(230)
    for (const code of ['DE', 'US', 'GB', 'NZ']) expect(codes).toContain(code)
    for (const code of ['EU', 'UK', 'ZZ', 'SU']) expect(codes).not.toContain(code)
    expect(new Set(allCountries().map((one) => one.name)).size).toBe(codes.length)
    for (const { code, name } of allLanguages()) expect(name, code).not.toBe(code)
  })
})

describe('searching a list', () => {
  const options = kinds.map(({ kind, title, help, words }) => ({ value: kind, title, help, words }))
  const first = (text: string): string | undefined => search(options, text)[0]?.value

  test.each([['order', 'orders'], ['twice', 'orders'], ['may be', 'mailable'], ['not since', 'last_order'], ['vip', 'tag'], ['brand', 'bought'], ['COUNTRY', 'country'], ['lapsed', 'buyer_group']])('“%s” finds %s first or among few', (text, kind) => {
    expect(search(options, text).slice(0, 3).map((one) => one.value)).toContain(kind)
  })

  test('titles that begin with it stand first, marks on letters do not matter, and nothing is found by nonsense', () => {
    const places = [{ value: 'a', title: 'San José' }, { value: 'b', title: 'Joseph' }]
    expect(search(places, 'jose').map((one) => one.value)).toEqual(['b', 'a'])
    expect(search(places, 'zz')).toEqual([])
    expect(first('how often')).toBe('orders')
  })
})
