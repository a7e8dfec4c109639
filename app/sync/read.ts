import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { storeProducts, storeVariants } from '../catalogue/store-products.ts'
import { deleteUnseen, markSeen } from '../catalogue/unseen.ts'
import { consentEntries, events, orderLines, orders, products, subscribers, subscriberTags, syncs, variants } from '../db/schema.ts'
import { tablesHaveGrown, tablesWereFilled } from '../db/statistics.ts'
import { storeCustomers } from '../events/apply.ts'
import { storeOrderLines, storeOrders } from '../events/orders.ts'
import { GiveUp } from '../jobs/queue.ts'
import { describeFault } from '../jobs/retry.ts'
import type { BulkItem, BulkKind } from '../platforms/platform.ts'
import { updateShop } from '../shops/installed.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import { readSoon, type SyncKind } from './start.ts'

type Sync = typeof syncs.$inferSelect

const look = 3_000 // milliseconds between looks at a reading that the store is still preparing; its news comes sooner
const chunk = 1000 // lines a transaction

/**
 * Takes the next step in reading one kind of thing: ask, look whether it is ready, read. Each step is written down, and while
 * reading so is the number of lines stored, in the same transaction as what they said: after a crash it goes on from there.
 */
export async function readStore(app: App, { shopId, kind }: { shopId: string; kind: SyncKind }): Promise<void> {
  const shop = await getShop(app, shopId)
  const sync = await find(app, shopId, kind)
  if (!shop || !sync || sync.state === 'done' || sync.state === 'failed') return
  if (shop.status !== 'installed') return fail(app, sync, 'the app has to be opened in the store again')
  if (kind === 'orders' && sync.state === 'waiting' && !(await hasEnded(app, shopId, 'customers'))) return
  try {
    if (kind === 'shop') await readShopItself(app, shop, sync)
    else if (sync.state === 'waiting') await ask(app, shop, sync, kind)
    else if (sync.state === 'asked') await lookAgain(app, shop, sync, kind)
    else await read(app, shop, sync, kind)
  } catch (error) {
    if (isGone(error)) await change(app, sync, { state: 'waiting', operationId: null, resultUrl: null, linesDone: 0, objectsDone: 0 }).then(() => readSoon(app, shopId, kind))
    else if (error instanceof GiveUp) await fail(app, sync, describeFault(error).replace(/^\w+: /, ''))
    else {
      await change(app, sync, {}) // it was tried: `recoverSyncs` need not ask yet
      throw error
    }
  }
}

async function readShopItself(app: App, shop: Shop, sync: Sync): Promise<void> {
  await updateShop(app, shop.id, await app.platforms.shopify.readShop(shop))
  await change(app, sync, { state: 'done', objectsDone: 1, objectsTotal: 1, finishedAt: app.clock.now() })
}

async function ask(app: App, shop: Shop, sync: Sync, kind: BulkKind): Promise<void> {
  const { operationId } = await app.platforms.shopify.startBulk(shop, kind)
  await app.db.transaction(async () => {
    if (await change(app, sync, { state: 'asked', operationId })) await readSoon(app, shop.id, kind, look)
  })
}

async function lookAgain(app: App, shop: Shop, sync: Sync, kind: BulkKind): Promise<void> {
  const { state, url, objects, error } = await app.platforms.shopify.bulkState(shop, sync.operationId!)
  if (state === 'failed') return fail(app, sync, error ?? 'the store could not prepare the reading')
  if (state === 'running') {
    await app.db.transaction(async () => {
      await change(app, sync, { objectsTotal: objects })
      await readSoon(app, shop.id, kind, look)
    })
  } else if (url === null) await finish(app, { ...sync, objectsTotal: objects }) // nothing of this kind is there
  else
    await app.db.transaction(async () => {
      if (await change(app, sync, { state: 'reading', resultUrl: url, objectsTotal: objects })) await readSoon(app, shop.id, kind)
    })
}

async function read(app: App, shop: Shop, sync: Sync, kind: BulkKind): Promise<void> {
  let at = { linesDone: sync.linesDone, objectsDone: sync.objectsDone }
  let items: BulkItem[] = []
  let grownAt = chunk / 2 // lines at which the engine was last told; again each time their number has doubled
  const store = async (line: number): Promise<boolean> => {
    const objectsDone = at.objectsDone + items.filter((item) => item.kind === kind).length
    const mine = await app.db.transaction(async () => {
      // First the claim, then the work: of two readers of one file only one gets each stretch of it.
      if (!(await advance(app, sync, at.linesDone, { linesDone: line, objectsDone }))) return false
      await storeItems(app, shop, items, sync.startedAt)
      return true
    })
    if (mine && line >= 2 * grownAt) {
      await tablesHaveGrown(app.db, [subscribers, consentEntries, products, orders])
      grownAt = line
    }
    at = { linesDone: line, objectsDone }
    items = []
    return mine
  }
  let line = at.linesDone
  for await (const item of app.platforms.shopify.bulkItems(shop, kind, sync.resultUrl!, at.linesDone)) {
    items.push(item)
    line = item.line
    if (items.length >= chunk && !(await store(line))) return // somebody else reads this file
  }
  if (items.length && !(await store(line))) return
  await finish(app, { ...sync, ...at })
}

/** Parents before children: what stands in one chunk may belong together. */
async function storeItems(app: App, shop: Shop, items: BulkItem[], askedAt: Date): Promise<void> {
  const of = <K extends BulkItem['kind']>(kind: K): Extract<BulkItem, { kind: K }>[] => items.filter((item): item is Extract<BulkItem, { kind: K }> => item.kind === kind)
  await storeCustomers(app, shop.id, of('customers').map(({ item }) => item), 'import')
  await storeProducts(app, shop.id, of('products').map(({ item }) => item))
  await markSeen(app, shop.id, of('products').map(({ item }) => item.id), askedAt)
  await storeVariants(app, shop.id, of('variants'), askedAt)
  await storeOrders(app, shop, of('orders').map(({ item }) => item))
  await storeOrderLines(app, shop.id, of('lines'), askedAt)
}

async function finish(app: App, sync: Sync): Promise<void> {
  await app.db.transaction(async () => {
    const ended = await change(app, sync, { state: 'done', finishedAt: app.clock.now(), resultUrl: null, error: null })
    if (ended && sync.kind === 'customers') await readSoon(app, sync.shopId, 'orders')
    // Only a reading that found as many as the store counted can tell what is not there any more.
    if (ended && sync.kind === 'products' && sync.objectsDone === sync.objectsTotal) await deleteUnseen(app, sync.shopId, sync.startedAt)
  })
  await tablesWereFilled(app.db, filled[sync.kind])
}

const filled = { shop: [], customers: [subscribers, subscriberTags, consentEntries], products: [products, variants], orders: [orders, orderLines, events, subscribers] }

/** Ends a reading that cannot succeed, in words that the merchant sees. Orders are read nevertheless when customers could not be. */
async function fail(app: App, sync: Sync, error: string): Promise<void> {
  await app.db.transaction(async () => {
    const ended = await change(app, sync, { state: 'failed', error, resultUrl: null, finishedAt: app.clock.now() })
    if (ended && sync.kind === 'customers') await readSoon(app, sync.shopId, 'orders')
  })
}

/** Changes the row if it is still in the state, and of the start, that was read. */
async function change(app: App, sync: Sync, values: Partial<Sync>): Promise<boolean> {
  const changed = await app.db
    .update(syncs)
    .set({ ...values, updatedAt: values.finishedAt ?? app.clock.now() })
    .where(and(eq(syncs.shopId, sync.shopId), eq(syncs.kind, sync.kind), eq(syncs.state, sync.state), eq(syncs.startedAt, sync.startedAt)))
    .returning({ kind: syncs.kind })
  return changed.length === 1
}

async function advance(app: App, sync: Sync, from: number, to: { linesDone: number; objectsDone: number }): Promise<boolean> {
  const changed = await app.db
    .update(syncs)
    .set({ ...to, updatedAt: app.clock.now() })
    .where(and(eq(syncs.shopId, sync.shopId), eq(syncs.kind, sync.kind), eq(syncs.state, 'reading'), eq(syncs.startedAt, sync.startedAt), eq(syncs.linesDone, from)))
    .returning({ kind: syncs.kind })
  return changed.length === 1
}

async function find(app: App, shopId: string, kind: SyncKind): Promise<Sync | null> {
  const [sync] = await app.db.select().from(syncs).where(and(eq(syncs.shopId, shopId), eq(syncs.kind, kind)))
  return sync ?? null
}

async function hasEnded(app: App, shopId: string, kind: SyncKind): Promise<boolean> {
  const state = (await find(app, shopId, kind))?.state
  return state === 'done' || state === 'failed' || state === undefined
}

/** The platform's own fault class is not known here; its name is. */
const isGone = (error: unknown): boolean => error instanceof Error && error.name === 'BulkGone'
