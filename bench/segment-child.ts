// A process of its own that counts segments on its own engine (DATABASE_URL says which): PostgreSQL and SQLite cannot share one.
import { z } from 'zod'
import { answerOrders } from './children.ts'

const order = z.union([z.object({ open: z.number(), env: z.record(z.string(), z.string()) }), z.object({ count: z.number() }), z.object({ close: z.literal(true) })])
let store: import('./segment-sides.ts').SegmentStore | null = null
const counts: (() => Promise<number>)[] = []

answerOrders(async (given) => {
  const asked = order.parse(given)
  if ('open' in asked) {
    const { openSegmentStore } = await import('./segment-sides.ts')
    store = await openSegmentStore(asked.open, asked.env)
    for (const tree of store.trees) counts.push(await store.count(tree))
    return store.trees.map((tree) => tree.name)
  }
  if ('count' in asked) return counts[asked.count]!()
  await store?.close()
  return null
})
