import { and, eq } from 'drizzle-orm'
import type { App } from '../app/app.ts'
import { shopSettings, subscribers } from '../app/db/schema.ts'
import { askingOf, compileSegment } from '../app/segments/compile.ts'
import { peopleCount } from '../app/segments/count.ts'
import { cutPointsOf, measureBuyersOf } from '../app/segments/rfm.ts'
import type { Shop } from '../app/shops/shops.ts'
import { loadNaively, membersNaively } from './segment-naive.ts'
import { fillStore, sizeFor } from './segment-store.ts'
import { treesFor, type Tree } from './segment-trees.ts'
import { openStore, type Store } from './store.ts'

export interface SegmentStore extends Store {
  trees: Tree[]
  /** The compiled count of a tree, ready to be run. */
  count(tree: Tree): Promise<() => Promise<number>>
}

/** A store of so many people on this process's engine, with the thirty trees for it. Its clock stands still, so that all sides mean the same moment. */
export async function openSegmentStore(people: number, env: Record<string, string> = {}): Promise<SegmentStore> {
  const store = await openStore(env)
  const { app, shop } = store
  const now = new Date()
  app.clock = { now: () => now }
  await fillStore(app, shop, sizeFor(people))
  return { ...store, trees: await treesOf(app, shop), count: async (tree) => {
    const query = peopleCount(app, shop.id, tree.rules, await askingOf(app, shop, [tree.rules]))
    return async () => Number((await app.db.lists(query))[0]![0])
  } }
}

async function treesOf(app: App, shop: Shop): Promise<Tree[]> {
  await measureBuyersOf(app, shop.id)
  const [settings] = await app.db.select({ at: shopSettings.recordsAttestedAt }).from(shopSettings).where(eq(shopSettings.shopId, shop.id))
  return treesFor(shop.id, app.clock.now(), await cutPointsOf(app, shop.id), settings!.at!)
}

/** Before anything is timed: over 20,000 people each tree finds exactly those whom a naive reading of its words finds. Answers how many each has. */
export async function proveEqual(people: number): Promise<number[]> {
  const store = await openSegmentStore(people)
  try {
    const naive = await loadNaively(store.app, store.shop)
    const counts: number[] = []
    for (const tree of store.trees) {
      const where = await compileSegment(store.app, store.shop, tree.rules)
      const found = await store.app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, store.shop.id), where)).orderBy(subscribers.id)
      const expected = membersNaively(naive, tree.rules, store.app.clock.now())
      if (JSON.stringify(found.map((row) => row.id)) !== JSON.stringify(expected)) throw new Error(`${tree.name}: ${found.length} people were found, and ${expected.length} fit`)
      counts.push(expected.length)
    }
    if (counts.some((n) => n === 0)) throw new Error(`nobody fits ${store.trees[counts.indexOf(0)]!.name}: it would prove nothing`)
    return counts
  } finally {
    await store.close()
  }
}
