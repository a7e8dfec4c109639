import type { OpenBench } from '../bench.ts'
import { eachOf } from '../each.ts'
import { openSegmentStore, proveEqual } from '../segment-sides.ts'

/**
 * Thirty segments counted as the compiler asks for them, against SQL written by hand for the one number, over the same connection to the same
 * file: a million people, ten million events, two million order lines. First the compiled ones are proven on 20,000 people.
 */
export const open: OpenBench = async ({ recipients }) => {
  const people = recipients ?? 1_000_000
  await proveEqual(Math.min(people, 20_000))
  const store = await openSegmentStore(people)
  const questions = []
  for (const tree of store.trees) {
    const product = await store.count(tree)
    const best = { sql: tree.best, params: [] }
    questions.push({ name: tree.name, product, limit: async () => Number((await store.app.db.lists(best))[0]![0]) })
  }
  return eachOf(questions, { bar: 1.5, each: 2, detail: () => ({ people, events: people * 10, order_lines: people * 2, proven_on: Math.min(people, 20_000), limit: 'SQL written by hand, same file and connection' }), close: store.close })
}
