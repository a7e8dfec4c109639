import type { z } from 'zod'
import { publicForm, signupReply } from '../app/forms/contract.ts'
import { cameBack, clickLink, linksOf, local, openMail, pressButton, unsubscribe, walk } from './mail/mailbox.ts'
import { invent } from './seed/people.ts'
import { randomOf, type Random } from './seed/random.ts'
import type { SimMail, SimOrder, SimProduct, SimStore, World } from './types.ts'

/** A browser as far as shops need one: it keeps the cookies of one origin and follows redirects. */
class Browser {
  private readonly cookies = new Map<string, string>()
  readonly home: string
  constructor(home: string) {
    this.home = home
  }

  async go(address: string, form?: Record<string, string>): Promise<{ url: string; html: string }> {
    let url = new URL(address, this.home).href
    let body = form ? new URLSearchParams(form).toString() : undefined
    for (let hop = 0; hop < 10; hop++) {
      const answer = await this.send(url, body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
      const next = answer.headers.get('location')
      if (answer.status >= 300 && answer.status < 400 && next) {
        await answer.body?.cancel()
        url = new URL(next, url).href
        body = undefined
        continue
      }
      const html = await answer.text()
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
      return { url, html }
    }
    throw new Error(`${address} redirects without end`)
  }

  async send(address: string, init: { method?: string; body?: string; headers?: Record<string, string> }): Promise<Response> {
    const url = new URL(address, this.home)
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x64) Shopper/1.0', ...init.headers, ...(cookie && url.origin === new URL(this.home).origin ? { cookie } : {}) } })
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split('=')
      if (name && value !== undefined) this.cookies.set(name.trim(), value.trim())
    }
    return answer
  }
}

export interface Newcomer { email: string; firstName?: string; tracking?: boolean }

/**
 * Signs up through the pop-up of the storefront by the same requests as its script: the page, the published form, the sign-up.
 * Throws when the store shows no pop-up, or when the app refuses the sign-up.
 */
export async function signUp(world: World, store: SimStore, person: Newcomer): Promise<z.infer<typeof signupReply>> {
  const browser = new Browser(world.urls.storefront(store.domain))
  const page = await browser.go('/')
  const node = /<div\b[^>]*\bdata-homing-popup\b[^>]*>/.exec(page.html)?.[0]
  if (!node) throw new Error(`${store.name} shows no pop-up: its embed is off`)
  const read = (name: string): string => new RegExp(`data-${name}="([^"]*)"`).exec(node)?.[1] ?? ''
  const asked = await browser.send(`${read('proxy')}/form?kind=popup&locale=${encodeURIComponent(read('locale'))}`, { headers: { accept: 'application/json' } })
  if (!asked.ok) throw new Error(`the pop-up's form was answered with ${asked.status}: ${await asked.text()}`)
  const { form } = publicForm.parse(await asked.json())
  if (!form) throw new Error(`the pop-up of ${store.name} is off`)
  const sent = await browser.send(`${read('proxy')}/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      formId: form.id, version: form.version, email: person.email, firstName: form.askName ? person.firstName : undefined, tracking: person.tracking === true && form.texts.tracking !== '',
      language: form.language, page: page.url, wording: form.texts.consent, gpc: false, website: '', elapsed: 5200,
    }),
  })
  const text = await sent.text()
  if (!sent.ok) throw new Error(`the sign-up of ${person.email} was answered with ${sent.status}: ${text}`)
  const reply = signupReply.parse(JSON.parse(text))
  if (!reply.ok) throw new Error(`the sign-up of ${person.email} was refused: ${reply.message}`)
  return reply
}

export interface Purchase {
  email: string
  product: SimProduct
  /** Where the visit begins: the address at which a link in a mail ended, or a path of the shop. */
  fromUrl?: string | undefined
  firstName?: string
  lastName?: string
  acceptsMarketing?: boolean
}

/** Buys one piece through the pages of the storefront: product, cart, contact, order. Returns the order. Throws when it is sold out. */
export async function buy(world: World, store: SimStore, wanted: Purchase): Promise<SimOrder> {
  const variant = wanted.product.variants.find((one) => one.inventory > 0)
  if (!variant) throw new Error(`${wanted.product.title} is sold out`)
  const browser = new Browser(world.urls.storefront(store.domain))
  if (wanted.fromUrl) await browser.go(wanted.fromUrl.startsWith('/') ? wanted.fromUrl : local(world, wanted.fromUrl))
  await browser.go(`/products/${wanted.product.handle}`)
  await browser.go('/cart/add', { id: String(variant.id), quantity: '1' })
  await browser.go('/checkout', {
    email: wanted.email, first_name: wanted.firstName ?? '', last_name: wanted.lastName ?? '', ...(wanted.acceptsMarketing ? { marketing: 'on' } : {}),
  })
  const done = await browser.go('/checkout/complete', {})
  const token = /\/thank-you\/(\w+)$/.exec(done.url)?.[1]
  const order = [...store.orders.values()].findLast((one) => one.checkoutToken === token)
  if (!token || !order) throw new Error(`the checkout of ${store.name} ended at ${done.url}`)
  return order
}

interface Crowd { on: boolean; random: Random; read: number; busy: boolean }
const crowds = new WeakMap<World, Crowd>()
function crowdOf(world: World): Crowd {
  let crowd = crowds.get(world)
  if (!crowd) crowds.set(world, (crowd = { on: false, random: randomOf(world.seed, 'shoppers'), read: 0, busy: false }))
  return crowd
}

/** Do shoppers come by themselves? Off at first. Mails that lie in the inboxes when they are switched on stay unread. */
export const shoppersOn = (world: World): boolean => crowdOf(world).on
export function switchShoppers(world: World, on: boolean): void {
  const crowd = crowdOf(world)
  if (on && !crowd.on) crowd.read = world.mails.length
  crowd.on = on
}

/**
 * One moment in the life of the imaginary shoppers, when they are switched on: somebody looks around, perhaps signs up or buys, and some
 * of the new mails are read. To be called every few seconds. What goes wrong is written on the wire, not thrown.
 */
export async function tick(world: World): Promise<void> {
  const crowd = crowdOf(world)
  if (!crowd.on || crowd.busy) return
  crowd.busy = true
  try {
    const open = [...world.stores.values()].filter((store) => store.installed && store.status === 'open')
    if (open.length > 0) await visit(world, crowd.random.pick(open), crowd.random)
    for (const mail of world.mails.slice(crowd.read, crowd.read + 12)) {
      crowd.read++
      await readMail(world, mail, crowd.random)
    }
  } finally {
    crowd.busy = false
  }
}

async function visit(world: World, store: SimStore, random: Random): Promise<void> {
  const shelf = [...store.products.values()].filter((product) => product.status === 'ACTIVE' && product.variants.some((variant) => variant.inventory > 0))
  if (shelf.length === 0) return
  const product = random.pick(shelf)
  const what = random.weighted([['look', 5], ['sign up', store.embedOn ? 3 : 0], ['buy', 2]] as const)
  const newcomer = invent(random, random.chance(0.7) ? store.country : null, (email) => store.customersByEmail.has(email))
  const known = [...store.customersByEmail.keys()]
  const email = what === 'buy' && known.length > 0 && random.chance(0.6) ? random.pick(known) : newcomer.email!
  await attempt(world, store, `A shopper at ${store.name}: ${what}`, async () => {
    if (what === 'sign up') return void (await signUp(world, store, { email, firstName: newcomer.firstName ?? '', tracking: random.chance(0.6) }))
    if (what === 'buy') return void (await buy(world, store, { email, product, firstName: newcomer.firstName ?? '', lastName: newcomer.lastName ?? '', acceptsMarketing: random.chance(0.3) }))
    const browser = new Browser(world.urls.storefront(store.domain))
    for (const page of ['/', `/collections/${product.collections[0] ?? 'all'}`, `/products/${product.handle}`]) await browser.go(page)
  }, what === 'look' ? product.title : email)
}

/** Most people confirm what they asked for; of the other mails about half are opened, some clicked, and a few clicks end in an order. */
async function readMail(world: World, mail: SimMail, random: Random): Promise<void> {
  if (cameBack(mail)) return
  const links = linksOf(mail)
  const confirm = links.find((link) => /\/confirm\//.test(link.url))
  if (confirm) {
    if (random.chance(0.8)) await attempt(world, null, `${mail.to} confirms the sign-up`, async () => void (await pressButton(world, await walk(world, confirm.url))), mail.subject)
    return
  }
  if (!random.chance(0.5)) return
  await attempt(world, null, `${mail.to} reads "${mail.subject}"`, async () => {
    await openMail(world, mail, { as: random.weighted([['human', 6], ['gmail', 3], ['proxy', 3], ['scanner', 1]] as const) })
    if (random.chance(0.01)) return void (await unsubscribe(world, mail, 'page'))
    if (!random.chance(0.22)) return
    const link = links.find((one) => one.url.includes('/c/')) ?? links[0]
    if (!link) return
    const landing = await clickLink(world, mail, link.url)
    const store = [...world.stores.values()].find((one) => landing.startsWith(world.urls.storefront(one.domain)))
    const shelf = store ? [...store.products.values()].filter((product) => product.status === 'ACTIVE' && product.variants.some((variant) => variant.inventory > 0)) : []
    if (store && shelf.length > 0 && random.chance(0.35)) await buy(world, store, { email: mail.to, product: random.pick(shelf), fromUrl: landing })
  }, mail.subject)
}

async function attempt(world: World, store: SimStore | null, title: string, act: () => Promise<void>, detail: string): Promise<void> {
  try {
    await act()
    world.wire.add({ kind: 'shopper', shop: store?.domain ?? null, title, detail, status: null, ms: null })
  } catch (fault) {
    world.wire.add({ kind: 'shopper', shop: store?.domain ?? null, title: `${title}: it did not work`, detail: fault instanceof Error ? fault.message : String(fault), status: 500, ms: null })
  }
}
