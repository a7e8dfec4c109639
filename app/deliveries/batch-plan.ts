import { and, eq, getTableColumns, isNotNull, sql, type SQL } from 'drizzle-orm'
import { batches, deliveries } from '../db/schema.ts'

/**
 * The batches of a message whose rows are numbered, as one `select` of whole rows of `batches`. It walks along the primary key from
 * end to end of each batch: grouping 100,000 rows by their number would have SQLite sort them all.
 */
export function batchPlan(shopId: string, messageId: string, size: number, at: Date): SQL {
  const isIn = and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), isNotNull(deliveries.batch))
  const id = deliveries.subscriberId
  const last = sql`(select ${id} from ${deliveries} where ${isIn} order by ${id} desc limit 1)`
  const endAfter = (before: SQL): SQL => sql`coalesce((select ${id} from ${deliveries} where ${isIn} and ${id} > ${before} order by ${id} limit 1 offset ${size - 1}), ${last})`
  const given: Record<string, SQL> = {
    shopId: sql`${shopId}`, messageId: sql`${messageId}`, n: sql`plan.n`,
    firstId: sql`(select ${id} from ${deliveries} where ${isIn} and ${id} > plan.before order by ${id} limit 1)`,
    lastId: sql`plan.id`,
    people: sql`case when plan.id < ${last} then ${size} else (select count(*) from ${deliveries} where ${isIn} and ${id} > plan.before) end`,
    state: sql`'pending'`, attempts: sql`0`, updatedAt: sql`${sql.param(at, batches.updatedAt)}`,
  }
  const columns = sql.join(Object.keys(getTableColumns(batches)).map((key) => given[key] ?? sql`null`), sql`, `)
  return sql`with recursive ends(n, id) as (
      select 0, ${endAfter(sql`''`)}
      union all
      select ends.n + 1, ${endAfter(sql`ends.id`)} from ends where ends.id < ${last}
    ),
    plan as (select n, id, coalesce(lag(id) over (order by n), '') as before from ends where id is not null)
    select ${columns} from plan`
}
