import type { OpenBench } from '../bench.ts'
import { checkSent, sendCampaign, sendGridEnv } from '../campaign.ts'
import { makeNewsletter } from '../newsletter.ts'
import { startSink } from '../sink.ts'
import { addPeople, addShop, openStore } from '../store.ts'

/**
 * Does a person cost as much in a send to many as in a send to few? Time per person at `recipients` people (a million unless told
 * otherwise) over that at a tenth of them: two shops in one database, the same newsletter, the shared way, a sink that drains.
 */
export const open: OpenBench = async ({ recipients }) => {
  const many = recipients ?? 1_000_000
  const few = Math.ceil(many / 10)
  const sink = await startSink({ mode: 'drain' })
  const store = await openStore(sendGridEnv(sink.port))
  const { app, shop: big } = store
  const small = await addShop(app, 'moss-and-mortar')
  const letter = await makeNewsletter()
  await addPeople(app, small.id, few)
  await addPeople(app, big.id, many)
  const turn = async (shop: typeof big, count: number): Promise<number> => {
    await sink.forget()
    const { messageId, seconds } = await sendCampaign(app, shop, letter, 'shared')
    await checkSent(app, shop, messageId, count, sink)
    return count / seconds
  }
  return {
    unit: 'people',
    bar: 1.15,
    ratioOf: 'time',
    limit: () => turn(small, few),
    product: () => turn(big, many),
    detail: () => ({ recipients: many, against: few, sink: 'drain' }),
    close: async () => {
      await store.close()
      await sink.stop()
    },
  }
}
