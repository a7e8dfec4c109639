import { randomBytes } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises'
import { gid, utc } from '../format.ts'
import type { SimStore, World } from '../types.ts'
import { compileBulk, type BulkChild, type BulkPlan } from './bulk-plan.ts'
import type { UserError } from './faults.ts'
import { everything } from './paging.ts'
import { folderOf, platformOf } from './state.ts'
import type { Context } from './taught/teach.ts'
import { emit } from './webhooks.ts'

export interface BulkOperation {
  id: number
  shop: string
  status: 'CREATED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELING' | 'CANCELED' | 'EXPIRED'
  errorCode: 'ACCESS_DENIED' | 'INTERNAL_SERVER_ERROR' | 'TIMEOUT' | null
  query: string
  objects: number
  roots: number
  bytes: number | null
  /** The result's secret part of the address and its place on disk; null while there is none, or when it is empty. */
  result: { token: string; path: string } | null
  createdAt: Date
  completedAt: Date | null
}

export const storageHost = 'storage.shopifycloud.example'
const atOnce = 5
const longestQuery = 65_535
const linkLives = 7 * 86_400_000
/** How many parents come before their children when the order is scattered. */
const scatterPage = 20

export const operationsOf = (world: World, store: SimStore): BulkOperation[] => platformOf(world).bulk.get(store) ?? []

/**
 * Starts a read in the background: CREATED, then RUNNING, then COMPLETED (or FAILED) with a file of JSON lines and the webhook
 * bulk_operations/finish. What is wrong with the query comes back as user errors, as on the platform.
 */
export function startBulk(context: Context, query: string, grouped: boolean): { bulkOperation: BulkOperation | null; userErrors: UserError[] } {
  const { world, store } = context
  const state = platformOf(world)
  const refused = (message: string, code: string): { bulkOperation: null; userErrors: UserError[] } => ({ bulkOperation: null, userErrors: [{ field: ['query'], message, code }] })
  if (Buffer.byteLength(query) > longestQuery) return refused(`Query is too long (maximum is ${longestQuery} bytes)`, 'INVALID')
  const operations = operationsOf(world, store)
  const running = operations.filter((one) => one.completedAt === null)
  if (running.length >= atOnce) {
    return refused(`A bulk query operation for this app and shop is already in progress: ${running.map((one) => gid('BulkOperation', one.id)).join(', ')}.`, 'OPERATION_IN_PROGRESS')
  }
  const compiled = compileBulk(context, query)
  if ('message' in compiled) return refused(compiled.message, 'INVALID')
  const operation: BulkOperation = {
    id: store.nextId++, shop: store.domain, status: 'CREATED', errorCode: null, query, objects: 0, roots: 0, bytes: null, result: null,
    createdAt: world.clock.now(), completedAt: null,
  }
  state.bulk.set(store, [...operations, operation])
  void run(context, operation, compiled, grouped).catch((error: unknown) => {
    if (!state.closed) console.error('the simulator failed at a bulk operation', error)
    finish(context, operation, 'FAILED', 'INTERNAL_SERVER_ERROR')
  })
  return { bulkOperation: operation, userErrors: [] }
}

/** True when it was still running and now stops. */
export function cancelBulk(operation: BulkOperation): boolean {
  if (operation.status !== 'CREATED' && operation.status !== 'RUNNING') return false
  operation.status = 'CANCELING'
  return true
}

/** Where the result lies, for seven days; null before it is there, afterwards, and when nothing was found. */
export function bulkUrl(world: World, operation: BulkOperation): string | null {
  if (!operation.result || operation.status !== 'COMPLETED' || !linkHolds(world, operation)) return null
  return `https://${storageHost}/${operation.result.token}/bulk-${operation.id}.jsonl`
}

/** The file behind a link, or null when the link is wrong or too old. */
export function bulkFile(world: World, token: string): string | null {
  for (const operations of platformOf(world).bulk.values()) {
    const found = operations.find((one) => one.result?.token === token)
    if (found) return found.status === 'COMPLETED' && linkHolds(world, found) ? found.result!.path : null
  }
  return null
}

const linkHolds = (world: World, operation: BulkOperation): boolean =>
  operation.completedAt !== null && world.clock.now().getTime() - operation.completedAt.getTime() <= linkLives

async function run(context: Context, operation: BulkOperation, plan: BulkPlan, grouped: boolean): Promise<void> {
  const { world } = context
  await pause(15)
  if (operation.status === 'CREATED') operation.status = 'RUNNING'
  while (world.faults.bulk.hold && operation.status === 'RUNNING' && !platformOf(world).closed) await pause(5)
  if (plan.denied) return finish(context, operation, 'FAILED', 'ACCESS_DENIED')
  if (world.faults.bulk.failNext > 0) {
    world.faults.bulk.failNext -= 1
    return finish(context, operation, 'FAILED', 'INTERNAL_SERVER_ERROR')
  }
  const token = randomBytes(24).toString('base64url')
  const path = join(folderOf(world), `${operation.id}-${token}.jsonl`)
  const lines = new Lines(createWriteStream(path), operation, () => platformOf(world).closed)
  await writeAll(context, plan, lines, world.faults.bulk.scatter && !grouped)
  await lines.end()
  if (lines.stopped) return finish(context, operation, operation.status === 'CANCELING' ? 'CANCELED' : 'FAILED', null)
  operation.bytes = operation.objects === 0 ? null : (await stat(path)).size
  if (operation.objects > 0) operation.result = { token, path }
  finish(context, operation, 'COMPLETED', null)
}

function finish({ world, store }: Context, operation: BulkOperation, status: BulkOperation['status'], errorCode: BulkOperation['errorCode']): void {
  operation.status = status
  operation.errorCode = errorCode
  operation.completedAt = world.clock.now()
  world.wire.add({ kind: 'api', shop: store.domain, title: `Bulk read ${status.toLowerCase()}: ${operation.objects} objects`, detail: operation.query.trim(), status: null, ms: null })
  emit(world, store, 'bulk_operations/finish', {
    admin_graphql_api_id: gid('BulkOperation', operation.id),
    status: status.toLowerCase(),
    error_code: errorCode?.toLowerCase() ?? null,
    type: 'query',
    created_at: utc(operation.createdAt),
    completed_at: utc(operation.completedAt),
  })
}

async function writeAll(context: Context, plan: BulkPlan, lines: Lines, scatter: boolean): Promise<void> {
  let late: { item: unknown; id: string }[] = []
  const flush = async (): Promise<void> => {
    for (const { item, id } of late) for (const child of plan.root.shape.children) await writeChildren(context, child, item, id, lines)
    late = []
  }
  for (const item of everything(plan.root.connection, undefined, plan.root.args, context, plan.root.place)) {
    const row = plan.root.shape.project(item)
    if (row === null) continue
    lines.operation.roots += 1
    await lines.write(row)
    if (lines.stopped) return
    if (plan.root.shape.children.length === 0) continue
    late.push({ item, id: String(row.id) })
    if (!scatter || late.length >= scatterPage) await flush()
  }
  await flush()
}

async function writeChildren(context: Context, child: BulkChild, parent: unknown, parentId: string, lines: Lines): Promise<void> {
  for (const item of everything(child.connection, parent, child.args, context, child.place)) {
    const row = child.shape.project(item)
    if (row === null) continue
    row.__parentId = parentId
    const wait = lines.write(row)
    if (wait) await wait
    if (lines.stopped) return
    for (const grandchild of child.shape.children) await writeChildren(context, grandchild, item, String(row.id), lines)
  }
}

/** Writes lines in big pieces, waits for the disk, and lets others have a turn: a read of half a million lines takes seconds. */
class Lines {
  stopped = false
  readonly operation: BulkOperation
  #stream: WriteStream
  #worldIsClosed: () => boolean
  #piece = ''
  #turnBegan = performance.now()

  constructor(stream: WriteStream, operation: BulkOperation, worldIsClosed: () => boolean) {
    this.#stream = stream
    this.operation = operation
    this.#worldIsClosed = worldIsClosed
  }

  /** Answers a promise only when the caller must wait. */
  write(row: Record<string, unknown>): Promise<void> | undefined {
    this.operation.objects += 1
    this.#piece += JSON.stringify(row) + '\n'
    return this.#piece.length > 131_072 ? this.#turn() : undefined
  }

  async #turn(): Promise<void> {
    const piece = this.#piece
    this.#piece = ''
    if (!this.#stream.write(piece)) await once(this.#stream, 'drain')
    if (performance.now() - this.#turnBegan > 12) {
      await breathe()
      this.#turnBegan = performance.now()
    }
    if (this.operation.status === 'CANCELING' || this.#worldIsClosed()) this.stopped = true
  }

  async end(): Promise<void> {
    this.#stream.end(this.#piece)
    await once(this.#stream, 'close')
  }
}
