import { Worker } from 'node:worker_threads'

/** Work that a thread beside this one does over a connection of its own. */
export interface Beside {
  /** Resolves when the thread is ready. Without it, the first who ask wait until it is. */
  start(): Promise<void>
  /** Runs one of the thread's verbs (app/beside.ts). Rejects as it did there, or when the thread ended before it answered. */
  run(verb: string, payload: unknown): Promise<unknown>
  close(): Promise<void>
}

/** What goes to the thread and comes back. */
export interface Asked {
  id: number
  verb: string
  payload: unknown
}
export interface Answered {
  id: number
  value?: unknown
  fault?: { message: string; code: unknown }
}

/**
 * SQLite writes on the thread that asks, and a server that takes floods of small requests has no time to wait for the disk: so another
 * thread does it. It is started when there is first something to do, at the latest, and anew if it died.
 * @param file the module that the thread runs; it gets `url` as its data.
 */
export function startBeside(file: URL, url: string): Beside {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let worker: Worker | null = null
  let next = 0

  const begin = (): Worker => {
    const made = new Worker(file, { workerData: url })
    const ended = (): void => {
      if (worker !== made) return
      worker = null
      for (const { reject } of waiting.values()) reject(new Error('the thread that writes ended before it answered'))
      waiting.clear()
    }
    made.on('message', ({ id, value, fault }: Answered) => {
      const asker = waiting.get(id)
      waiting.delete(id)
      if (fault) asker?.reject(Object.assign(new Error(fault.message), { code: fault.code }))
      else asker?.resolve(value)
    })
    made.once('error', ended)
    made.once('exit', ended)
    return made
  }
  const run = (verb: string, payload: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.set(++next, { resolve, reject })
      worker ??= begin()
      worker.postMessage({ id: next, verb, payload } satisfies Asked)
    })

  return {
    start: async () => void (await run('start', null)),
    run,
    async close() {
      const last = worker
      if (!last) return
      await run('close', null).catch(() => undefined)
      await last.terminate()
    },
  }
}
