// The arithmetic of a benchmark: pure, so that it can be tested without timing anything.

/** What was reached in one turn each, in units per second, one right after the other. */
export interface Pair {
  limit: number
  product: number
}
export interface Verdict {
  /** The median of the pairs. */
  ratio: number
  min: number
  max: number
  bar: number
  ok: boolean
  /** Medians of both sides, for orientation only: absolute numbers move with the day, ratios hold. */
  limit: number
  product: number
}

/** Measures limit and product in turn: limit, product, limit, product … */
export async function measurePairs(count: number, limit: () => Promise<number>, product: () => Promise<number>, seen: (pair: Pair, i: number) => void = () => undefined): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let i = 0; i < count; i++) {
    const pair = { limit: await limit(), product: await product() }
    pairs.push(pair)
    seen(pair, i)
  }
  return pairs
}

/**
 * The first pair is discarded: it pays for cold code and cold files. What is left must be at least one pair of real rates. Of
 * rates the ratio is product over limit, at least the bar; of times it is turned round, at most the bar.
 */
export function verdictOf(pairs: Pair[], bar: number, ratioOf: 'rate' | 'time' = 'rate'): Verdict {
  const kept = pairs.slice(1)
  if (kept.length === 0) throw new Error('at least two pairs are needed: the first is discarded')
  for (const pair of kept) if (!(pair.limit > 0) || !(pair.product > 0) || !Number.isFinite(pair.limit + pair.product)) throw new Error('a turn measured nothing')
  const ratios = kept.map((pair) => (ratioOf === 'rate' ? pair.product / pair.limit : pair.limit / pair.product))
  const ratio = median(ratios)
  return { ratio, min: Math.min(...ratios), max: Math.max(...ratios), bar, ok: ratioOf === 'rate' ? ratio >= bar : ratio <= bar, limit: median(kept.map((p) => p.limit)), product: median(kept.map((p) => p.product)) }
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: number[]): number {
  if (values.length === 0) throw new Error('nothing to take the median of')
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
