import { Agent, request } from 'node:http'
import { and, count as rows, eq } from 'drizzle-orm'
import { deliveries } from '../../app/db/schema.ts'
import { freeze } from '../../app/deliveries/freeze.ts'
import { sendDeliveries } from '../../app/deliveries/send.ts'
import type { OpenBench } from '../bench.ts'
import { makeNewsletter } from '../newsletter.ts'
import { readyBodies } from '../ready-bodies.ts'
import { startSink, type Sink } from '../sink.ts'
import { addCampaign, addPeople, openStore } from '../store.ts'

const longest = 10 * 60_000 // milliseconds for one turn

/**
 * A campaign from the freeze to the last accepted row: every mail composed for one person, promised in the ledger before it
 * leaves, posted in one call, recorded. SQLite with synchronous=FULL, the real SendGrid provider, the sink as SendGrid. The
 * limit is a bare loop that posts ready bodies of the same mails to the same sink, as many at once.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 5_000
  const sink = await startSink({ mode: 'drain' })
  const store = await openStore({ MAIL_PROVIDER: 'sendgrid', SENDGRID_URL: `http://127.0.0.1:${sink.port}`, SENDGRID_API_KEY: 'SG.bench', SENDGRID_WEBHOOK_KEY: 'unused', MAIL_PER_SECOND: '10000' })
  const { app, shop } = store
  const letter = await makeNewsletter()
  await addPeople(app, shop.id, count)
  const bodies = await readyBodies(app, shop, await addCampaign(app, shop, letter))
  const lanes = app.mail.limits.lanes
  let last = { statements: 0, seconds: 0, doubled: 0, lost: 0, sinkCpu: 0 }
  return {
    unit: 'messages',
    bar: 0.6,
    async limit() {
      await sink.forget()
      const from = performance.now()
      await postAll(sink.port, bodies, count, lanes)
      const took = (performance.now() - from) / 1000
      const seen = await sink.counts()
      if (seen.recipients !== count || seen.unread > 0) throw new Error(`the sink took ${seen.recipients} of ${count} ready mails`)
      return count / took
    },
    async product() {
      const messageId = await addCampaign(app, shop, letter)
      await sink.forget()
      const [before, from] = [app.db.statements(), performance.now()]
      await freeze(app, shop.id, messageId, null)
      const ours = (state: string) => app.db.select({ n: rows() }).from(deliveries).where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, messageId), eq(deliveries.state, state)))
      do {
        await sendDeliveries(app, { shopId: shop.id, messageId })
        if (performance.now() - from > longest) throw new Error('the send takes too long')
      } while ((await ours('pending'))[0]!.n > 0)
      const seconds = (performance.now() - from) / 1000
      const statements = app.db.statements() - before
      last = { statements, seconds, ...(await check(sink, count, (await ours('accepted'))[0]!.n)) }
      return count / seconds
    },
    detail: () => ({
      recipients: count, in_flight: lanes, body_bytes: bodies[0]!.length, sink: 'drain', doubled: last.doubled, lost: last.lost,
      statements_per_message: Math.round((last.statements / count) * 1000) / 1000, sink_cpu: Math.round((last.sinkCpu / last.seconds) * 100) / 100,
    }),
    close: async () => {
      await store.close()
      await sink.stop()
    },
  }
}

/** Everybody once, and everybody's row says so. */
async function check(sink: Sink, count: number, accepted: number): Promise<{ doubled: number; lost: number; sinkCpu: number }> {
  const seen = await sink.counts()
  if (seen.distinct !== count || seen.doubles !== 0 || seen.unread !== 0 || accepted !== count)
    throw new Error(`of ${count} people the sink saw ${seen.distinct}, ${seen.doubles} of them again, and ${accepted} rows are accepted`)
  return { doubled: seen.doubles, lost: count - seen.distinct, sinkCpu: seen.cpuSeconds }
}

async function postAll(port: number, bodies: Buffer[], count: number, lanes: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await postOne(port, agent, bodies[next++ % bodies.length]!)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  agent.destroy()
}

const postOne = (port: number, agent: Agent, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/v3/mail/send', headers: { 'content-type': 'application/json', 'content-length': body.length } }, (response) => {
      response.resume()
      response.on('end', () => (response.statusCode === 202 ? resolve() : reject(new Error(`the sink answered ${response.statusCode}`))))
    })
    call.on('error', reject)
    call.end(body)
  })
