import { z } from 'zod'
import { createApp, type App } from '../app/app.ts'
import { progressOf } from '../app/deliveries/progress.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { readSettings } from '../app/env.ts'
import { createLog } from '../app/lib/log.ts'
import { createServer } from '../app/server.ts'
import { answerOrders, startChild } from './children.ts'
import { serve } from './serve.ts'
import { commonEnv } from './store.ts'

const order = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('open'), env: z.record(z.string(), z.string()) }),
  z.object({ ask: z.literal('send'), shopId: z.string(), messageId: z.string() }),
  z.object({ ask: z.literal('serve') }),
])

export interface WorkerProcess {
  /** Takes part in sending a message until nobody of it waits any more. */
  send(shopId: string, messageId: string): Promise<void>
  /** Answers the app's requests on a free port of this machine. */
  serve(): Promise<number>
  stop(): Promise<void>
}

/** The real app as a process of its own, over a database that others use too. */
export async function startWorker(env: Record<string, string>): Promise<WorkerProcess> {
  const child = startChild('./worker.ts', { DATABASE_URL: env.DATABASE_URL! })
  await child.ask(z.null(), { ask: 'open', env })
  return {
    send: async (shopId, messageId) => void (await child.ask(z.null(), { ask: 'send', shopId, messageId })),
    serve: async () => (await child.ask(z.object({ port: z.number() }), { ask: 'serve' })).port,
    stop: child.stop,
  }
}

async function sendAll(app: App, shopId: string, messageId: string): Promise<void> {
  do await sendDeliveries(app, { shopId, messageId })
  while ((await progressOf(app, shopId, [messageId])).get(messageId)!.waiting > 0)
}

if (import.meta.main && process.send) {
  let app: App | null = null
  answerOrders(async (message) => {
    const given = order.parse(message)
    if (given.ask === 'open') {
      app = createApp({ settings: readSettings({ ...commonEnv, ...given.env }), log: createLog('error'), fetch: () => Promise.reject(new Error('a benchmark asks nobody outside this machine')) })
      return null
    }
    if (!app) throw new Error('not open yet')
    if (given.ask === 'serve') return { port: (await serve(createServer(app))).port }
    await sendAll(app, given.shopId, given.messageId)
    return null
  })
}
