import { startPostgres } from '../../tests/postgres.ts'
import { freeze } from '../../app/deliveries/freeze.ts'
import type { OpenBench } from '../bench.ts'
import { checkSent, sendGridEnv } from '../campaign.ts'
import { makeNewsletter } from '../newsletter.ts'
import { startSink } from '../sink.ts'
import { addCampaign, addPeople, openStore } from '../store.ts'
import { startWorker, type WorkerProcess } from '../worker.ts'

const answersAfterMs = 400

/**
 * The same campaign on PostgreSQL by one worker process and by two, each with its own calls in flight, to a provider that answers as
 * late as a real one. The audience is frozen before; what is measured is sending. Who gets what is settled by claims alone.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 200_000
  const [postgres, sink] = [await startPostgres(), await startSink({ mode: 'delay', every: 1, delayMs: answersAfterMs })]
  const env = { ...sendGridEnv(sink.port), DATABASE_URL: `${postgres.url}/template_homing` }
  const store = await openStore(env)
  const { app, shop } = store
  const letter = await makeNewsletter()
  await addPeople(app, shop.id, count)
  const workers = [await startWorker(env), await startWorker(env)]
  const turn = async (some: WorkerProcess[]): Promise<number> => {
    const messageId = await addCampaign(app, shop, letter, 'shared')
    await freeze(app, shop.id, messageId, null)
    await sink.forget()
    const from = performance.now()
    await Promise.all(some.map((worker) => worker.send(shop.id, messageId)))
    const seconds = (performance.now() - from) / 1000
    await checkSent(app, shop, messageId, count, sink)
    return count / seconds
  }
  return {
    unit: 'people',
    bar: 1.5,
    limit: () => turn(workers.slice(0, 1)),
    product: () => turn(workers),
    detail: () => ({ recipients: count, database: 'PostgreSQL', provider_answers_after_ms: answersAfterMs }),
    close: async () => {
      for (const worker of workers) await worker.stop()
      await store.close()
      await sink.stop()
      await postgres.stop()
    },
  }
}
