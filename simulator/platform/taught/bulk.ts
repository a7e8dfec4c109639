import { gid, numberOf, utc } from '../../format.ts'
import { bulkUrl, cancelBulk, operationsOf, startBulk, type BulkOperation } from '../bulk.ts'
import { invalidId } from '../faults.ts'
import { connection, field, fields, plain, type Taught } from './teach.ts'

/** Reads in the background: starting, watching, cancelling. */
export const bulkFields: Taught = {
  QueryRoot: {
    bulkOperation: field(['id'], (_, args, { world, store }) => {
      const id = numberOf('BulkOperation', String(args.id))
      if (id === null) throw invalidId()
      return operationsOf(world, store).find((one) => one.id === id) ?? null
    }),
    currentBulkOperation: field(['type'], (_, args, { world, store }) => (args.type === 'MUTATION' ? null : (operationsOf(world, store).at(-1) ?? null))),
    bulkOperations: connection<unknown, BulkOperation>({
      list: (_, { world, store }) => operationsOf(world, store),
      id: (operation) => operation.id,
      sorts: { CREATED_AT: (operation) => operation.createdAt.getTime() },
      search: { filters: { id: (operation) => operation.id, status: (operation) => operation.status, created_at: (operation) => operation.createdAt } },
    }),
  },
  Mutation: {
    bulkOperationRunQuery: field(['query', 'groupObjects'], (_, args, context) => startBulk(context, String(args.query), args.groupObjects === true)),
    bulkOperationCancel: field(['id'], (_, args, { world, store }) => {
      const id = numberOf('BulkOperation', String(args.id))
      if (id === null) throw invalidId()
      const operation = operationsOf(world, store).find((one) => one.id === id)
      if (!operation) return { bulkOperation: null, userErrors: [{ field: ['id'], message: 'Bulk operation does not exist' }] }
      return cancelBulk(operation) ? { bulkOperation: operation, userErrors: [] }
        : { bulkOperation: operation, userErrors: [{ field: null, message: `A bulk operation cannot be canceled when it is ${operation.status.toLowerCase()}` }] }
    }),
  },
  BulkOperationRunQueryPayload: plain('bulkOperation', 'userErrors'),
  BulkOperationCancelPayload: plain('bulkOperation', 'userErrors'),
  BulkOperationUserError: plain('field', 'message', 'code'),
  UserError: plain('field', 'message'),
  BulkOperation: fields<BulkOperation>({
    id: (operation) => gid('BulkOperation', operation.id),
    status: (operation) => operation.status,
    errorCode: (operation) => operation.errorCode,
    type: () => 'QUERY',
    query: (operation) => operation.query,
    objectCount: (operation) => String(operation.objects),
    rootObjectCount: (operation) => String(operation.roots),
    fileSize: (operation) => (operation.bytes === null ? null : String(operation.bytes)),
    url: (operation, _, { world }) => bulkUrl(world, operation),
    partialDataUrl: () => null,
    createdAt: (operation) => utc(operation.createdAt),
    completedAt: (operation) => (operation.completedAt ? utc(operation.completedAt) : null),
  }),
}
