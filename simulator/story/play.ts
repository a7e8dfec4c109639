import type { z } from 'zod'
import type { campaignView, ComparisonView, rehearsal } from '../../app/campaigns/contract.ts'
import type { DomainView } from '../../app/domains/contract.ts'
import type { formList } from '../../app/forms/contract.ts'
import type { CampaignReport } from '../../app/reports/contract.ts'
import type { SettingsView } from '../../app/shops/contract.ts'
import type { SubscriberCounts } from '../../app/subscribers/contract.ts'
import type { ProductPick, StarterTemplate } from '../../app/templates/contract.ts'
import { HOUR, MINUTE } from '../../app/lib/clock.ts'
import { setConsent } from '../actions/index.ts'
import { signUp } from '../shoppers.ts'
import type { Simulation } from '../servers.ts'
import type { SimOrder, SimStore } from '../types.ts'
import { adminClient, installApp } from './admin-client.ts'
import { setUpDomain } from './domain.ts'
import { customerOf, happened, newcomers, readAndBuy } from './people.ts'
import { addsUp, sendAgain } from './second.ts'

export interface StoryResult {
  ok: boolean
  shop: string
  customers_synced: number
  products_synced: number
  orders_synced: number
  signups: number
  audience: number
  skipped: number
  accepted: number
  delivered: number
  opened_human: number
  clicked_human: number
  unsubscribed: number
  orders_attributed: number
  revenue_attributed: number
  seconds: number
}
export interface StoryStep {
  name: string
  held: boolean
  detail: string
}

/**
 * Plays the main job of Homing through its public surfaces: the host page, the admin's API with session tokens, the
 * storefront, webhooks and the mailbox. Each figure of the app is held against the pretend world's own truth.
 * @param told hears of each step as it ends.
 */
export async function playStory(simulation: Simulation, told: (step: StoryStep) => void): Promise<StoryResult> {
  const { world } = simulation
  const store = [...world.stores.values()][0]!
  const admin = adminClient(world, store)
  const started = Date.now()
  let ok = true
  const step = (name: string, held: boolean, detail: string): void => {
    ok &&= held
    told({ name, held, detail })
  }
  const equal = (name: string, ours: number, truth: number, what: string): void => step(name, ours === truth, ours === truth ? `${ours} ${what}` : `the app says ${ours} ${what}, the world says ${truth}`)

  const finished = async (id: string): Promise<void> => {
    await waitFor(() => admin.get<z.infer<typeof campaignView>>(`/api/campaigns/${id}`), (c) => ['sent', 'failed', 'paused', 'cancelled'].includes(c.status), 600)
    await simulation.tick()
  }

  // Install, and wait until the store has been read.
  await installApp(world, store)
  const settings = await waitFor(() => admin.get<SettingsView>('/api/settings'), (s) => s.syncs.length >= 4 && s.syncs.every((sync) => sync.state === 'done' || sync.state === 'failed'), 300)
  const synced = (kind: string): number => settings.syncs.find((sync) => sync.kind === kind)?.done ?? -1
  const seen = visibleOrders(world.clock.now(), store)
  equal('customers are synced', synced('customers'), store.customers.size, 'customers')
  equal('products are synced', synced('products'), store.products.size, 'products')
  equal('orders are synced', synced('orders'), seen.length, settings.orderHistory === 'all' ? 'orders, all there are' : 'orders of the last 60 days')
  const before = await admin.get<SubscriberCounts>('/api/subscribers/counts')
  const addresses = new Set([...store.customers.values()].flatMap((c) => (c.email ? [c.email.trim().toLowerCase()] : [])).concat(seen.flatMap((o) => (o.email ? [o.email.trim().toLowerCase()] : []))))
  equal('each address is one person', before.everybody.people, addresses.size, 'people')

  // The owner says who sends, and that the store's records are honest.
  const { shop, senderReady: _, recordsAttestedAt: _a, unattestedRecords, mailProvider: _m, orderHistory: _o, syncs: _s, ...input } = settings
  const ready = await admin.put<SettingsView>('/api/settings', {
    ...input, senderName: shop.name, senderEmail: shop.email ?? store.email, replyTo: '', postalAddress: `${store.address.address1}, ${store.address.zip} ${store.address.city}`, attestRecords: true, doubleOptIn: true,
  })
  step('the sender is complete and records are attested', ready.senderReady && ready.unattestedRecords === 0, `${unattestedRecords} people of the store’s records may now be mailed`)
  // The domain is set up as its page asks for it; it has sent newsletters before, so nothing is spread over days.
  const blocked = await admin.get<DomainView>('/api/domain')
  await setUpDomain(world, store)
  await simulation.tick()
  const vouched = await admin.get<DomainView>('/api/domain')
  step('the sending domain is set up and verified', blocked.state === 'none' && vouched.state === 'verified', vouched.state === 'verified' ? `${vouched.records.length} records are set for ${vouched.domain}` : `${vouched.sentence} ${vouched.findings.filter((one) => one.level !== 'ok').map((one) => one.words).join(' ')}`)
  const counted = await admin.get<SubscriberCounts>('/api/subscribers/counts')
  const mayBeMailed = [...store.customers.values()].filter((c) => c.email && c.marketing.state === 'SUBSCRIBED').length
  equal('who may be mailed agrees with the store', counted.mailable.people, mayBeMailed, 'people may be mailed')

  // Shoppers sign up and confirm.
  const { forms } = await admin.get<z.infer<typeof formList>>('/api/forms')
  const popup = forms.find((form) => form.kind === 'popup')!
  await admin.put(`/api/forms/${popup.id}`, { name: popup.name, status: 'on', settings: popup.settings, version: popup.version })
  store.embedOn = true
  for (const person of newcomers) await signUp(world, store, person)
  await simulation.tick()
  let confirmed = 0
  for (const person of newcomers) {
    const mail = world.mails.find((m) => m.to.toLowerCase() === person.email.toLowerCase())
    const link = mail && /https?:\/\/[^\s"<>]+\/confirm\/[\w.-]+/.exec(mail.html)?.[0]
    if (!link) throw new Error(`${person.firstName} got no mail to confirm the sign-up`)
    await fetch(link) // a scanner, or a look: changes nothing
    if (!person.confirms) continue
    const answer = await fetch(link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: person.tracking ? 'tracking=on' : '' })
    if (answer.ok) confirmed++
  }
  await simulation.tick()
  const joined = await admin.get<SubscriberCounts>('/api/subscribers/counts')
  equal('sign-ups count after they are confirmed', joined.mailable.people - counted.mailable.people, confirmed, `of ${newcomers.length} sign-ups are confirmed`)
  const written = newcomers.filter((p) => customerOf(store, p.email)?.marketing.state === (p.confirms ? 'SUBSCRIBED' : 'PENDING')).length
  equal('consent is written back to the store', written, newcomers.length, 'customers of the store agree with the ledger')

  // Compose, rehearse, send.
  const { templates } = await admin.get<{ templates: StarterTemplate[] }>('/api/templates')
  const template = templates.find((t) => t.content.blocks.some((block) => block.type === 'products')) ?? templates[0]!
  const campaign = await admin.post<z.infer<typeof campaignView>>('/api/campaigns', { name: 'The story’s first campaign', templateId: template.id })
  const wanted = [...store.products.values()].filter((p) => p.status === 'ACTIVE' && p.variants.some((v) => v.inventory > 0 && v.price > 0)).slice(0, 4) // as the template's words say
  const { products } = await admin.get<{ products: ProductPick[] }>(`/api/products?ids=${wanted.map((p) => p.id).join(',')}`)
  await admin.put<z.infer<typeof campaignView>>(`/api/campaigns/${campaign.id}`, {
    version: campaign.version, name: campaign.name, subject: 'Something new, {{ subscriber.first_name | default: "friend" }}', preheader: 'Four things that we like this week', audience: { kind: 'everyone' },
    content: { blocks: campaign.content.blocks.map((block) => (block.type === 'products' ? { ...block, picks: products } : block)) },
  })
  const plan = await admin.get<z.infer<typeof rehearsal>>(`/api/campaigns/${campaign.id}/rehearsal`)
  step('the rehearsal names everybody', plan.canSend && plan.included + plan.excluded === plan.everybody && plan.included === joined.mailable.people, `${plan.included} will get it, ${plan.excluded} will not${plan.canSend ? '' : `; ${plan.checks.filter((c) => c.level === 'error').map((c) => c.message).join(' ')}`}`)
  // While the owner thinks it over, somebody leaves in the store itself.
  const gone = [...store.customers.values()].find((c) => c.email && c.marketing.state === 'SUBSCRIBED' && !newcomers.some((one) => one.email.toLowerCase() === c.email!.toLowerCase()))!
  setConsent(world, store, gone.id, 'UNSUBSCRIBED', gone.marketing.level, world.clock.now())
  await simulation.tick()
  const earlier = world.mails.length
  await admin.post(`/api/campaigns/${campaign.id}/send`)
  await finished(campaign.id)
  const mails = world.mails.slice(earlier).filter((m) => m.subject.startsWith('Something new'))
  const report = (): Promise<CampaignReport> => admin.get<CampaignReport>(`/api/campaigns/${campaign.id}/report`)
  const sent = await report()
  equal('everybody in the audience was sent one mail', sent.accepted, mails.length, 'mails were accepted')
  equal('nobody got two', new Set(mails.map((m) => m.to.toLowerCase())).size, mails.length, 'different people')
  const compared = await admin.get<ComparisonView>(`/api/campaigns/${campaign.id}/comparison`)
  step('the rehearsal was exact, but for who left since', addsUp(compared, plan, mails.length) && compared.differences.length === 1 && compared.differences[0]!.sample[0]?.email === gone.email, compared.sentence)
  const missing = mails.filter((m) => !m.headers['List-Unsubscribe']?.startsWith('<http') || !m.html.includes(store.address.address1) || !m.text.includes('/u/')).length
  equal('each mail has the footer and one-click unsubscribing', missing, 0, 'mails without')

  // Three hours later people read, machines prefetch, some click and buy, some leave.
  world.clock.jump(3 * HOUR)
  await simulation.tick()
  const acts = await readAndBuy(simulation, store, mails)
  await simulation.tick()
  world.clock.jump(10 * MINUTE)
  await simulation.tick()
  const final = await report()
  equal('delivered mails are told by signed events', final.delivered, mails.filter((m) => happened(m, 'delivered')).length, 'delivered')
  const bounced = mails.filter((m) => happened(m, 'bounce')).map((m) => m.to)
  const complained = mails.filter((m) => happened(m, 'spamreport')).map((m) => m.to)
  equal('bounces too', final.bounced, bounced.length, 'bounced')
  equal('and complaints', final.complained, complained.length, 'complained')
  equal('humans who opened', final.opened.human, acts.opened, 'people opened')
  equal('humans who clicked', final.clicked.human, acts.clicked, 'people clicked')
  step('machines are told apart', final.opened.machine + final.opened.unknown >= acts.machines, `${final.opened.machine} opened by machines only, ${final.opened.unknown} unknown`)
  equal('who left is counted', final.unsubscribed, acts.leavers.length, 'unsubscribed')
  equal('orders after a click', final.orders, acts.orders.length, 'orders')
  equal('their value', final.revenue, acts.orders.reduce((sum, order) => sum + order.total, 0), `in ${store.currency}, minor units`)
  const left = [...acts.leavers, ...complained]
  equal('the store knows who left', left.filter((email) => customerOf(store, email)?.marketing.state === 'UNSUBSCRIBED').length, left.length, 'customers of the store are unsubscribed')
  await sendAgain({ simulation, admin, step, equal, finished }, { campaignId: campaign.id, plan, left: { unsubscribed: [...acts.leavers, gone.email!], bounced, complained } })

  return {
    ok, shop: store.name, customers_synced: synced('customers'), products_synced: synced('products'), orders_synced: synced('orders'), signups: confirmed, audience: final.audience,
    skipped: final.progress.excluded, accepted: final.accepted, delivered: final.delivered, opened_human: final.opened.human, clicked_human: final.clicked.human, unsubscribed: final.unsubscribed,
    orders_attributed: final.orders, revenue_attributed: final.revenue / 100, seconds: Math.round((Date.now() - started) / 100) / 10,
  }
}

/** What the platform shows an app: 60 days, or everything when the owner granted it. */
function visibleOrders(now: Date, store: SimStore): SimOrder[] {
  const all = [...store.orders.values()]
  return store.optionalScopes.has('read_all_orders') ? all : all.filter((order) => order.createdAt.getTime() >= now.getTime() - 60 * 24 * HOUR)
}

async function waitFor<T>(ask: () => Promise<T>, done: (value: T) => boolean, seconds: number): Promise<T> {
  const until = Date.now() + seconds * 1000
  for (;;) {
    const value = await ask()
    if (done(value)) return value
    if (Date.now() > until) throw new Error(`waited ${seconds} seconds in vain; last answer ${JSON.stringify(value).slice(0, 600)}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
