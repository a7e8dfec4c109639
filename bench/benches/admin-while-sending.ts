import { SignJWT } from 'jose'
import { freeze } from '../../app/deliveries/freeze.ts'
import { newId } from '../../app/lib/ids.ts'
import type { OpenBench } from '../bench.ts'
import { checkSent, hundredths, sendGridEnv } from '../campaign.ts'
import { startLoad, type LoadResult } from '../load.ts'
import { makeNewsletter } from '../newsletter.ts'
import { startSink } from '../sink.ts'
import { addCampaign, addPeople, apiSecret, commonEnv, openStore } from '../store.ts'
import { startWorker } from '../worker.ts'

const seconds = 8

/**
 * How much longer the list of campaigns takes while 100,000 mails leave, again and again: the 95th percentile of its answers while a
 * worker process sends in the shared way, over the same with nothing going on. Web and worker are two processes over one SQLite file, as
 * docs/deploying.md advises; one shopkeeper looks, again as soon as there is an answer.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 100_000
  const sink = await startSink({ mode: 'drain' })
  const store = await openStore(sendGridEnv(sink.port))
  const { app, shop } = store
  const env = { ...sendGridEnv(sink.port), DATABASE_URL: `file:${store.file}` }
  const letter = await makeNewsletter()
  await addPeople(app, shop.id, count)
  const [web, worker, load] = [await startWorker(env), await startWorker(env), startLoad()]
  const port = await web.serve()
  for (let i = 0; i < 5; i++) await send()
  const last: { idle: LoadResult | null; busy: LoadResult | null; campaigns: number } = { idle: null, busy: null, campaigns: 0 }

  async function send(): Promise<void> {
    await sink.forget()
    const messageId = await addCampaign(app, shop, letter, 'shared')
    await freeze(app, shop.id, messageId, null)
    await worker.send(shop.id, messageId)
    await checkSent(app, shop, messageId, count, sink)
  }
  async function look(): Promise<LoadResult> {
    const now = Math.floor(app.clock.now().getTime() / 1000)
    const token = await new SignJWT({ iss: `https://${shop.domain}/admin`, dest: `https://${shop.domain}`, aud: commonEnv.SHOPIFY_API_KEY, sub: '42', exp: now + 60, nbf: now - 1, iat: now - 1, jti: newId(app.clock.now()), sid: 'bench' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(apiSecret))
    const result = await load.run({ port, connections: 1, seconds, most: 1_000_000, method: 'GET', paths: ['/api/campaigns'], headers: { Authorization: `Bearer ${token}` }, body: '' })
    if (Object.keys(result.statuses).join() !== '200') throw new Error(`the list answered ${JSON.stringify(result.statuses)}`)
    return result
  }
  return {
    unit: 'looks',
    bar: 3,
    ratioOf: 'time',
    async limit() {
      last.idle = await look()
      return 1000 / last.idle.p95Ms
    },
    async product() {
      let over = false
      last.campaigns = 0
      const sending = (async () => {
        for (; !over; last.campaigns++) await send()
      })()
      last.busy = await look()
      over = true
      await sending
      return 1000 / last.busy.p95Ms
    },
    detail: () => ({
      recipients: count, campaigns_meanwhile: last.campaigns, idle_p95_ms: hundredths(last.idle?.p95Ms ?? 0), sending_p95_ms: hundredths(last.busy?.p95Ms ?? 0), sending_p99_ms: hundredths(last.busy?.p99Ms ?? 0), looks_while_sending: last.busy?.answered ?? 0,
    }),
    close: async () => {
      await load.stop()
      await web.stop()
      await worker.stop()
      await store.close()
      await sink.stop()
    },
  }
}
