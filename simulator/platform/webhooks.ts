import { createHmac, randomUUID } from 'node:crypto'
import { pretty } from '../format.ts'
import type { SimStore, World } from '../types.ts'
import { withoutPersonalFields } from './personal.ts'
import { platformOf } from './state.ts'

/** One piece of news on its way to one subscription. Its id stays the same in every retry. */
export interface Delivery {
  id: string
  eventId: string
  topic: string
  shop: string
  path: string
  name: string
  body: string
  triggeredAt: Date
  attempt: number
  dueAt: Date
}

const minute = 60_000
/** Eight retries over four hours, with growing gaps. */
export const retryGaps = [1, 2, 4, 10, 20, 38, 65, 100].map((minutes) => minutes * minute)
/** The platform waits no longer for an answer. */
const patience = 5_000
const atOnce = 4

/** These go out although the app is gone: the news is about its going, or is owed by law. */
const evenAfterwards = new Set(['app/uninstalled', 'customers/redact', 'customers/data_request', 'shop/redact'])

/**
 * Tells the app what happened: one signed POST per subscription of the real shopify.app.toml, without waiting for it.
 * Nothing is sent for a store that has not installed the app, except the topics about its leaving and about erasure.
 * @param options.triggeredAt when it happened; the world's now when left out. `settle` waits for the posts.
 */
export function emit(world: World, store: SimStore, topic: string, payload: unknown, options: { triggeredAt?: Date } = {}): void {
  const state = platformOf(world)
  if (state.closed || (!store.installed && !evenAfterwards.has(topic))) return
  const now = world.clock.now()
  const compliance = topic.endsWith('/redact') || topic.endsWith('/data_request')
  const body = JSON.stringify(store.protectedDataApproved || compliance ? payload : withoutPersonalFields(payload))
  const eventId = randomUUID()
  for (const subscription of state.config.subscriptions.filter((one) => one.topic === topic)) {
    const delivery: Delivery = {
      id: randomUUID(), eventId, topic, shop: store.domain, path: subscription.path, name: subscription.name, body,
      triggeredAt: options.triggeredAt ?? now, attempt: 0, dueAt: now,
    }
    if (world.faults.webhooks.dropNext > 0) {
      world.faults.webhooks.dropNext -= 1
      note(world, delivery, 'lost on request', null, null)
      continue
    }
    const copies = world.faults.webhooks.duplicate ? [delivery, { ...delivery }] : [delivery]
    if (world.faults.webhooks.reorder) state.deliveries.ready.unshift(...copies)
    else state.deliveries.ready.push(...copies)
  }
  schedulePump(world)
}

/** Waits until every delivery was answered once. Those that failed and wait for their retry do not count: jump the clock for them. */
export async function settle(world: World): Promise<void> {
  const { deliveries } = platformOf(world)
  while (deliveries.ready.length > 0 || deliveries.posting > 0) await new Promise<void>((resolve) => deliveries.idle.push(resolve))
}

/** How many deliveries failed and wait for their next try. */
export const waitingDeliveries = (world: World): number => platformOf(world).deliveries.waiting.length

/** Base64 HMAC-SHA256 of the raw body with the app's secret, as the app must check it. */
export const signBody = (secret: string, body: string): string => createHmac('sha256', secret).update(body, 'utf8').digest('base64')

function schedulePump(world: World): void {
  const { deliveries } = platformOf(world)
  if (deliveries.pump) return
  watchClock(world)
  const run = (): void => {
    deliveries.pump = null
    pump(world)
  }
  // Reordering needs company: collect for a moment, then the newest goes first.
  deliveries.pump = world.faults.webhooks.reorder ? setTimeout(run, 40) : setImmediate(run)
}

function pump(world: World): void {
  const { deliveries } = platformOf(world)
  while (deliveries.posting < atOnce && deliveries.ready.length > 0) {
    deliveries.posting += 1
    void post(world, deliveries.ready.shift()!).then(() => {
      deliveries.posting -= 1
      if (deliveries.ready.length > 0) pump(world)
      else if (deliveries.posting === 0) for (const wake of deliveries.idle.splice(0)) wake()
    })
  }
  if (deliveries.ready.length === 0 && deliveries.posting === 0) for (const wake of deliveries.idle.splice(0)) wake()
}

async function post(world: World, delivery: Delivery): Promise<void> {
  const { config, closed } = platformOf(world)
  if (closed) return
  const began = performance.now()
  let status: number | null = null
  let fault = ''
  try {
    const answer = await fetch(`${world.urls.app}${delivery.path}`, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Shopify-Captain-Hook',
        'x-shopify-topic': delivery.topic,
        'x-shopify-shop-domain': delivery.shop,
        'x-shopify-api-version': config.apiVersion,
        'x-shopify-webhook-id': delivery.id,
        'x-shopify-event-id': delivery.eventId,
        'x-shopify-triggered-at': delivery.triggeredAt.toISOString(),
        'x-shopify-hmac-sha256': signBody(world.app.clientSecret, delivery.body),
        ...(delivery.name ? { 'x-shopify-name': delivery.name } : {}),
      },
      body: delivery.body,
    })
    status = answer.status
    await answer.body?.cancel()
  } catch (error) {
    fault = error instanceof Error && error.name === 'TimeoutError' ? 'no answer within 5 seconds' : 'no connection'
  }
  const ms = Math.round(performance.now() - began)
  if (status !== null && status >= 200 && status < 300) {
    note(world, delivery, delivery.attempt === 0 ? 'delivered' : `delivered at retry ${delivery.attempt}`, status, ms)
    return
  }
  const gap = retryGaps[delivery.attempt]
  if (gap === undefined) {
    note(world, delivery, 'given up after 8 retries', status, ms)
    return
  }
  note(world, delivery, `failed (${fault || `answer ${status}`}), again in ${gap / minute} min`, status, ms)
  platformOf(world).deliveries.waiting.push({ ...delivery, attempt: delivery.attempt + 1, dueAt: new Date(world.clock.now().getTime() + gap) })
  scheduleRetries(world)
}

const watched = new WeakSet<World>()
function watchClock(world: World): void {
  if (watched.has(world)) return
  watched.add(world)
  world.clock.onJump(() => scheduleRetries(world))
}

/** Moves what is due to the front, and sets one timer for the next. */
function scheduleRetries(world: World): void {
  const { deliveries, closed } = platformOf(world)
  if (deliveries.timer) clearTimeout(deliveries.timer)
  deliveries.timer = null
  if (closed || deliveries.waiting.length === 0) return
  const now = world.clock.now().getTime()
  const due = deliveries.waiting.filter((one) => one.dueAt.getTime() <= now)
  if (due.length > 0) {
    deliveries.waiting = deliveries.waiting.filter((one) => one.dueAt.getTime() > now)
    deliveries.ready.push(...due)
    schedulePump(world)
  }
  const next = Math.min(...deliveries.waiting.map((one) => one.dueAt.getTime()))
  if (!Number.isFinite(next)) return
  deliveries.timer = setTimeout(() => scheduleRetries(world), Math.min(next - now, 2_000_000_000))
  deliveries.timer.unref()
}

function note(world: World, delivery: Delivery, outcome: string, status: number | null, ms: number | null): void {
  world.wire.add({ kind: 'webhook', shop: delivery.shop, title: `${delivery.topic}: ${outcome}`, detail: `webhook id ${delivery.id}\n${pretty(delivery.body)}`, status, ms })
}
