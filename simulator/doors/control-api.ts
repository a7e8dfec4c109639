import { Router, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { grantScopes, install, revokeScopes, uninstall } from '../actions/index.ts'
import { deliverEvents, reportSpam, waitingEvents } from '../mail/events.ts'
import { clickLink, linksOf, openMail, unsubscribe } from '../mail/mailbox.ts'
import { removeRecord, setRecord } from '../mail/name-servers.ts'
import { waitingDeliveries } from '../platform/webhooks.ts'
import { setAskedRecords } from '../story/domain.ts'
import type { SimMail, World } from '../types.ts'

/** What the doors may ask of the running simulator. */
export interface Controls {
  /** Waits until nothing is on its way any more. */
  tick(): Promise<void>
  shoppers: { on(): boolean; set(on: boolean): void } | null
}

const count = z.number().int().min(0).max(1000)
const faults = z.strictObject({
  'webhooks.duplicate': z.boolean(), 'webhooks.reorder': z.boolean(), 'webhooks.dropNext': count,
  'api.throttleNext': count, 'api.errorNext': count, 'api.slowMs': z.number().int().min(0).max(60_000),
  'dns.silent': z.boolean(),
  'bulk.scatter': z.boolean(), 'bulk.failNext': count,
  'mail.tooManyNext': count, 'mail.errorNext': count, 'mail.hangNext': count, 'mail.loseAnswerNext': count, 'mail.duplicateEvents': z.boolean(), 'mail.refuseAddresses': z.array(z.string()),
}).partial()

/** The simulator's own API (JSON, this machine only): state, clock, faults, mails, installing. Changes need the JSON content type, which no page of another origin can send unasked. */
export function controlRouter(world: World, controls: Controls): Router {
  const router = Router()
  router.use((request, response, next) => {
    const origin = request.get('origin')
    if (request.method === 'GET' || (request.is('application/json') && (!origin || origin === new URL(world.urls.doors).origin))) return next()
    response.status(415).json({ error: 'Send JSON from the simulator’s own page.' })
  })
  const act = <T extends z.ZodType>(shape: T, handle: (input: z.infer<T>, request: Request) => unknown): RequestHandler => async (request, response) => {
    const input = shape.safeParse(request.body)
    if (!input.success) return void response.status(422).json({ error: z.prettifyError(input.error) })
    try {
      response.json((await handle(input.data, request)) ?? { ok: true })
    } catch (error) {
      response.status(409).json({ error: error instanceof Error ? error.message : 'That did not work.' })
    }
  }

  router.get('/state', (request, response) => {
    const after = Number(request.query.after) || 0
    const { app, doors, admin, platform } = world.urls
    response.json({
      now: world.clock.now(),
      urls: { app, doors, admin, platform },
      stores: [...world.stores.values()].map((store) => ({
        domain: store.domain, name: store.name, installed: store.installed !== null, embedOn: store.embedOn, blockOn: store.blockOn, storefront: world.urls.storefront(store.domain),
        scopes: [...store.optionalScopes], customers: store.customers.size, products: store.products.size, orders: store.orders.size,
      })),
      mails: world.mails.length,
      shoppers: controls.shoppers?.on() ?? false,
      faults: { ...world.faults, mail: { ...world.faults.mail, refuseAddresses: [...world.faults.mail.refuseAddresses] } },
      waiting: { webhooks: waitingDeliveries(world), events: waitingEvents(world) },
      wire: world.wire.entries.filter((entry) => entry.n > after).slice(-300),
    })
  })
  router.post('/jump', act(z.strictObject({ ms: z.number().min(0).max(366 * 86_400_000) }), ({ ms }) => {
    world.clock.jump(ms)
    world.wire.add({ kind: 'clock', shop: null, title: `The clock jumped by ${spanOf(ms)}`, detail: '', status: null, ms: null })
    return { now: world.clock.now() }
  }))
  router.post('/tick', act(z.unknown(), () => controls.tick()))
  router.post('/faults', act(faults, (wanted) => {
    for (const [path, value] of Object.entries(wanted)) {
      const [group = '', name = ''] = path.split('.')
      const target = world.faults[group as keyof World['faults']] as Record<string, unknown>
      target[name] = Array.isArray(value) ? new Set(value.map((one) => one.toLowerCase())) : value
    }
  }))
  router.post('/shoppers', act(z.strictObject({ on: z.boolean() }), ({ on }) => {
    if (!controls.shoppers) throw new Error('This simulation has no shoppers who come by themselves.')
    controls.shoppers.set(on)
  }))
  const storeShape = z.object({ domain: z.string() })
  const storeOf = (domain: string) => {
    const store = world.stores.get(domain)
    if (!store) throw new Error(`There is no store at ${domain}.`)
    return store
  }
  router.post('/install', act(storeShape, ({ domain }) => install(world, storeOf(domain))))
  router.post('/uninstall', act(storeShape, ({ domain }) => uninstall(world, storeOf(domain))))
  router.post('/scopes', act(storeShape.extend({ grant: z.array(z.string()).default([]), revoke: z.array(z.string()).default([]) }), ({ domain, grant, revoke }) => {
    if (grant.length > 0) grantScopes(world, storeOf(domain), grant)
    if (revoke.length > 0) revokeScopes(world, storeOf(domain), revoke)
  }))
  router.post('/theme', act(storeShape.extend({ embed: z.boolean().optional(), block: z.boolean().optional() }), ({ domain, embed, block }) => {
    const store = storeOf(domain)
    store.embedOn = embed ?? store.embedOn
    store.blockOn = block ?? store.blockOn
  }))

  const recordShape = z.strictObject({ type: z.enum(['TXT', 'CNAME', 'MX']), name: z.string().trim().min(1).max(253), value: z.string().trim().min(1).max(2000) })
  router.post('/dns/set', act(recordShape, ({ type, name, value }) => setRecord(world, type, name, value)))
  router.post('/dns/remove', act(recordShape, ({ type, name, value }) => removeRecord(world, type, name, value)))
  router.post('/dns/asked', act(storeShape, async ({ domain }) => ({ set: await setAskedRecords(world, storeOf(domain)) })))

  router.get('/mails', (request, response) => {
    const to = typeof request.query.to === 'string' ? request.query.to.toLowerCase() : null
    const mails = world.mails.filter((mail) => to === null || mail.to.toLowerCase() === to)
    response.json({ total: mails.length, mails: mails.slice(-500).reverse().map(({ id, at, to: address, from, subject, events }) => ({ id, at, to: address, from, subject, events })) })
  })
  router.get('/mails/:id', (request: Request, response: Response) => {
    const mail = world.mails.find((one) => one.id === request.params.id)
    if (!mail) return void response.status(404).json({ error: 'There is no such mail.' })
    response.json({ ...mail, links: linksOf(mail) })
  })
  const mailOf = (request: Request): SimMail => {
    const mail = world.mails.find((one) => one.id === request.params.id)
    if (!mail) throw new Error('There is no such mail.')
    return mail
  }
  router.post('/mails/:id/open', act(z.strictObject({ as: z.enum(['human', 'gmail', 'proxy', 'scanner']) }), (how, request) => openMail(world, mailOf(request), how)))
  router.post('/mails/:id/click', act(z.strictObject({ n: z.union([z.number().int(), z.string()]) }), async ({ n }, request) => ({ url: await clickLink(world, mailOf(request), n) })))
  router.post('/mails/:id/unsubscribe', act(z.strictObject({ how: z.enum(['one-click', 'page']) }), async ({ how }, request) => ({ status: (await unsubscribe(world, mailOf(request), how)).status })))
  router.post('/mails/:id/spam', act(z.strictObject({}), async (_input, request) => {
    reportSpam(world, mailOf(request))
    await deliverEvents(world)
  }))
  return router
}

function spanOf(ms: number): string {
  for (const [size, name] of [[604_800_000, 'week'], [86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute']] as const)
    if (ms >= size && ms % size === 0) return `${ms / size} ${name}${ms === size ? '' : 's'}`
  return `${Math.round(ms / 1000)} seconds`
}
