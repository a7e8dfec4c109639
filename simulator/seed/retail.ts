import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import type { SimCustomer, SimLine, SimOrder, SimStore, World } from '../types.ts'
import { createStore } from '../world.ts'
import { addCustomer, giveFates, invent, inventConsent } from './people.ts'
import { shelve, Titles } from './retail-products.ts'
import { isoOf } from './retail-countries.ts'
import { randomOf } from './random.ts'

const DAY = 86_400_000

const columns = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'] as const
interface Row { InvoiceNo: string; StockCode: string; Description: string; Quantity: number; InvoiceDate: Date; UnitPrice: number; CustomerID: string; Country: string }

export interface RetailSummary {
  lines: number
  invoices: number
  /** Sales with at least one line: what the store has as orders. */
  orders: number
  guestOrders: number
  customers: number
  products: number
  /** Sale lines without a product: postage, fees, gift vouchers, corrections by hand. */
  linesWithoutProduct: number
  zeroPriceLines: number
  /** Lines of cancellations: `matched` became refunds of earlier orders, `partly` only with some of their pieces, `unmatched` found nothing. */
  returns: { lines: number; matched: number; partly: number; unmatched: number }
  unmatchedReturns: number
  /** Orders of which every piece came back. */
  cancelledOrders: number
  /** Lines with negative quantity that are no cancellation: damaged, lost, counted again. They lower the stock and sell nothing. */
  stockLines: number
  /** Corrections of the books (invoices that begin with A): no sale, not in the store. */
  bookLines: number
  /** Prices with fractions of a penny, rounded. */
  roundedPrices: number
  /** Days by which every date was moved. */
  shiftDays: number
  seconds: number
}

/**
 * Builds a store from a year of real transactions (columns: see `columns`; gzip or plain CSV).
 *
 * Rules, so that every line is used and none is dropped in silence:
 * - An invoice is an order, each of its lines a line of the order; without a CustomerID it is a guest's. Zero prices stay.
 * - Codes that begin with five digits are products (upper and lower case are one); lines of other codes have no product.
 * - A cancellation (C…) goes back, piece by piece, to the same customer's earlier lines of the same code, the newest first, as a
 *   refund of the price that was paid there; an order of which all came back counts as cancelled. What finds no earlier line is counted.
 * - Negative quantities outside cancellations lower the stock; corrections of the books (A…) are counted only.
 * - All dates move by the same whole number of days, so that the last one is yesterday on the world's clock.
 * - Names and addresses (.example) are invented from the customer's number; consent is drawn by the seed.
 *
 * The store grants `read_all_orders`, so that the app may see orders older than 60 days.
 */
export async function seedRetail(world: World, file: string): Promise<RetailSummary & { store: SimStore }> {
  const started = performance.now()
  const store = createStore(world, {
    domain: 'harbour-gifts.myshopify.com', name: 'Harbour Gifts', ownerName: 'Ada Larkin', email: 'ada@harbour-gifts.example', currency: 'GBP', timezone: 'Europe/London',
    locale: 'en', country: 'GB', address: { address1: '8 Quay Street', city: 'Bristol', zip: 'BS1 4DJ', phone: '+44 117 555 0108' },
    tagline: 'Small things that make a table, a shelf or a Tuesday.', theme: { background: '#fffdf9', text: '#22262b', accent: '#7a3b4f', font: 'Inter' },
    optionalScopes: new Set(['read_all_orders']),
  })
  const book = new Book(store, world.seed)
  try {
    for await (const record of read(file)) book.enter(record)
    if (store.orders.size === 0) throw new Error('it holds no orders')
  } catch (error) {
    throw new Error(`${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  const shiftDays = book.close(world.clock.now())
  return { ...book.summary(), shiftDays, seconds: Math.round(performance.now() - started) / 1000, store }
}

/** Hands over one line after the other, checked. Throws, naming the line of the file, at the first that is not as `columns` say. */
async function* read(file: string): AsyncGenerator<Row> {
  const source = createReadStream(file)
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  const parser = text.pipe(parse({ columns: false, skip_empty_lines: true }))
  // A pipe passes data on, but not faults.
  for (const stream of [source, text]) stream.on('error', (fault: Error) => parser.destroy(fault))
  let places: number[] | null = null
  let line = 0
  let when = { text: '', date: new Date(0) }
  for await (const found of parser) {
    const record = found as string[]
    line++
    if (!places) {
      places = columns.map((name) => record.indexOf(name))
      const missing = columns.filter((_, n) => places![n] === -1)
      if (missing.length > 0) throw new Error(`the file has no column ${missing.join(', ')}`)
      continue
    }
    const [invoice = '', code = '', description = '', quantity = '', date = '', price = '', customer = '', country = ''] = places.map((at) => record[at])
    if (date !== when.text) when = { text: date, date: new Date(date) } // the lines of an invoice stand together
    const row: Row = {
      InvoiceNo: invoice, StockCode: code, Description: description, Quantity: Number(quantity), InvoiceDate: when.date, UnitPrice: Number(price), CustomerID: customer, Country: country,
    }
    const wrong = !invoice ? 'no InvoiceNo' : !code ? 'no StockCode' : quantity === '' || !Number.isSafeInteger(row.Quantity) ? 'Quantity is no whole number'
      : price === '' || !Number.isFinite(row.UnitPrice) ? 'UnitPrice is no number' : Number.isNaN(when.date.getTime()) ? 'InvoiceDate is no time' : null
    if (wrong) throw new Error(`line ${line}: ${wrong}`)
    yield row
  }
}

interface Bought { order: SimOrder; line: SimLine; left: number }

/** Takes the lines one after the other, as they stand in the file: invoices together, in the order of time. */
class Book {
  private readonly store: SimStore
  private readonly seed: number
  private readonly orders = new Map<string, SimOrder>()
  private readonly people = new Map<string, SimCustomer>()
  /** customer + code -> what was bought and has not come back, oldest first */
  private readonly bought = new Map<string, Bought[]>()
  private readonly titles = new Titles()
  private readonly lines: { line: SimLine; code: string }[] = []
  private readonly invoices = new Set<string>()
  private readonly count = { lines: 0, linesWithoutProduct: 0, zeroPriceLines: 0, stockLines: 0, bookLines: 0, roundedPrices: 0, matched: 0, partly: 0, unmatched: 0 }
  private readonly damaged = new Map<string, number>()

  constructor(store: SimStore, seed: number) {
    this.store = store
    this.seed = seed
  }

  enter(row: Row): void {
    this.count.lines++
    this.invoices.add(row.InvoiceNo)
    const code = row.StockCode.trim().toUpperCase()
    this.titles.saw(code, row.Description, row.UnitPrice, row.InvoiceDate)
    if (row.InvoiceNo.startsWith('C')) return this.takeBack(row, code)
    if (row.InvoiceNo.startsWith('A') || row.UnitPrice < 0) return void this.count.bookLines++
    if (row.Quantity < 0) {
      this.count.stockLines++
      this.damaged.set(code, (this.damaged.get(code) ?? 0) - row.Quantity)
      return
    }
    this.sell(row, code)
  }

  private sell(row: Row, code: string): void {
    const pence = row.UnitPrice * 100
    const price = Math.round(pence)
    if (Math.abs(pence - price) > 1e-6) this.count.roundedPrices++
    if (row.UnitPrice === 0) this.count.zeroPriceLines++
    const order = this.orders.get(row.InvoiceNo) ?? this.open(row)
    const line: SimLine = { id: this.store.nextId++, productId: null, variantId: null, title: '', sku: code, quantity: row.Quantity, price }
    order.lines.push(line)
    order.total += price * row.Quantity
    this.lines.push({ line, code })
    if (order.customerId === null) return
    const key = `${row.CustomerID}|${code}`
    const list = this.bought.get(key)
    const entry = { order, line, left: row.Quantity }
    if (list) list.push(entry)
    else this.bought.set(key, [entry])
  }

  private open(row: Row): SimOrder {
    const customer = row.CustomerID ? this.person(row) : null
    const at = row.InvoiceDate
    const order: SimOrder = {
      id: this.store.nextId++, name: `#${row.InvoiceNo}`, customerId: customer?.id ?? null, email: customer?.email ?? null, lines: [], total: 0, currency: 'GBP', test: false,
      cancelledAt: null, processedAt: at, createdAt: at, updatedAt: at, checkoutToken: `c${row.InvoiceNo}`, cartToken: `k${row.InvoiceNo}`, landingSite: null, acceptsMarketing: false,
    }
    this.orders.set(row.InvoiceNo, order)
    this.store.orders.set(order.id, order)
    return order
  }

  private person(row: Row): SimCustomer {
    const country = isoOf(row.Country)
    const known = this.people.get(row.CustomerID)
    if (known) {
      known.country = country ?? known.country // eight people bought from two countries: the later one counts
      return known
    }
    const random = randomOf(this.seed, `customer ${row.CustomerID}`)
    const customer = addCustomer(this.store, {
      ...invent(random, country, (email) => this.store.customersByEmail.has(email)),
      country, tags: [], state: 'DISABLED', marketing: { state: 'NOT_SUBSCRIBED', level: 'SINGLE_OPT_IN', updatedAt: null }, createdAt: row.InvoiceDate, updatedAt: row.InvoiceDate,
    })
    this.people.set(row.CustomerID, customer)
    return customer
  }

  /** The newest purchase first: that is the one people bring back. */
  private takeBack(row: Row, code: string): void {
    // Somebody whose only line is a return bought before the file begins: a customer all the same.
    if (row.CustomerID) this.person(row)
    let open = -row.Quantity
    const list = row.CustomerID ? (this.bought.get(`${row.CustomerID}|${code}`) ?? []) : []
    for (let i = list.length - 1; i >= 0 && open > 0; i--) {
      const entry = list[i]!
      const taken = Math.min(open, entry.left)
      if (taken === 0) continue
      entry.left -= taken
      open -= taken
      entry.order.refunded = (entry.order.refunded ?? 0) + taken * entry.line.price
      entry.order.updatedAt = row.InvoiceDate
      this.returned.set(entry.order, (this.returned.get(entry.order) ?? 0) + taken)
    }
    if (open === 0) this.count.matched++
    else if (open < -row.Quantity) this.count.partly++
    else this.count.unmatched++
  }
  private readonly returned = new Map<SimOrder, number>()

  /** Names the products, marks what came back as a whole, moves the dates, draws consent. Returns the days of the move. */
  close(now: Date): number {
    this.count.linesWithoutProduct = shelve(this.store, this.titles, this.lines, this.damaged)
    for (const [order, pieces] of this.returned) {
      if (pieces === order.lines.reduce((sum, line) => sum + line.quantity, 0)) order.cancelledAt = order.updatedAt
    }
    const last = this.titles.last
    const midnight = (at: Date): number => Math.floor(at.getTime() / DAY) * DAY
    const shift = last ? midnight(now) - DAY - midnight(last) : 0
    for (const thing of [...this.store.orders.values(), ...this.store.products.values(), ...this.store.customers.values()]) move(thing, shift)
    const until = new Date(midnight(now))
    for (const customer of this.store.customers.values()) {
      const random = randomOf(this.seed, `consent ${customer.id}`)
      customer.marketing = inventConsent(random, customer.createdAt, until)
      customer.updatedAt = customer.marketing.updatedAt ?? customer.createdAt
    }
    giveFates(this.store, randomOf(this.seed, 'fates'))
    for (const order of this.store.orders.values()) if (order.customerId !== null) order.email = this.store.customers.get(order.customerId)!.email
    this.store.nextOrderNumber = 600_001
    return Math.round(shift / DAY)
  }

  summary(): Omit<RetailSummary, 'shiftDays' | 'seconds'> {
    const { matched, partly, unmatched, ...count } = this.count
    const orders = [...this.store.orders.values()]
    return {
      ...count,
      invoices: this.invoices.size,
      orders: orders.length,
      guestOrders: orders.filter((order) => order.customerId === null).length,
      customers: this.store.customers.size,
      products: this.store.products.size,
      returns: { lines: matched + partly + unmatched, matched, partly, unmatched },
      unmatchedReturns: unmatched,
      cancelledOrders: orders.filter((order) => order.cancelledAt).length,
    }
  }
}

function move(thing: SimOrder | { createdAt: Date; updatedAt: Date }, by: number): void {
  const moved = new Map<Date, Date>()
  const to = (at: Date): Date => moved.get(at) ?? moved.set(at, new Date(at.getTime() + by)).get(at)!
  thing.createdAt = to(thing.createdAt)
  thing.updatedAt = to(thing.updatedAt)
  if ('processedAt' in thing) {
    thing.processedAt = to(thing.processedAt)
    if (thing.cancelledAt) thing.cancelledAt = to(thing.cancelledAt)
  }
}
