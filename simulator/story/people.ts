import { MINUTE } from '../../app/lib/clock.ts'
import { clickLink, openMail, unsubscribe } from '../mail/mailbox.ts'
import { buy } from '../shoppers.ts'
import type { Simulation } from '../servers.ts'
import type { SimCustomer, SimMail, SimOrder, SimStore } from '../types.ts'

/** Who signs up in the story. The capital letters are meant: an address is one person however it is written. */
export const newcomers = [
  { email: 'wren.abbott@shopper.example', firstName: 'Wren', tracking: true, confirms: true },
  { email: 'Ife.Okafor@shopper.example', firstName: 'Ifẹ', tracking: true, confirms: true },
  { email: 'jonas.brandt@shopper.example', firstName: 'Jonas', tracking: true, confirms: true },
  { email: 'mireille@shopper.example', firstName: 'Mireille', tracking: false, confirms: true },
  { email: 'never.confirms@shopper.example', firstName: 'Nev', tracking: true, confirms: false },
]

export interface Acts { opened: number; clicked: number; machines: number; leavers: string[]; orders: SimOrder[] }

/** What people and machines do with the mails, and what truly came of it. Only mails with a pixel can tell of being opened. */
export async function readAndBuy(simulation: Simulation, store: SimStore, mails: SimMail[]): Promise<Acts> {
  const { world } = simulation
  const sure = mails.filter((m) => newcomers.some((p) => p.confirms && p.email.toLowerCase() === m.to.toLowerCase()))
  const arrived = mails.filter((m) => happened(m, 'delivered') && !happened(m, 'spamreport'))
  const tracked = [...new Set([...sure.filter(hasPixel), ...arrived.filter(hasPixel)])]
  const plain = arrived.filter((m) => !hasPixel(m) && !sure.includes(m))
  const readers = tracked.slice(0, 24)
  for (const mail of readers) await openMail(world, mail, { as: 'human' })
  const machines = tracked.slice(24, 30)
  for (const mail of machines.slice(0, 3)) await openMail(world, mail, { as: 'proxy' })
  for (const mail of machines.slice(3)) await openMail(world, mail, { as: 'scanner' })
  for (const mail of plain.slice(0, 5)) await openMail(world, mail, { as: 'human' }) // they did not agree to be counted, and are not
  const clickers = readers.slice(0, Math.min(9, Math.ceil(readers.length / 2)))
  const others = readers.slice(clickers.length)
  const landings = new Map<SimMail, string>()
  for (const mail of clickers) landings.set(mail, await clickLink(world, mail, shopLink(mail)))
  await simulation.tick() // they look around before they buy; by then their click is in the log
  world.clock.jump(20 * MINUTE)
  const orders: SimOrder[] = []
  const products = [...store.products.values()].filter((p) => p.status === 'ACTIVE' && p.variants.some((v) => v.inventory > 3 && v.price >= 500))
  for (const [i, mail] of clickers.slice(0, 4).entries()) orders.push(await buy(world, store, { email: mail.to, product: products[i % products.length]!, fromUrl: landings.get(mail) }))
  // Somebody buys without having clicked: an order, but none of ours.
  const other = others.at(-1)
  if (other) await buy(world, store, { email: other.to, product: products[0]! })
  await simulation.tick()
  const leavers = [...others, ...plain].slice(0, 2)
  for (const [i, mail] of leavers.entries()) await unsubscribe(world, mail, i === 0 ? 'one-click' : 'page')
  await simulation.tick()
  return { opened: readers.length, clicked: clickers.length, machines: machines.length, leavers: leavers.map((m) => m.to), orders }
}

const hasPixel = (mail: SimMail): boolean => /\/o\/[\w.-]+/.test(mail.html)
const shopLink = (mail: SimMail): string => /https?:\/\/[^\s"<>]+\/c\/[\w.-]+\/\d+/.exec(mail.html)?.[0] ?? ''
/** Did this become of the mail, by the provider's own truth? */
export const happened = (mail: SimMail, kind: string): boolean => mail.events.some((event) => event.kind === kind)

export const customerOf = (store: SimStore, email: string): SimCustomer | undefined => {
  const id = store.customersByEmail.get(email.toLowerCase())
  return id === undefined ? undefined : store.customers.get(id)
}
