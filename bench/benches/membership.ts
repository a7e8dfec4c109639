import Database from 'better-sqlite3'
import { insertAll } from '../../app/db/insert-all.ts'
import { segments } from '../../app/db/schema.ts'
import { newId } from '../../app/lib/ids.ts'
import { segmentsOf } from '../../app/segments/membership.ts'
import type { OpenBench } from '../bench.ts'
import { openSegmentStore } from '../segment-sides.ts'
import { textId } from '../segment-store.ts'

const people = 2_000

/**
 * In which of thirty segments is this person: what is asked when something happened to them. The app's own verb, which looks each time whether
 * a segment or a setting changed, against one statement written by hand and prepared once, on the same file.
 */
export const open: OpenBench = async ({ recipients }) => {
  const size = recipients ?? 200_000
  const store = await openSegmentStore(size)
  const { app, shop, trees } = store
  const now = app.clock.now()
  await insertAll(app.db, segments, trees.map((tree) => ({ shopId: shop.id, id: newId(now), name: tree.name, rules: tree.rules, platformId: null, membersReadAt: null, createdAt: now, updatedAt: now })))
  const file = new Database(store.file, { readonly: true })
  for (const pragma of ['mmap_size = 0', 'cache_size = -65536']) file.pragma(pragma)
  // `|| ''` keeps SQLite from planning it anew for each person.
  const statement = file.prepare(`select ${trees.map((tree, i) => `(${tree.one.replaceAll('@id', 's.id')}) as t${i}`).join(', ')} from subscribers s where s.shop_id = '${shop.id}' and s.id = (@id || '')`).raw()
  const ids = Array.from({ length: people }, (_, i) => textId('p', Math.floor(((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296 * size)))
  const byHand = (id: string): string[] => (statement.get({ id }) as unknown[]).flatMap((mark, i) => (mark === 1 ? trees[i]!.name : [])).toSorted()
  for (const id of ids.slice(0, 500)) {
    const [mine, theirs] = [(await segmentsOf(app, shop, id)).map((one) => one.name).filter((name) => name !== 'Of the store').toSorted(), byHand(id)]
    if (JSON.stringify(mine) !== JSON.stringify(theirs)) throw new Error(`${id} is in ${mine.join(', ')}, and by hand in ${theirs.join(', ')}`)
  }
  return {
    unit: 'people',
    bar: 1.5,
    ratioOf: 'time',
    async limit() {
      const from = performance.now()
      for (const id of ids) statement.get({ id })
      return people / ((performance.now() - from) / 1000)
    },
    async product() {
      const from = performance.now()
      for (const id of ids) await segmentsOf(app, shop, id)
      return people / ((performance.now() - from) / 1000)
    },
    detail: () => ({ people: size, segments: trees.length, asked: people, compared: 500 }),
    close: async () => {
      file.close()
      await store.close()
    },
  }
}
