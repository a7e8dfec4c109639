import { createConnection, type Socket } from 'node:net'
import { z } from 'zod'
import { answerOrders, startChild } from './children.ts'

/** Requests against one port of this machine: at most `paths.length` (or `most`) of them and at most `seconds` long. */
const loadOrder = z.object({
  port: z.number().int(),
  connections: z.number().int().min(1).max(256),
  seconds: z.number().min(0.1).max(30),
  most: z.number().int().min(1).max(1_000_000),
  method: z.enum(['GET', 'POST']),
  /** Asked for one after the other, from the first again when there are fewer than `most`. */
  paths: z.array(z.string()).min(1),
  /** `{n}` becomes the number of the request. */
  headers: z.record(z.string(), z.string()),
  body: z.string(),
})
export type LoadOrder = z.infer<typeof loadOrder>

const loadResult = z.object({
  answered: z.number(),
  seconds: z.number(),
  statuses: z.record(z.string(), z.number()),
  p95Ms: z.number(),
  p99Ms: z.number(),
  /** Share of one core that the generator used; near 1 it was the narrow place, not the server. */
  cpu: z.number(),
})
export type LoadResult = z.infer<typeof loadResult>

export interface Load {
  run(order: LoadOrder): Promise<LoadResult>
  stop(): Promise<void>
}

/** A load generator as a process of its own. It writes ready bytes to plain sockets, because Node's own client costs more than the servers measured here. */
export function startLoad(): Load {
  const child = startChild('./load.ts')
  return { run: (given) => child.ask(loadResult, given), stop: child.stop }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const cpu = process.cpuUsage()
  const from = performance.now()
  const until = from + order.seconds * 1000
  const statuses: Record<string, number> = {}
  const times: number[] = []
  let next = 0
  const [before, after] = headOf(order)
  const one = (): string | null => {
    if (next >= order.most || performance.now() > until) return null
    const n = next++
    return `${order.method} ${order.paths[n % order.paths.length]!} HTTP/1.1\r\n${after === null ? before : `${before}${n}${after}`}${order.body}`
  }
  const answered = (status: string, took: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1
    times.push(took)
  }
  await Promise.all(Array.from({ length: order.connections }, () => askOverAndOver(order.port, one, answered)))
  const seconds = (performance.now() - from) / 1000
  const used = process.cpuUsage(cpu)
  times.sort((a, b) => a - b)
  return { answered: times.length, seconds, statuses, p95Ms: times[Math.floor(times.length * 0.95)] ?? 0, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0, cpu: (used.user + used.system) / 1e6 / seconds }
}

/** All header lines and the empty one, cut at `{n}` if it is there. */
function headOf({ headers, body }: LoadOrder): [string, string | null] {
  const all = { Host: '127.0.0.1', ...headers, ...(body ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}) }
  const lines = `${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const at = lines.indexOf('{n}')
  return at < 0 ? [lines, null] : [lines.slice(0, at), lines.slice(at + 3)]
}

/** One kept connection: a request, its answer, the next. Reads answers that carry their length, which is all that the servers here send. */
function askOverAndOver(port: number, next: () => string | null, answered: (status: string, took: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    let text = ''
    let since = 0
    let open = false
    const ask = (): void => {
      const request = next()
      if (request === null) return void socket.end()
      since = performance.now()
      open = true
      socket.write(request)
    }
    socket.setEncoding('latin1')
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 seconds')))
    socket.on('connect', ask)
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1]
      if (length === undefined) return void socket.destroy(new Error(`an answer without a length: ${text.slice(0, end)}`))
      if (text.length < end + 4 + Number(length)) return
      answered(text.slice(9, 12), performance.now() - since)
      text = text.slice(end + 4 + Number(length))
      open = false
      ask()
    })
    socket.on('error', reject)
    socket.on('close', () => (open ? reject(new Error('the server closed the connection before it answered')) : resolve()))
  })
}

if (import.meta.main && process.send) answerOrders((message) => run(loadOrder.parse(message)))
