import type { Logger } from '../lib/log.ts'

export interface Lanes {
  /** Begins to take work. `take` answers what there is to run now, at most as much as it is told. */
  start(take: (free: number) => Promise<(() => Promise<unknown>)[]>, lanes: number): void
  /** There may be work: look now. */
  wake(): void
  /** Takes no more and waits for what runs. */
  stop(): Promise<void>
}

/** Runs up to so many jobs at a time, and looks for more when one ends, when woken, and every `pause` milliseconds. */
export function createLanes(log: Logger, pause: number): Lanes {
  const running = new Set<Promise<void>>()
  let stopping = false
  let wake: () => void = () => undefined
  let loop: Promise<void> | null = null

  const run = (job: () => Promise<unknown>): void => {
    const turn: Promise<void> = job()
      .then(() => undefined, (error: unknown) => log.error({ err: error }, 'a job could not be recorded'))
      .finally(() => {
        running.delete(turn)
        wake()
      })
    running.add(turn)
  }

  return {
    wake: () => wake(),

    start(take, lanes) {
      stopping = false
      loop = (async () => {
        while (!stopping) {
          let took = 0
          try {
            const batch = await take(lanes - running.size)
            took = batch.length
            for (const job of batch) run(job)
          } catch (error) {
            log.error({ err: error }, 'the queue could not be read')
          }
          if (took > 0 && running.size < lanes) continue
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, pause)
            wake = () => {
              clearTimeout(timer)
              resolve()
            }
          })
        }
      })()
    },

    async stop() {
      stopping = true
      wake()
      await loop
      await Promise.all(running)
      loop = null
    },
  }
}
