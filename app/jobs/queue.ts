import type { JobKind, JobPayload } from './kinds.ts'

export interface AddOptions {
  /** Not before this instant of `app.clock`. */
  at?: Date
  /** While a job of this kind and key waits, adding another does nothing but bring it forward: the earlier time counts. Once it runs, the next one may wait behind it. */
  key?: string
}

export type Handlers = { [K in JobKind]: (payload: JobPayload<K>) => Promise<void> }

/** A fault for which trying again is pointless: the job gives up at once. */
export class GiveUp extends Error {}
/** A fault that says when to try again. */
export class RetryAt extends Error {
  readonly at: Date
  constructor(at: Date, why: string) {
    super(why)
    this.at = at
  }
}

/**
 * Work that survives a crash. A job runs at least once; handlers are written so that running twice does no harm.
 * A failed job waits 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, then gives up and stays visible as failed.
 */
export interface Queue {
  /** Joins the caller's transaction: rolled back with it, visible with it. */
  add<K extends JobKind>(kind: K, payload: JobPayload<K>, options?: AddOptions): Promise<void>
  /**
   * Makes what the engine itself needs. To be called before requests come: opening needs connections of its own, and as many
   * requests at once as there are connections would each hold one and wait for it.
   */
  open(): Promise<void>
  /** Starts taking work, `lanes` jobs at a time, until `stop`. */
  start(handlers: Handlers, lanes?: number): Promise<void>
  /** Takes no more work and waits for what runs. */
  stop(): Promise<void>
  /** Runs what is due now, and what that adds, until nothing is due. For tests and the simulator. Throws the first fault unless told to keep going. */
  runDue(handlers: Handlers, options?: { keepGoing?: boolean }): Promise<number>
  /** Jobs that gave up, newest first. */
  failed(): Promise<{ id: string; kind: string; error: string; at: Date }[]>
}
