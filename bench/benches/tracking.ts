import { setTimeout as wait } from 'node:timers/promises'
import { and, eq } from 'drizzle-orm'
import express from 'express'
import { deliveries, events } from '../../app/db/schema.ts'
import { freeze } from '../../app/deliveries/freeze.ts'
import { signLink } from '../../app/lib/tokens.ts'
import { createServer } from '../../app/server.ts'
import type { OpenBench } from '../bench.ts'
import { startLoad, type LoadOrder, type LoadResult } from '../load.ts'
import { makeNewsletter } from '../newsletter.ts'
import { loadDetail, rateOf, serve } from '../serve.ts'
import { addCampaign, addPeople, openStore } from '../store.ts'

/**
 * Opens and clicks in turn, each of a person who has not done it before, through the real server: token checked, person and
 * consent looked up, verdict given, event kept, picture or redirect answered. The limit is a bare Express hello world, asked
 * by the same generator. All events must be in the log within a second of the last answer.
 */
export const open: OpenBench = async ({ recipients }) => {
  const people = recipients ?? 30_000
  const store = await openStore()
  const { app, shop } = store
  await app.beside?.start()
  const product = await serve(createServer(app))
  const limit = await serve(express().get('/', (_request, response) => void response.send('Hello world')))
  const load = startLoad()
  const letter = await makeNewsletter()
  const ids = await addPeople(app, shop.id, people)
  let last: { limit: LoadResult | null; product: LoadResult | null } = { limit: null, product: null }
  const order = (port: number, paths: string[], most: number): LoadOrder => ({
    port, paths, most, connections: 64, seconds: 3, method: 'GET', body: '',
    headers: { 'User-Agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15', Accept: '*/*' },
  })
  return {
    unit: 'hits',
    bar: 0.6,
    async limit() {
      last = { ...last, limit: await load.run(order(limit.port, ['/'], 200_000)) }
      return rateOf(last.limit!, ['200'])
    },
    async product() {
      const messageId = await addCampaign(app, shop, letter)
      await freeze(app, shop.id, messageId, null)
      const hour = new Date(app.clock.now().getTime() - 3_600_000)
      await app.db.update(deliveries).set({ state: 'accepted', acceptedAt: hour }).where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, messageId)))
      const sign = (purpose: 'open' | 'click', subscriberId: string): string => signLink(app.settings.keys, purpose, { shopId: shop.id, messageId, subscriberId })
      const paths = ids.flatMap((id, i) => [`/o/${sign('open', id)}`, `/c/${sign('click', id)}/${1 + (i % 40)}`])
      last = { ...last, product: await load.run(order(product.port, paths, paths.length)) }
      const { answered } = last.product!
      const found = (): Promise<number> => app.db.$count(events, and(eq(events.shopId, shop.id), eq(events.messageId, messageId), eq(events.verdict, 'human')))
      if ((await found()) !== answered) await wait(1_000)
      if ((await found()) !== answered) throw new Error(`${answered} hits were answered, and ${await found()} events are in the log`)
      return rateOf(last.product!, ['200', '302'])
    },
    detail: () => ({ people, ...loadDetail(last.limit, last.product) }),
    close: async () => {
      await load.stop()
      await limit.close()
      await product.close()
      await store.close()
    },
  }
}
