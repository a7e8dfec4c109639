import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { block, mailContent, type Block } from '../app/templates/contract.ts'
import { duplicate, find, insert, leafKinds, move, newBlock, remove, replace, type Kind, type Place } from '../web/campaigns/editor/blocks.ts'
import { step, type Draft } from '../web/campaigns/editor/history.ts'
import { digitsOf, money, readable, share, wallClock, zonedInstant } from '../web/format.ts'
import { addSample, paceOf, timeLeft, type Sample } from '../web/campaigns/pace.ts'
import { contrast } from '../web/components/contrast.ts'

// The admin's own sums and lists, without a browser.

const kinds: Kind[] = [...leafKinds, 'columns']
const idsOf = (blocks: Block[]): string[] => blocks.flatMap((one) => (one.type === 'columns' ? [one.id, ...one.columns.flat().map((leaf) => leaf.id)] : [one.id]))
const mails = fc.array(fc.constantFrom(...kinds), { maxLength: 8 }).map((list) => list.map((kind) => newBlock(kind)))

describe('blocks of a mail', () => {
  test('each new block is one that the server takes, apart from what a person must still decide', () => {
    for (const kind of kinds) expect(block.safeParse(newBlock(kind)).success, kind).toBe(true)
  })

  test('moving never loses, doubles or changes a block, wherever it goes', () => {
    fc.assert(
      fc.property(mails, fc.nat(), fc.nat(), fc.nat(12), fc.constantFrom<0 | 1>(0, 1), (blocks, which, into, index, side) => {
        const ids = idsOf(blocks)
        if (ids.length === 0) return
        const id = ids[which % ids.length]!
        const columns = blocks.filter((one) => one.type === 'columns')
        const place: Place = columns.length > 0 && into % 2 ? { in: columns[into % columns.length]!.id, side } : { in: 'mail' }
        const moved = move(blocks, id, place, index)
        expect(idsOf(moved).toSorted()).toEqual(ids.toSorted())
        const before = find(blocks, id)!.block
        const after = find(moved, id)!
        if (before.type === 'columns' && place.in !== 'mail') expect(moved).toBe(blocks) // columns do not go into columns
        else if (before.type !== 'columns') expect(after.block).toEqual(before)
        expect(mailContent.safeParse({ blocks: moved }).success).toBe(true)
      }),
    )
  })

  test('a copy has ids of its own, all the way down, and stands behind the original', () => {
    fc.assert(
      fc.property(mails, fc.nat(), (blocks, which) => {
        const ids = idsOf(blocks)
        if (ids.length === 0) return
        const id = ids[which % ids.length]!
        const made = duplicate(blocks, id)!
        const all = idsOf(made.blocks)
        expect(new Set(all).size).toBe(all.length)
        expect(find(made.blocks, made.id)!.index).toBe(find(blocks, id)!.index + 1)
        expect(find(made.blocks, made.id)!.place).toEqual(find(blocks, id)!.place)
      }),
    )
  })

  test('changing and removing reach a block inside a column and leave the others as they were', () => {
    const inner = newBlock('heading')
    const columns: Block = { id: 'c', type: 'columns', columns: [[inner], []] }
    const blocks = [newBlock('text'), columns]
    const changed = replace(blocks, { ...inner, type: 'heading', text: 'Other words', level: 1, align: 'left' })
    expect(find(changed, inner.id)!.block).toMatchObject({ text: 'Other words' })
    expect(changed[0]).toBe(blocks[0])
    expect(idsOf(remove(changed, inner.id))).toEqual([blocks[0]!.id, 'c'])
    expect(insert(blocks, { ...columns, id: 'd' }, { in: 'c', side: 1 }, 0)).toBe(blocks)
  })
})

describe('undo and redo', () => {
  const draft = (subject: string): Draft => ({ name: 'n', subject, preheader: '', content: { blocks: [] }, audience: { kind: 'everyone' } })
  const start = { past: [], now: draft(''), future: [], last: null }
  const type = (history: typeof start | ReturnType<typeof step>, subject: string, at: number, key: string | null = 'subject') => step(history, { do: 'set', next: () => draft(subject), key, at })

  test('typing without a pause is one step back; after a pause, or in another field, it is a new one', () => {
    const typed = ['S', 'Su', 'Sub'].reduce((history, text, n) => type(history, text, n * 100), start as ReturnType<typeof step>)
    expect(step(typed, { do: 'undo' }).now.subject).toBe('')
    const later = type(typed, 'Sub!', 5000)
    expect(step(later, { do: 'undo' }).now.subject).toBe('Sub')
    const elsewhere = type(typed, 'x', 250, 'name')
    expect(step(elsewhere, { do: 'undo' }).now.subject).toBe('Sub')
  })

  test('any row of steps back and forward again gives the same draft', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 20 }), fc.nat(25), (texts, back) => {
        let history = texts.reduce((before, text, n) => type(before, text, n, null), start as ReturnType<typeof step>)
        const { now } = history
        for (let n = 0; n < back; n++) history = step(history, { do: 'undo' })
        for (let n = 0; n < back; n++) history = step(history, { do: 'redo' })
        expect(history.now).toEqual(now)
      }),
    )
  })

  test('a change after going back forgets what lay ahead', () => {
    const two = type(type(start, 'a', 0, null), 'b', 1, null)
    const other = type(step(two, { do: 'undo' }), 'c', 2, null)
    expect(other.future).toEqual([])
    expect(step(other, { do: 'redo' }).now.subject).toBe('c')
  })
})

describe('numbers, money and times', () => {
  test('money follows the digits of its currency', () => {
    expect(money(81240, 'GBP')).toBe('£812.40')
    expect(money(500, 'JPY')).toBe('¥500')
    expect(digitsOf('KWD')).toBe(3)
    expect(share(1, 0)).toBe('–') // a part of nothing is not a number
  })

  test('a share is never shown as nothing where there is something, nor as all where some are missing', () => {
    expect([[0, 10], [1, 3], [1, 10], [3, 200], [1, 1000], [4, 10_000], [1, 1_000_000], [999, 1000], [199, 200], [10, 10]].map(([part, whole]) => share(part!, whole!))).toEqual(
      ['0%', '33%', '10%', '1.5%', '0.1%', '<0.1%', '<0.1%', '>99%', '>99%', '100%'],
    )
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(10_000_000), (part, more) => {
      expect(share(part, part + more) === '0%').toBe(false)
      expect(share(part, part + more) === '100%').toBe(more === 0)
    }))
  })

  test('a wall clock time in the shop’s zone becomes its instant and back, also around a change of clocks', () => {
    expect(zonedInstant('2026-05-03', '09:00', 'Europe/London')!.toISOString()).toBe('2026-05-03T08:00:00.000Z')
    expect(zonedInstant('2026-12-03', '09:00', 'America/Los_Angeles')!.toISOString()).toBe('2026-12-03T17:00:00.000Z')
    expect(zonedInstant('2026-03-29', '01:30', 'Europe/London')!.toISOString()).toBe('2026-03-29T01:30:00.000Z') // 01:30 does not exist that day: 02:30 summer time
    expect(zonedInstant('', '09:00', 'UTC')).toBeNull()
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }), fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'), (at, zone) => {
        const shown = wallClock(new Date(at), zone)
        const back = zonedInstant(shown.date, shown.time, zone)!
        expect(wallClock(back, zone)).toEqual(shown)
      }),
    )
  })

  test('merge tags are shown as what they mean', () => {
    expect(readable('Hi {{ subscriber.first_name | default: "there" }}, from {{ shop.name }}')).toBe('Hi [first name], from [shop name]')
    expect(readable('{% if subscriber.first_name %}Hi {{ subscriber.first_name }}{% else %}Hello{% endif %}!')).toBe('[Hi [first name] or Hello]!')
    expect(readable('{% case subscriber.country %} {% when "DE" %}Hallo{% when "FR" %}Salut{% endcase %}')).toBe('[Hallo or Salut]')
  })

  test('black on white is as far apart as colours go, and a colour is not apart from itself', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
    expect(contrast('#1f5132', '#1f5132')).toBe(1)
    expect(contrast('#767676', '#ffffff')).toBeGreaterThan(4.5)
    expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5)
  })
})

describe('how fast a campaign goes out', () => {
  const seen = (...looks: [second: number, sent: number][]): Sample[] => looks.reduce<Sample[]>((samples, [second, sent]) => addSample(samples, { at: second * 1000, sent }), [])

  test('is counted over the last half minute, and not said before enough was seen', () => {
    expect(paceOf(seen())).toBeNull()
    expect(paceOf(seen([0, 500], [2, 700]))).toBeNull() // two seconds say nothing yet
    expect(paceOf(seen([0, 500], [10, 1500]))).toBe(6000)
    // It was fast for a long time and stands still since half a minute: it stands still.
    const long = Array.from({ length: 61 }, (_, i): [number, number] => [i * 2, Math.min(i * 2, 80) * 100])
    expect(paceOf(seen(...long))).toBe(0)
    expect(seen(...long).length).toBeLessThan(20) // and what is older is not kept
    expect(paceOf(seen([0, 10], [10, 5]))).toBe(0)
  })

  test('and what is left is said in words that do not claim too much', () => {
    expect([[100, 0], [10, 60], [60, 60], [600, 60], [100_000, 5000], [400_000, 1000], [4_000_000, 1000]].map(([left, pace]) => timeLeft(left!, pace!))).toEqual(
      [null, 'less than a minute', 'about a minute', 'about 10 minutes', 'about 20 minutes', 'about 7 hours', 'about 3 days'],
    )
  })
})

