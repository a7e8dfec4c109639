import fc from 'fast-check'
import { expect, test } from 'vitest'
import { consentAct, consentBasis, consentMethod } from '../app/consent/contract.ts'
import { fold, height, type News, type Standing } from '../app/consent/fold.ts'

const start = Date.UTC(2026, 4, 3, 10)
// Few instants, so that ties and disorder are common; fractions, because the store tells whole seconds only.
const instant = fc.integer({ min: 0, max: 12 }).map((n) => new Date(start + n * 400))
const news = fc.record({ act: fc.constantFrom(...consentAct.options), basis: fc.constantFrom(...consentBasis.options), method: fc.constantFrom(...consentMethod.options), occurredAt: instant })
const histories = fc.array(news, { minLength: 1, maxLength: 14 })
const runs = { numRuns: 5_000 }

interface Step {
  before: Standing | null
  news: News
  after: Standing | null
}
function steps(history: News[]): Step[] {
  let standing: Standing | null = null
  return history.map((piece) => {
    const before = standing
    const folded = fold(before, piece)
    if (folded) standing = { ...folded, occurredAt: piece.occurredAt }
    return { before, news: piece, after: standing }
  })
}
const level = (standing: Standing | null): number => (standing ? height[standing.state] : height.none)
const store = ['store_event', 'store_read', 'store_import']
const second = (at: Date): number => Math.floor(at.getTime() / 1000)

test('nothing but the person’s own act raises anybody who has a ledger', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const { before, news: piece, after } of steps(history)) {
        if (!before || level(after) <= level(before)) continue
        expect(['granted', 'requested', 'confirmed']).toContain(piece.act)
        expect(['form', 'double_opt_in', 'preference_page', 'unsubscribe_page', 'store_event']).toContain(piece.method)
        if (piece.act === 'granted') expect(piece.basis).toMatch(/^express/)
      }
    }),
    runs,
  )
})

test('a read of the store fills an empty ledger only, and never makes anybody mailable without an attestation', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const { before, news: piece, after } of steps(history)) {
        if (piece.method !== 'store_read' && piece.method !== 'store_import') continue
        if (before) expect(level(after)).toBeLessThanOrEqual(level(before))
        else expect(after?.state).not.toBe('subscribed')
      }
    }),
    runs,
  )
})

test('older news from the store changes nothing; at the same time it can only lower', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const { before, news: piece, after } of steps(history)) {
        if (!before || !store.includes(piece.method)) continue
        if (second(piece.occurredAt) < second(before.occurredAt) && before.basis !== 'merchant_record') expect(after).toBe(before)
        if (piece.occurredAt <= before.occurredAt) expect(level(after)).toBeLessThanOrEqual(level(before))
      }
    }),
    runs,
  )
})

test('a withdrawal that we saw counts at once, whatever its time; one that the store tells counts unless we know newer', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const { before, news: piece, after } of steps(history)) {
        if (piece.act !== 'withdrawn') continue
        if (!before || !store.includes(piece.method) || piece.occurredAt >= before.occurredAt) expect(after?.state).toBe('unsubscribed')
      }
    }),
    runs,
  )
})

test('nobody is subscribed without an express ground, and nobody is on record without any', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const { after } of steps(history)) {
        if (after?.state === 'subscribed') expect(after.basis).toMatch(/^express/)
        if (after?.state === 'unconfirmed_record') expect(after.basis).not.toBe('none')
        if (after?.state === 'unsubscribed' || after?.state === 'pending') expect(after.basis).toBe('none')
      }
    }),
    runs,
  )
})

test('the store’s events end in the same state in whatever order and however often they arrive', () => {
  const event = fc.record({ act: fc.constantFrom('granted' as const, 'withdrawn' as const, 'requested' as const), basis: fc.constantFrom('express_single' as const, 'express_confirmed' as const) })
  const scenario = fc.array(event, { minLength: 1, maxLength: 6 }).chain((events) => {
    const dated = events.map((e, i): News => ({ ...e, method: 'store_event', occurredAt: new Date(start + i * 60_000) }))
    return fc.tuple(fc.constant(dated), fc.shuffledSubarray([...dated, ...dated], { minLength: dated.length * 2 }))
  })
  fc.assert(
    fc.property(scenario, ([inOrder, arrived]) => {
      expect(steps(arrived).at(-1)?.after?.state).toBe(steps(inOrder).at(-1)?.after?.state)
    }),
    runs,
  )
})

test('signing up again takes nothing away from somebody who is subscribed', () => {
  const subscribed: Standing = { state: 'subscribed', basis: 'express_confirmed', occurredAt: new Date(start) }
  expect(fold(subscribed, { act: 'requested', basis: 'none', method: 'form', occurredAt: new Date(start + 5000) })).toBeNull()
  expect(fold(subscribed, { act: 'granted', basis: 'express_single', method: 'form', occurredAt: new Date(start + 5000) })?.basis).toBe('express_confirmed')
  expect(fold(subscribed, { act: 'granted', basis: 'merchant_record', method: 'merchant', occurredAt: new Date(start + 5000) })).toBeNull()
})

test('"not subscribed" is no withdrawal, unless it is an event newer than what we know', () => {
  const subscribed: Standing = { state: 'subscribed', basis: 'express_single', occurredAt: new Date(start) }
  expect(fold(null, { act: 'noted', basis: 'none', method: 'store_event', occurredAt: new Date(start) })).toBeNull()
  expect(fold(subscribed, { act: 'noted', basis: 'none', method: 'store_read', occurredAt: new Date(start + 9000) })).toBeNull()
  expect(fold(subscribed, { act: 'noted', basis: 'none', method: 'store_event', occurredAt: new Date(start) })).toBeNull()
  expect(fold(subscribed, { act: 'noted', basis: 'none', method: 'store_event', occurredAt: new Date(start + 9000) })?.state).toBe('none')
})
