import { setTimeout as wait } from 'node:timers/promises'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const every = 100 // milliseconds between two looks

/**
 * Watches the resident memory of this process from a thread of its own, so that it sees a peak inside one long synchronous
 * statement too. Counts only while it is told that the product runs.
 */
export function watchMemory(): { while<T>(work: () => Promise<T>): Promise<T>; peakMb(): number; stop(): Promise<void> } {
  const cells = new Int32Array(new SharedArrayBuffer(8)) // [0] 1 while it counts, [1] the peak in kilobytes
  const worker = new Worker(new URL(import.meta.url), { workerData: cells })
  const look = (): void => void Atomics.store(cells, 1, Math.max(Atomics.load(cells, 1), kilobytes()))
  return {
    async while(work) {
      Atomics.store(cells, 0, 1)
      try {
        return await work()
      } finally {
        Atomics.store(cells, 0, 0)
        look()
      }
    },
    peakMb: () => Atomics.load(cells, 1) / 1024,
    stop: async () => void (await worker.terminate()),
  }
}

const kilobytes = (): number => Math.round(process.memoryUsage.rss() / 1024)

if (!isMainThread && workerData instanceof Int32Array) {
  const cells = workerData
  for (;;) {
    if (Atomics.load(cells, 0) === 1) Atomics.store(cells, 1, Math.max(Atomics.load(cells, 1), kilobytes()))
    await wait(every)
  }
}
