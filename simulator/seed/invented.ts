import type { SimCheckout, SimProduct, SimStore, World } from '../types.ts'
import { saveSegments } from '../platform/taught/segments.ts'
import { createStore } from '../world.ts'
import { stock, type Shelf } from './catalogue.ts'
import { inventOrders, inventPeople } from './history.ts'
import { giveFates } from './people.ts'
import { hashOf, randomOf } from './random.ts'
import { fernAndFig, heronPapier, kilnAndKettle } from './shelves.ts'

const DAY = 86_400_000
const MONTHS = 730 // days: 24 months

type Plan = Pick<SimStore, 'domain' | 'name'> & Partial<SimStore> & { shelves: Shelf[]; people: number; sold: number; from: readonly (readonly [string, number])[] }

/**
 * Three invented stores, all from the world's seed: Ada's "Fern & Fig" (plants, Portland), Cleo's "Kiln & Kettle" (ceramics, Berlin, in German)
 * and "Héron Papier" (stationery, Lyon, in French). History reaches 24 months back and ends at the last midnight (UTC) of the world's clock,
 * so the same seed on the same day gives the same stores. All addresses are under .example; pictures are drawn when asked for.
 */
export function seedInvented(world: World): { fern: SimStore; kiln: SimStore; heron: SimStore } {
  const until = new Date(Math.floor(world.clock.now().getTime() / DAY) * DAY)
  return {
    fern: build(world, until, {
      domain: 'fern-and-fig.myshopify.com', name: 'Fern & Fig', ownerName: 'Ada Larkin', email: 'ada@fern-and-fig.example', currency: 'USD', timezone: 'America/Los_Angeles',
      locale: 'en', country: 'US', address: { address1: '1418 SE Alder Street', city: 'Portland', zip: '97214', phone: '+1 503 555 0142' },
      tagline: 'Plants and pots for rooms with a window.', theme: { background: '#fbfaf5', text: '#22302a', accent: '#2f5d46', font: 'Inter' },
      shelves: fernAndFig, people: 2000, sold: 4200,
      from: [['US', 58], ['CA', 9], ['GB', 6], ['DE', 6], ['FR', 4], ['ES', 2], ['PL', 2], ['UA', 2], ['GR', 1], ['IL', 1], ['LB', 1], ['JP', 2], ['CN', 2], ['KR', 1], ['IN', 2], ['AU', 2], ['BR', 1], ['TR', 1]],
    }),
    kiln: build(world, until, {
      domain: 'kiln-and-kettle.myshopify.com', name: 'Kiln & Kettle', ownerName: 'Cleo Brandt', email: 'cleo@kiln-and-kettle.example', currency: 'EUR', timezone: 'Europe/Berlin',
      locale: 'de', country: 'DE', address: { address1: 'Oderberger Straße 9', city: 'Berlin', zip: '10435', phone: '+49 30 5550134' },
      tagline: 'Keramik für den Alltag, in Berlin gedreht.', theme: { background: '#f6f1ec', text: '#2c2724', accent: '#8c4a2f', font: 'Georgia' },
      shelves: kilnAndKettle, people: 240, sold: 520, from: [['DE', 78], ['AT', 9], ['CH', 6], ['FR', 4], ['PL', 3]],
    }),
    heron: build(world, until, {
      domain: 'heron-papier.myshopify.com', name: 'Héron Papier', ownerName: 'Inès Girard', email: 'bonjour@heron-papier.example', currency: 'EUR', timezone: 'Europe/Paris',
      locale: 'fr', country: 'FR', address: { address1: '27 rue des Capucins', city: 'Lyon', zip: '69001', phone: '+33 4 55 55 01 27' },
      tagline: 'Du papier qui donne envie d’écrire.', theme: { background: '#ffffff', text: '#1d2433', accent: '#2b4a8b', font: 'Inter' },
      shelves: heronPapier, people: 120, sold: 260, from: [['FR', 82], ['BE', 9], ['CH', 5], ['DE', 4]],
    }),
  }
}

function build(world: World, until: Date, { shelves, people, sold, from, ...facts }: Plan): SimStore {
  const store = createStore(world, facts)
  stock(store, world.seed, shelves, until)
  inventPeople(store, randomOf(world.seed, `${store.domain} people`), { count: people, days: MONTHS, until, countries: from })
  giveFates(store, randomOf(world.seed, `${store.domain} fates`))
  inventOrders(store, randomOf(world.seed, `${store.domain} orders`), { count: sold, days: MONTHS, until })
  leaveCarts(store, world.seed, until)
  saveSegments(store, new Date(until.getTime() - MONTHS * DAY))
  return store
}

/** Some people came as far as the checkout in the last days and went away again. */
function leaveCarts(store: SimStore, seed: number, until: Date): void {
  const random = randomOf(seed, `${store.domain} carts`)
  const people = [...store.customers.values()].filter((customer) => customer.email)
  const shelf: SimProduct[] = [...store.products.values()].filter((product) => product.status === 'ACTIVE')
  for (let n = 0; n < Math.ceil(people.length / 100); n++) {
    const customer = random.pick(people)
    const product = random.pick(shelf)
    const token = `left${hashOf(`${store.domain}:${n}`).toString(16)}`
    const checkout: SimCheckout = {
      id: store.nextId++,
      token,
      cartToken: `k${token}`,
      email: customer.email,
      lines: [{ productId: product.id, variantId: product.variants[0]!.id, quantity: 1 }],
      acceptsMarketing: false,
      createdAt: new Date(until.getTime() - random.int(1, 6 * 24) * 3_600_000),
      completedAt: null,
    }
    store.checkouts.set(token, checkout)
  }
}
