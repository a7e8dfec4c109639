import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { chanceOf } from './chance.ts'
import type { WorldClock } from './clock.ts'
import { evidenceDelay } from './answers.ts'
import type { Person } from './truth.ts'

const most = 500 // events of one delivery
const pace = 20 // milliseconds between two looks at what is due

interface News {
  event: 'processed' | 'delivered'
  sg_event_id: string
  sg_message_id: string
  key: string
  timestamp: number
}

/**
 * Tells the real web process what was taken, as SendGrid does: signed, in deliveries of many events, some twice, some never, but
 * of each call one event at least and within the time that we wait for it. What is not answered with 200 is told again.
 */
export class Evidence {
  private readonly due = new Map<number, News[]>() // by the second in which it falls due
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  /** Events that wait for their time, and that are being told at this moment. */
  waiting = 0
  telling = 0
  refused = 0
  told = 0
  readonly publicKey = this.keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  private readonly seed: number
  private readonly clock: WorldClock
  private readonly web: string

  constructor(seed: number, clock: WorldClock, web: string) {
    this.seed = seed
    this.clock = clock
    this.web = web
    setInterval(() => this.look(), pace).unref()
  }

  /** Events that are being told, or whose time has come. */
  underWay(): number {
    const second = Math.floor(this.clock.now().getTime() / 1000)
    let overdue = 0
    for (const [at, list] of this.due) if (at <= second) overdue += list.length
    return this.telling + overdue
  }

  /** A call was taken. */
  of(people: Person[]): void {
    const callDelay = evidenceDelay(this.seed, people[0]!.address)
    people.forEach(({ key, address }, i) => {
      const chance = chanceOf(this.seed, 'told', address)
      if (i > 0 && chance < 0.1) return // withheld
      const news = this.news('processed', key)
      this.later(callDelay + i, news)
      if (chance > 0.95) this.later(callDelay * 1.1, news) // told twice
      if (chance > 0.5) this.later(callDelay * 1.2 + 1000, this.news('delivered', key))
    })
  }

  private news = (event: News['event'], key: string): News => ({ event, sg_event_id: randomUUID(), sg_message_id: `fault.${key}`, key, timestamp: Math.floor(this.clock.now().getTime() / 1000) })

  private later(by: number, news: News): void {
    const second = Math.ceil((this.clock.now().getTime() + by) / 1000)
    const list = this.due.get(second)
    if (list) list.push(news)
    else this.due.set(second, [news])
    this.waiting++
  }

  private look(): void {
    const second = Math.floor(this.clock.now().getTime() / 1000)
    const ready: News[] = []
    for (const [at, list] of this.due) {
      if (at > second) continue
      ready.push(...list)
      this.due.delete(at)
    }
    this.waiting -= ready.length
    for (let at = 0; at < ready.length; at += most) void this.tell(ready.slice(at, at + most))
  }

  private async tell(news: News[]): Promise<void> {
    this.telling += news.length
    const timestamp = String(Math.floor(this.clock.now().getTime() / 1000))
    const body = JSON.stringify(news)
    const signature = sign('sha256', Buffer.from(timestamp + body), this.keys.privateKey).toString('base64')
    const headers = { 'content-type': 'application/json', 'x-twilio-email-event-webhook-timestamp': timestamp, 'x-twilio-email-event-webhook-signature': signature }
    const status = await fetch(`${this.web}/events/sendgrid`, { method: 'POST', body, headers, signal: AbortSignal.timeout(15_000) }).then(
      async (response) => (await response.arrayBuffer(), response.status),
      () => 0,
    )
    this.telling -= news.length
    if (status === 200) this.told += news.length
    else {
      if (status !== 0) this.refused++
      for (const item of news) this.later(2_000, item)
    }
  }
}
