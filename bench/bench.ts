/** One benchmark, opened: everything is prepared, nothing is timed yet. */
export interface Bench {
  /** What is counted per second: 'messages', 'rows' … */
  unit: string
  /** Must hold (docs/performance.md). */
  bar: number
  /** The ratio is product over limit and must not be lower than the bar; 'time' turns both round: how much longer the product takes. */
  ratioOf?: 'rate' | 'time'
  /** One turn of what could be reached at best, and one turn of the product. Both answer units per second. A turn that did not do its work throws. */
  limit(): Promise<number>
  product(): Promise<number>
  /** What else does not hold, in words; asked when all turns are over. */
  faults?(): string[]
  /** What else there is to say when all turns are over. */
  detail(): Record<string, unknown>
  close(): Promise<void>
}

export interface BenchOptions {
  /** How many recipients (or rows, or requests), where the benchmark has such a number. */
  recipients: number | null
}
export type OpenBench = (options: BenchOptions) => Promise<Bench>
