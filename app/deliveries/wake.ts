import type { App } from '../app.ts'

/** Asks for the sending of a message, now or at a time. Joins the ambient transaction; asking twice is asking once. */
export async function wakeSending(app: Pick<App, 'queue'>, shopId: string, messageId: string, at?: Date): Promise<void> {
  // A turn that waits for its time must not stand in the way of one that is due now, so its key names the second.
  const key = at ? `${messageId}@${Math.ceil(at.getTime() / 1000)}` : messageId
  await app.queue.add('deliveries.send', { shopId, messageId }, at ? { key, at } : { key })
}

export async function askToFinish(app: Pick<App, 'queue'>, shopId: string, messageId: string): Promise<void> {
  await app.queue.add('campaigns.finish', { shopId, messageId }, { key: messageId })
}
