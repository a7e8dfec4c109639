import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const longest = 15 * 60_000 // milliseconds after which a child ends by itself, whatever happens

const question = z.object({ id: z.number(), order: z.unknown() })
const reply = z.object({ id: z.number(), value: z.unknown(), fault: z.string().optional() })

export interface Child {
  /** Sends an order and waits for what the child makes of it. */
  ask<T extends z.ZodType>(shape: T, order: unknown): Promise<z.infer<T>>
  stop: () => Promise<void>
}

/** Starts a file of this folder as a process of its own, so that it neither shares our thread nor our memory. `env` comes on top of ours. */
export function startChild(file: string, env: Record<string, string> = {}): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { serialization: 'advanced', execArgv: [], env: { ...process.env, ...env } })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let next = 0
  let gone = false
  const over = (): void => {
    gone = true
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended before it answered`))
    waiting.clear()
  }
  child.once('exit', over)
  child.once('error', over)
  child.on('message', (message) => {
    const { id, value, fault } = reply.parse(message)
    const asker = waiting.get(id)
    waiting.delete(id)
    if (fault !== undefined) asker?.reject(new Error(`${file}: ${fault}`))
    else asker?.resolve(value)
  })
  return {
    ask: async (shape, order) => {
      if (gone) throw new Error(`${file} has ended`)
      const value = await new Promise((resolve, reject) => {
        waiting.set(++next, { resolve, reject })
        child.send({ id: next, order })
      })
      return shape.parse(value)
    },
    stop: async () => {
      if (gone) return
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** The child's side: answers orders until its parent is gone or its time is over. */
export function answerOrders(work: (order: unknown) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit())
  setTimeout(() => process.exit(1), longest).unref()
  process.on('message', (message) => {
    const { id, order } = question.parse(message)
    work(order).then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, value: null, fault: error instanceof Error ? error.message : 'unknown fault' }),
    )
  })
}
