import { Agent, request } from 'node:http'
import type { OpenBench } from '../bench.ts'
import { checkSent, hundredths, sendCampaign, sendGridEnv } from '../campaign.ts'
import { makeNewsletter } from '../newsletter.ts'
import { readyBodies } from '../ready-bodies.ts'
import { startSink } from '../sink.ts'
import { addCampaign, addPeople, openStore } from '../store.ts'

/**
 * A campaign from the freeze to the last accepted row: every mail composed for one person (20 tags, 40 tracked links), promised in
 * the ledger before it leaves, posted in one call, recorded. SQLite with synchronous=FULL, the real SendGrid provider, the sink as
 * SendGrid. The limit is a bare loop that posts ready bodies of the same mails to the same sink, as many at once.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 20_000
  const sink = await startSink({ mode: 'drain' })
  const store = await openStore(sendGridEnv(sink.port))
  const { app, shop } = store
  const letter = await makeNewsletter()
  await addPeople(app, shop.id, count)
  const bodies = await readyBodies(app, shop, await addCampaign(app, shop, letter))
  const { lanes } = app.mail.limits
  let last = { statements: 0, sinkCpu: 0, doubled: 0, lost: 0 }
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
      await sink.forget()
      const { messageId, seconds, statements } = await sendCampaign(app, shop, letter, 'individual')
      const { sinkCpu, ...checked } = await checkSent(app, shop, messageId, count, sink)
      last = { statements, sinkCpu: sinkCpu / seconds, ...checked }
      return count / seconds
    },
    detail: () => ({
      recipients: count, in_flight: lanes, body_bytes: bodies[0]!.length, sink: 'drain', doubled: last.doubled, lost: last.lost,
      statements_per_message: Math.ceil((last.statements / count) * 1000) / 1000, sink_cpu: hundredths(last.sinkCpu),
    }),
    close: async () => {
      await store.close()
      await sink.stop()
    },
  }
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
