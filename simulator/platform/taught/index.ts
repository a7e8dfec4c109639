import { isInterfaceType, isObjectType } from 'graphql'
import { loadSchema } from '../schema.ts'
import { bulkFields } from './bulk.ts'
import { customerFields } from './customers.ts'
import { mutationFields } from './mutations.ts'
import { orderFields } from './orders.ts'
import { productFields } from './products.ts'
import { segmentFields } from './segments.ts'
import { shopFields } from './shop.ts'
import type { Taught } from './teach.ts'

let all: Taught | undefined

/** Everything that the simulator can answer, by type and field. Throws when a name in it does not stand in the real schema. */
export function taught(): Taught {
  all ??= merged()
  return all
}

function merged(): Taught {
  const result: Taught = {}
  for (const part of [shopFields, customerFields, orderFields, productFields, bulkFields, segmentFields, mutationFields]) {
    for (const [typeName, entries] of Object.entries(part)) result[typeName] = { ...result[typeName], ...entries }
  }
  const { schema } = loadSchema()
  for (const [typeName, entries] of Object.entries(result)) {
    const type = schema.getType(typeName)
    if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`the schema has no type ${typeName}`)
    for (const name of Object.keys(entries)) if (!type.getFields()[name]) throw new Error(`the schema has no field ${typeName}.${name}`)
  }
  return result
}
