import type { App } from '../../app/app.ts'
import { compileMail, type Recipient } from '../../app/deliveries/compile-mail.ts'
import { loadRun } from '../../app/deliveries/run.ts'
import { newId } from '../../app/lib/ids.ts'
import type { Shop } from '../../app/shops/shops.ts'
import type { OpenBench } from '../bench.ts'
import { checkSent, hundredths, sendCampaign, sendGridEnv } from '../campaign.ts'
import { makeNewsletter, type Newsletter } from '../newsletter.ts'
import { startSink } from '../sink.ts'
import { addCampaign, addPeople, nameOf, openStore } from '../store.ts'

/**
 * A newsletter whose people differ in values only, a thousand people a call: from the freeze to the last accepted person, one row
 * for each in the ledger, SQLite with synchronous=FULL, a sink that reads each call as JSON. The limit is a bare loop that has the
 * people in memory, builds the same bodies (compiled form, keyed tags, values) and posts them to the same sink, as many at once.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 100_000
  const sink = await startSink({ mode: 'parse' })
  const store = await openStore(sendGridEnv(sink.port))
  const { app, shop } = store
  const letter = await makeNewsletter()
  const ids = await addPeople(app, shop.id, count)
  let last = { frozen: 0, statements: 0, sinkCpu: 0, doubled: 0, lost: 0 }
  return {
    unit: 'people',
    bar: 0.35,
    async limit() {
      await sink.forget()
      const seconds = await bareLoop(app, shop, letter, ids)
      const seen = await sink.counts()
      if (seen.distinct !== count || seen.doubles !== 0 || seen.unread !== 0) throw new Error(`the sink took ${seen.distinct} of ${count} people of the bare loop`)
      return count / seconds
    },
    async product() {
      await sink.forget()
      const { messageId, seconds, frozenSeconds, statements } = await sendCampaign(app, shop, letter, 'shared')
      const { sinkCpu, ...checked } = await checkSent(app, shop, messageId, count, sink)
      last = { frozen: frozenSeconds / seconds, statements, sinkCpu: sinkCpu / seconds, ...checked }
      return count / seconds
    },
    detail: () => ({
      recipients: count, doubled: last.doubled, lost: last.lost, statements_per_recipient: Math.ceil((last.statements / count) * 10_000) / 10_000, share_of_freeze: hundredths(last.frozen), sink: 'parse', sink_cpu: hundredths(last.sinkCpu),
    }),
    close: async () => {
      await store.close()
      await sink.stop()
    },
  }
}

async function bareLoop(app: App, shop: Shop, letter: Newsletter, ids: string[]): Promise<number> {
  const run = await loadRun(app, shop.id, await addCampaign(app, shop, letter, 'shared'))
  const mail = compileMail(app, run!)
  if (!mail.shared || !app.mail.shared) throw new Error('the newsletter cannot be shared')
  const { shared: provider } = app.mail
  const people: Recipient[] = ids.map((subscriberId, i) => ({ subscriberId, key: '', track: true, ...nameOf(i) }))
  const requestId = newId(app.clock.now())
  const from = performance.now()
  const post = provider.prepare(mail.shared)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < people.length) {
      const part = people.slice(next, (next += provider.most))
      const outcome = await post(part.map((to) => ({ key: `${requestId}.${to.subscriberId}`, to: to.email, values: mail.valuesOf(to) })))
      if (outcome.kind !== 'accepted') throw new Error(`the bare loop was not taken: ${outcome.reason}`)
    }
  }
  await Promise.all(Array.from({ length: app.mail.limits.lanes }, lane))
  return (performance.now() - from) / 1000
}
