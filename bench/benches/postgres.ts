import { z } from 'zod'
import { startPostgres } from '../../tests/postgres.ts'
import type { OpenBench } from '../bench.ts'
import { startChild } from '../children.ts'
import { eachOf } from '../each.ts'

/** The thirty segments of `segments`, counted on PostgreSQL against the same counts on SQLite: each engine in a process of its own, on rows of its own that are the same. */
export const open: OpenBench = async ({ recipients }) => {
  const people = recipients ?? 200_000
  const postgres = await startPostgres()
  const [here, there] = [startChild('./segment-child.ts', { DATABASE_URL: '' }), startChild('./segment-child.ts', { DATABASE_URL: 'postgres://' })]
  const names = z.array(z.string())
  const trees = await here.ask(names, { open: people, env: {} })
  await there.ask(names, { open: people, env: { DATABASE_URL: `${postgres.url}/template_homing` } })
  const questions = trees.map((name, i) => ({ name, limit: () => here.ask(z.number(), { count: i }), product: () => there.ask(z.number(), { count: i }) }))
  return eachOf(questions, {
    bar: 0.4,
    each: null,
    ratioOf: 'rate',
    detail: () => ({ people, limit: 'SQLite', product: 'PostgreSQL' }),
    close: async () => {
      for (const child of [here, there]) {
        await child.ask(z.null(), { close: true })
        await child.stop()
      }
      await postgres.stop()
    },
  })
}
