import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { campaignLive, heldList, peopleReply } from '../app/campaigns/contract.ts'
import { campaigns, deliveries } from '../app/db/schema.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import { mailContent } from '../app/templates/contract.ts'
import { MINUTE } from '../app/lib/clock.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany } from './campaign.ts'

// Q3: what is unknown is shown, with person, time and the mail server's answer; and a person decides what becomes of it.

let t: TestApp
let mail: Outbox
let id: string
const lostFor = new Set<string>()
beforeEach(async () => {
  mail = createOutbox()
  lostFor.clear()
  mail.script((one) => (lostFor.has(one.to) ? { kind: 'uncertain', reason: 'The mail server said: nothing, the connection broke' } : undefined))
  t = await testApp({ mail })
  await addMany(t.app, t.shop, 5)
})
afterEach(() => t.close())

const api = (of = t.shop) => t.api(of)
/** Sends a new campaign to everybody; the answers for `lost` are lost. Ends when nothing is left to do. */
async function send(...lost: string[]): Promise<void> {
  for (const one of lost) lostFor.add(one)
  const made = (await api().post('/api/campaigns', { name: 'News' })).body
  id = made.id as string
  const content = mailContent.parse({ blocks: [{ id: 'x', type: 'text', html: '<p>Hello</p>', align: 'left' }] })
  await api().put(`/api/campaigns/${id}`, { version: made.version, name: 'News', subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
  expect((await api().post(`/api/campaigns/${id}/send`)).status).toBe(200)
  await t.runJobs()
}
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    t.clock.jump(MINUTE)
    await recoverDeliveries(t.app)
    await t.runJobs()
  }
}
const held = async (query = '') => heldList.parse((await api().get(`/api/campaigns/${id}/held${query}`)).body)
const live = async () => campaignLive.parse((await api().get(`/api/campaigns/${id}/live`)).body)
const decide = (what: 'again' | 'leave', people: 'all' | string[], of = t.shop) => api(of).post(`/api/campaigns/${id}/held/${what}`, { people })
const rowOf = async (email: string) => (await t.app.db.select().from(deliveries).where(and(eq(deliveries.messageId, id), eq(deliveries.email, email))))[0]!

test('while it is being checked it says how many and until when, and lists each with the server’s words', async () => {
  await send('person1@example.org')
  const now = await live()
  expect(now.progress).toMatchObject({ uncertain: 1, accepted: 4, held: 0 })
  expect(Date.parse(now.checkedBy!)).toBeGreaterThan(t.clock.now().getTime())
  const { people } = peopleReply.parse((await api().get(`/api/campaigns/${id}/people?show=uncertain`)).body)
  expect(people).toMatchObject([{ email: 'person1@example.org', said: 'The mail server said: nothing, the connection broke' }])
  await settle()
  expect((await live()).checkedBy).toBeNull()
})

describe('people of whom nobody can tell', () => {
  beforeEach(async () => {
    await send('person1@example.org', 'person3@example.org')
    await settle()
  })

  test('are listed with time and answer, while the campaign is done', async () => {
    expect((await live()).status).toBe('sent')
    expect(await held()).toMatchObject({ total: 2, canSendAgain: true, nextCursor: null, people: [{ said: 'The mail server said: nothing, the connection broke' }, {}] })
    expect((await held()).people.map((one) => one.email).toSorted()).toEqual(['person1@example.org', 'person3@example.org'])
    expect((await held()).people.every((one) => Date.parse(one.at) <= t.clock.now().getTime())).toBe(true)
  })

  test('sent again: the campaign goes back to sending, they get it under the same key, and it finishes anew', async () => {
    lostFor.clear()
    const before = await rowOf('person1@example.org')
    const other = await rowOf('person3@example.org')
    expect((await decide('again', [before.subscriberId])).body).toEqual({ changed: 1 })
    expect((await live()).status).toBe('sending')
    expect((await decide('again', [before.subscriberId])).body).toEqual({ changed: 0 }) // pressed twice
    await t.runJobs()
    expect((await live()).status).toBe('sent')
    const after = await rowOf('person1@example.org')
    expect(after).toMatchObject({ state: 'accepted', reason: null, requestId: before.requestId })
    expect(after.attempts).toBe(before.attempts + 1)
    expect(await rowOf('person3@example.org')).toEqual(other)
    expect(mail.taken.filter((one) => one.to === 'person1@example.org')).toHaveLength(1)
    expect((await t.app.db.select().from(campaigns).where(eq(campaigns.id, id)))[0]!.finishedAt).not.toBeNull()
  })

  test('sent again with another lost answer: held once more, not sent for ever', async () => {
    await decide('again', 'all')
    await t.runJobs()
    await settle()
    expect([(await live()).status, (await held()).total]).toEqual(['sent', 2])
  })

  test('who unsubscribed meanwhile does not get it, whatever is pressed', async () => {
    lostFor.clear()
    const row = await rowOf('person1@example.org')
    await api().post(`/api/subscribers/${row.subscriberId}/unsubscribe`)
    await decide('again', 'all')
    await t.runJobs()
    expect(await rowOf('person1@example.org')).toMatchObject({ state: 'suppressed', reason: 'unsubscribed' })
    expect(mail.taken.map((one) => one.to)).toContain('person3@example.org')
    expect((await live()).status).toBe('sent')
  })

  test('left as it is: closed for good, with the reason, and nobody gets anything', async () => {
    const [taken, row] = [mail.taken.length, await rowOf('person1@example.org')]
    expect((await decide('leave', [row.subscriberId])).body).toEqual({ changed: 1 })
    expect((await decide('leave', [row.subscriberId])).body).toEqual({ changed: 0 })
    expect((await decide('again', [row.subscriberId])).body).toEqual({ changed: 0 })
    expect(await rowOf('person1@example.org')).toMatchObject({ state: 'refused', reason: 'no_evidence' })
    expect((await decide('leave', 'all')).body).toEqual({ changed: 1 })
    await settle()
    expect([(await held()).total, mail.taken.length, (await live()).status]).toEqual([0, taken, 'sent'])
  })

  test('of a cancelled campaign may only be left', async () => {
    await t.app.db.update(campaigns).set({ status: 'cancelled' }).where(eq(campaigns.id, id))
    expect(await held()).toMatchObject({ total: 2, canSendAgain: false })
    expect((await decide('again', 'all')).status).toBe(409)
    expect((await held()).total).toBe(2)
    expect((await decide('leave', 'all')).body).toEqual({ changed: 2 })
  })

  test('of a paused campaign wait until it goes on', async () => {
    lostFor.clear()
    await t.app.db.update(campaigns).set({ status: 'paused', finishedAt: null }).where(eq(campaigns.id, id))
    await decide('again', 'all')
    await t.runJobs()
    expect((await live()).progress).toMatchObject({ waiting: 2, held: 0 })
    await api().post(`/api/campaigns/${id}/resume`)
    await t.runJobs()
    expect((await live()).status).toBe('sent')
  })

  test('are nobody else’s: a stranger neither sees nor decides', async () => {
    for (const call of [api(t.stranger).get(`/api/campaigns/${id}/held`), api(t.stranger).get(`/api/campaigns/${id}/live`), decide('again', 'all', t.stranger), decide('leave', 'all', t.stranger)]) expect((await call).status).toBe(404)
    expect((await held()).total).toBe(2)
  })
})
