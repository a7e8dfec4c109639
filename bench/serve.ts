import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import type { LoadResult } from './load.ts'

/** Lets an Express app listen on a free port of this machine. */
export async function serve(app: Express): Promise<{ port: number; close: () => Promise<void> }> {
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Requests per second of a turn in which each answer had one of these states. */
export function rateOf(result: LoadResult, allowed: string[]): number {
  const others = Object.keys(result.statuses).filter((status) => !allowed.includes(status))
  if (others.length > 0 || result.answered === 0) throw new Error(`the server answered ${JSON.stringify(result.statuses)}`)
  return result.answered / result.seconds
}

/** What a benchmark of requests says beside its ratio. */
export const loadDetail = (limit: LoadResult | null, product: LoadResult | null): Record<string, unknown> => ({
  connections: 64,
  limit_p99_ms: Math.round(limit?.p99Ms ?? 0),
  product_p99_ms: Math.round(product?.p99Ms ?? 0),
  generator_cpu_at_limit: Math.round((limit?.cpu ?? 0) * 100) / 100,
  generator_cpu_at_product: Math.round((product?.cpu ?? 0) * 100) / 100,
})
