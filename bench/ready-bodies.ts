import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '../app/app.ts'
import { compileMail } from '../app/deliveries/compile-mail.ts'
import { loadRun } from '../app/deliveries/run.ts'
import { newId } from '../app/lib/ids.ts'
import { createSendGrid } from '../app/mail/sendgrid.ts'
import type { Shop } from '../app/shops/shops.ts'

const different = 200

/** Bodies exactly as the SendGrid provider posts them, for 200 people: caught on the wire, so that the limit posts what we post. */
export async function readyBodies(app: App, shop: Shop, messageId: string): Promise<Buffer[]> {
  const run = await loadRun(app, shop.id, messageId)
  if (!run) throw new Error('the message is not there')
  const bodies: Buffer[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      response.writeHead(202).end()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const provider = createSendGrid({ apiKey: 'SG.bench', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, webhookKey: '', perSecond: 10_000, clock: app.clock })
  const now = app.clock.now()
  const compiled = compileMail(app, run)
  for (let i = 0; i < different; i++) {
    const outcome = await provider.send(compiled.one({ subscriberId: newId(now), key: newId(now), email: `person${i}@example.org`, firstName: `First${i}`, lastName: null, track: true }))
    if (outcome.kind !== 'accepted') throw new Error('a body could not be caught')
  }
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return bodies
}
