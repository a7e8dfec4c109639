import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { consentAct, consentBasis, consentMethod } from '../app/consent/contract.ts'
import { fold, height, type News, type Standing } from '../app/consent/fold.ts'
import { reasonOfEntry, type Circumstances } from '../app/consent/standing.ts'
import { DAY } from '../app/lib/clock.ts'

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
const store = ['store_event', 'store_read', 'store_import', 'import']
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
        const restsOnNoAct = before.basis === 'merchant_record' || before.basis === 'soft_opt_in'
        if (second(piece.occurredAt) < second(before.occurredAt) && !restsOnNoAct) expect(after).toBe(before)
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

test('nobody is subscribed without a ground: their own act, an order, or a file that the merchant vouched for; and nobody is on record without any', () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const [i, { after }] of steps(history).entries()) {
        const told = history.slice(0, i + 1)
        if (after?.state === 'subscribed') expect(after.basis).toMatch(/^(express|soft_opt_in|merchant_record)/)
        if (after?.basis === 'soft_opt_in') expect(told.some((piece) => piece.act === 'bought' && piece.method === 'order')).toBe(true)
        if (after?.state === 'subscribed' && after.basis === 'merchant_record') expect(told.some((piece) => piece.act === 'imported' && piece.method === 'import')).toBe(true)
        if (after?.state === 'unconfirmed_record') expect(after.basis).not.toBe('none')
        if (after?.state === 'unsubscribed' || after?.state === 'pending') expect(after.basis).toBe('none')
      }
    }),
    runs,
  )
})

test('the store’s events and orders end in the same state in whatever order and however often they arrive', () => {
  const event = fc.record({ act: fc.constantFrom('granted' as const, 'withdrawn' as const, 'requested' as const, 'bought' as const), basis: fc.constantFrom('express_single' as const, 'express_confirmed' as const) })
  const scenario = fc.array(event, { minLength: 1, maxLength: 6 }).chain((events) => {
    const dated = events.map((e, i): News => ({ ...e, ...(e.act === 'bought' ? { basis: 'soft_opt_in', method: 'order' } : { method: 'store_event' }), occurredAt: new Date(start + i * 60_000) }))
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

describe('an order', () => {
  const order = (seconds: number): News => ({ act: 'bought', basis: 'soft_opt_in', method: 'order', occurredAt: new Date(start + seconds * 1000) })
  const soft: Standing = { state: 'subscribed', basis: 'soft_opt_in', occurredAt: new Date(start) }
  test('fills an empty ledger, renews what an earlier one brought, and touches nothing else', () => {
    expect(fold(null, order(0))).toEqual({ state: 'subscribed', basis: 'soft_opt_in' })
    expect(fold(soft, order(5))).toEqual({ state: 'subscribed', basis: 'soft_opt_in' })
    expect(fold(soft, order(0))).toBeNull() // the same, told twice
    for (const state of ['none', 'pending', 'unconfirmed_record', 'unsubscribed'] as const) expect(fold({ state, basis: 'none', occurredAt: new Date(start - DAY) }, order(5))).toBeNull()
    for (const basis of ['express_single', 'express_confirmed', 'merchant_record'] as const) expect(fold({ state: 'subscribed', basis, occurredAt: new Date(start - DAY) }, order(5))).toBeNull()
    expect(fold(null, { ...order(0), method: 'store_read' })).toBeNull()
    expect(fold(null, { ...order(0), basis: 'express_confirmed' })).toBeNull()
  })
  test('gives way to the person’s own word, also to one that we hear of late', () => {
    const at = new Date(start - 60_000)
    expect(fold(soft, { act: 'withdrawn', basis: 'none', method: 'store_event', occurredAt: at })?.state).toBe('unsubscribed')
    expect(fold(soft, { act: 'granted', basis: 'express_single', method: 'store_event', occurredAt: at })).toEqual({ state: 'subscribed', basis: 'express_single' })
    expect(fold(soft, { act: 'requested', basis: 'none', method: 'store_event', occurredAt: at })?.state).toBe('pending')
    expect(fold(soft, { act: 'imported', basis: 'merchant_record', method: 'import', occurredAt: new Date(start + DAY) })).toBeNull()
  })
})

// reliability.md L4, L5, L9. Histories from a generator of our own: a hundred thousand of them in a second.
test('over 100,000 random histories nobody may be mailed without a valid ground, and nothing but the person’s own act raises anybody', () => {
  const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })
  let mailable = 0
  fc.assert(
    fc.property(seeds, (seed) => {
      for (let n = 0, next = seed; n < 1_000; n++) {
        const draw = (below: number): number => {
          next ^= next << 13
          next ^= next >>> 17
          next ^= next << 5
          return (next >>> 0) % below
        }
        mailable += judge(draw) ? 1 : 0
      }
    }),
    { numRuns: 100 },
  )
  expect(mailable).toBeGreaterThan(10_000) // the question was asked of people for whom it matters
})

const ownMethods = new Set<string>(['form', 'double_opt_in', 'preference_page', 'unsubscribe_page', 'store_event'])
const isYes = (news: News): boolean => ownMethods.has(news.method) && (news.act === 'confirmed' || (news.act === 'granted' && news.basis.startsWith('express')))
const isNo = (news: News): boolean => news.act === 'withdrawn' && !store.includes(news.method)

/** One history, told piece by piece. Throws when somebody becomes mailable who may not. */
function judge(draw: (below: number) => number): boolean {
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)]!
  const circumstances: Circumstances = {
    now: new Date(start + draw(1_200) * DAY), country: pick(['CA', 'DE', 'ca', '', null]), shopCountry: pick(['CA', 'US', null]),
    recordsAttestedAt: draw(2) ? new Date(start + draw(900) * DAY) : null, softOptInSince: draw(2) ? new Date(start) : null,
  }
  const told: News[] = []
  let entry: (Standing & { recordedAt: Date }) | null = null
  let allowed = false
  for (let left = 1 + draw(12); left > 0; left--) {
    const news: News = { act: pick(consentAct.options), basis: pick(consentBasis.options), method: pick(consentMethod.options), occurredAt: new Date(start + draw(700) * DAY + draw(3) * 400) }
    told.push(news)
    const folded = fold(entry, news)
    const first = entry === null
    if (folded) entry = { ...folded, occurredAt: news.occurredAt, recordedAt: new Date(start + told.length * 50 * DAY) }
    const now = reasonOfEntry(entry, circumstances) === null
    if (now && !allowed && !isYes(news)) {
      const renewed = news.act === 'bought' && news.method === 'order' && !told.some(isYes) && !told.some(isNo)
      const record = first && (entry?.state === 'unconfirmed_record' || (news.act === 'imported' && news.method === 'import')) // fills an empty ledger, vouched for
      if (!record && !renewed) throw new Error(`raised by ${JSON.stringify(news)} after ${JSON.stringify(told)}`)
    }
    allowed = now
  }
  if (allowed && !hasGround(told, entry!, circumstances)) throw new Error(`no ground: ${JSON.stringify({ told, entry, circumstances })}`)
  return allowed
}

/** Told in other words than the code's: is there something in this history because of which one may write, and no "no" of their own after it? */
function hasGround(told: News[], entry: Standing & { recordedAt: Date }, { now, country, shopCountry, recordsAttestedAt, softOptInSince }: Circumstances): boolean {
  const yes = told.findLastIndex(isYes)
  const no = told.findLastIndex(isNo)
  if (yes > no) return true
  if (no >= 0) return false
  const years = (now.getTime() - entry.occurredAt.getTime()) / (365.25 * DAY)
  const inTime = (country || shopCountry || '').toLowerCase() !== 'ca' || years < 2.01
  if (told.some((news) => news.act === 'bought' && news.method === 'order') && softOptInSince !== null && inTime) return true
  const file = told.some((news) => news.act === 'imported' && news.method === 'import')
  const express = entry.basis.startsWith('express') // the store's record says so
  return (file || (recordsAttestedAt !== null && recordsAttestedAt >= entry.recordedAt)) && (inTime || express)
}
