import {
  execute, GraphQLError, Kind,
  type DocumentNode, type ExecutionResult, type GraphQLFieldResolver, type OperationDefinitionNode,
} from 'graphql'
import type { SimStore, World } from '../types.ts'
import { costOf, costReport, dearest, refill } from './cost.ts'
import { check } from './document.ts'
import { accessDenied, NotTaught, notApproved, throttled, tooDear } from './faults.ts'
import { page, type Page } from './paging.ts'
import { personalFields } from './personal.ts'
import { effectiveScopes } from './scopes.ts'
import { loadSchema } from './schema.ts'
import { reading, refuseUntaught } from './selection.ts'
import { taught } from './taught/index.ts'
import type { Context } from './taught/teach.ts'
import { variableErrors } from './variables.ts'

export interface GraphqlRequest { query: string; variables: Record<string, unknown>; operationName: string | null }

/**
 * Answers one Admin GraphQL request of a store, always as an HTTP 200 body: checked against the real schema, refused by scope,
 * personal field, cost and bucket as the platform does. What the simulator was not taught is refused by name and does nothing.
 */
export async function answerGraphql(world: World, store: SimStore, request: GraphqlRequest): Promise<Record<string, unknown>> {
  const { schema } = loadSchema()
  const checked = check(request.query)
  if ('errors' in checked) return { errors: checked.errors }
  const operation = chooseOperation(checked.document, request.operationName)
  if (!operation) return { errors: [{ message: request.operationName ? `No operation named "${request.operationName}"` : 'An operation name is required' }] }
  const wrong = variableErrors(schema, operation, request.variables)
  if (wrong.length > 0) return { errors: wrong }
  const root = schema.getRootType(operation.operation)
  if (!root) return { errors: [{ message: `Schema is not configured for ${operation.operation}s` }] }

  const read = reading(schema, checked.document, { ...defaultsOf(operation), ...request.variables })
  try {
    refuseUntaught(read, taught(), root, [operation.selectionSet])
  } catch (error) {
    if (error instanceof NotTaught) return refusal(error)
    throw error
  }
  const requested = costOf(read, root, [operation.selectionSet])
  if (requested > dearest) return tooDear(requested)
  const bucket = refill(world, store)
  if (world.faults.api.throttleNext > 0 || bucket.available < requested) {
    if (world.faults.api.throttleNext > 0) {
      world.faults.api.throttleNext -= 1
      bucket.available = Math.min(bucket.available, Math.max(0, requested - 1))
    }
    return throttled(costReport(bucket, requested, null))
  }

  const context: Context = { world, store, scopes: effectiveScopes(store) }
  const result: ExecutionResult = await execute({
    schema, document: checked.document, operationName: operation.name?.value, variableValues: request.variables,
    contextValue: context, fieldResolver, typeResolver: (value) => (value as { __typename: string }).__typename,
  })
  const untaught = result.errors?.find((error) => error.originalError instanceof NotTaught)
  if (untaught) return refusal(untaught.originalError!)
  // A fault of the simulator itself must not pass for an answer of the platform.
  const crash = result.errors?.find((error) => error.originalError && !(error.originalError instanceof GraphQLError))
  if (crash) throw crash.originalError!
  const actual = Math.min(requested, costOf(read, root, [operation.selectionSet], result.data ?? null))
  bucket.available -= actual
  return {
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors ? { errors: result.errors.map((error) => error.toJSON()) } : {}),
    extensions: { cost: costReport(bucket, requested, actual) },
  }
}

const fieldResolver: GraphQLFieldResolver<unknown, Context> = (source, args: Record<string, unknown>, context, info) => {
  const typeName = info.parentType.name
  const { fieldName } = info
  const access = loadSchema().accessOf(typeName, fieldName, info.returnType)
  if (access && !access.scopes.some((scope) => context.scopes.has(scope))) throw accessDenied(fieldName, access)
  if (!context.store.protectedDataApproved && personalFields[typeName]?.has(fieldName)) throw notApproved(fieldName)
  const entry = taught()[typeName]?.[fieldName]
  if (entry?.kind === 'value') return entry.resolve(source, args, context)
  if (entry?.kind === 'connection') return page(entry.connection, source, args, context, `${typeName}.${fieldName}`)
  return scaffolding(typeName, fieldName, source)
}

/** The frame around the items of a connection. */
function scaffolding(typeName: string, fieldName: string, source: unknown): unknown {
  if (typeName.endsWith('Connection')) {
    const found = source as Page
    if (fieldName === 'nodes') return found.items
    if (fieldName === 'edges') return found.items.map((node, at) => ({ node, cursor: found.cursors[at] }))
    if (fieldName === 'pageInfo') return { hasNextPage: found.hasNextPage, hasPreviousPage: found.hasPreviousPage, startCursor: found.cursors[0] ?? null, endCursor: found.cursors.at(-1) ?? null }
  }
  if (typeName.endsWith('Edge') || typeName === 'PageInfo') return (source as Record<string, unknown>)[fieldName]
  throw new NotTaught(`${typeName}.${fieldName}`)
}

function chooseOperation(document: DocumentNode, name: string | null): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
  return name ? operations.find((one) => one.name?.value === name) : operations.length === 1 ? operations[0] : undefined
}

function defaultsOf(operation: OperationDefinitionNode): Record<string, unknown> {
  const literal = (operation.variableDefinitions ?? []).filter((one) => one.defaultValue)
  return Object.fromEntries(literal.map((one) => {
    const value = one.defaultValue!
    return [one.variable.name.value, value.kind === Kind.INT ? Number(value.value) : 'value' in value ? value.value : null]
  }))
}

const refusal = (error: Error): Record<string, unknown> => ({ errors: [{ message: error.message, extensions: { code: 'SIMULATOR_NOT_TAUGHT' } }] })

