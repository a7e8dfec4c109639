import { Liquid } from 'liquidjs'
import { compose, type Recipient } from '../../app/deliveries/compose.ts'
import { loadRun } from '../../app/deliveries/run.ts'
import { newId } from '../../app/lib/ids.ts'
import type { OpenBench } from '../bench.ts'
import { makeNewsletter } from '../newsletter.ts'
import { addCampaign, openStore } from '../store.ts'

/**
 * One whole mail for one person: 20 tags filled in, footer set, 40 tracked links, pixel and ways out signed, HTML and text made
 * bytes. The limit is LiquidJS filling in the same 20 tags of the parsed HTML alone: no links, no footer, no text, no bytes.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 5_000
  const store = await openStore()
  const letter = await makeNewsletter()
  const id = await addCampaign(store.app, store.shop, letter)
  const run = await loadRun(store.app, store.shop.id, id)
  if (!run) throw new Error('the message is not there')
  const now = store.app.clock.now()
  const people: Recipient[] = Array.from({ length: count }, (_, i) => ({
    subscriberId: newId(now), requestId: newId(now), email: `person${i}@example.org`, firstName: i % 5 ? `First${i}` : null, lastName: i % 3 ? `O'Last ${i}` : null, track: true,
  }))
  const engine = new Liquid()
  const template = engine.parse(letter.html)
  let bytes = 0
  return {
    unit: 'messages',
    bar: 1,
    async limit() {
      let length = 0
      const from = performance.now()
      for (const { firstName, lastName, email } of people) {
        const html = engine.renderSync(template, { subscriber: { first_name: firstName, last_name: lastName, email }, shop: { name: run.shop.name, url: run.shop.url } }) as string
        length += html.length
      }
      return rate(count, from, length)
    },
    async product() {
      bytes = 0
      const from = performance.now()
      for (const person of people) {
        const mail = compose(store.app, run, person)
        bytes += Buffer.from(mail.html).length + Buffer.from(mail.text).length
      }
      return rate(count, from, bytes)
    },
    detail: () => ({ messages: count, html_bytes: Buffer.byteLength(letter.html), mail_bytes: Math.round(bytes / count), tags: 20, links: letter.links.length }),
    close: store.close,
  }
}

function rate(count: number, from: number, length: number): number {
  const seconds = (performance.now() - from) / 1000
  if (length < count * 20_000) throw new Error('the mails are too short to be whole')
  return count / seconds
}
