import { Liquid } from 'liquidjs'
import { compileMail, type Recipient } from '../../app/deliveries/compile-mail.ts'
import { loadRun } from '../../app/deliveries/run.ts'
import { newId } from '../../app/lib/ids.ts'
import { singleBody } from '../../app/mail/sendgrid-body.ts'
import type { OpenBench } from '../bench.ts'
import { makeNewsletter } from '../newsletter.ts'
import { addCampaign, openStore } from '../store.ts'

/**
 * One whole mail for one person, up to the bytes that the SendGrid provider hands to its connection: 20 tags filled in, footer, 40
 * tracked links in each part, pixel and ways out signed, subject and headers, HTML and text written as JSON. Compiling the message is
 * in the time. The limit is LiquidJS filling in the same 20 tags of the parsed HTML alone: no links, no footer, no text, no bytes.
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
    subscriberId: newId(now), key: newId(now), email: `person${i}@example.org`, firstName: i % 5 ? `First${i}` : null, lastName: i % 3 ? `O'Last ${i}` : null, track: true,
  }))
  const engine = new Liquid()
  const template = engine.parse(letter.html)
  const line = Buffer.alloc(1 << 20) // what the socket copies a body into
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
      const compiled = compileMail(store.app, run)
      for (const person of people) {
        bytes += line.write(singleBody(compiled.one(person)), 'latin1')
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
