import type { Bench } from './bench.ts'
import { median } from './pairs.ts'

/** One question that both sides answer. Both give the same number, or the benchmark ends. */
export interface Question {
  name: string
  limit(): Promise<number>
  product(): Promise<number>
}
interface Options {
  /** The median over the questions may be this, and each question that (null: no bar for each). 'rate': at least; 'time': at most. */
  bar: number
  each: number | null
  ratioOf?: 'rate' | 'time'
  detail: () => Record<string, unknown>
  close: () => Promise<void>
}

/**
 * A benchmark of many questions of very different sizes: each is asked of both sides, one right after the other, and what counts is the
 * median of their ratios; a sum would be that of the largest. A question is asked up to five times within 100 ms, and the fastest counts.
 */
export function eachOf(questions: Question[], { bar, each, ratioOf = 'time', detail, close }: Options): Bench {
  const turns: number[][] = [] // per turn the ratio of each question: product time over limit time, or the other way round for rates
  let rates = { limit: 0, product: 0 }
  const result = (): number[] => questions.map((_, i) => median(turns.slice(1).map((turn) => turn[i]!)))
  return {
    unit: 'counts',
    bar,
    ratioOf,
    async limit() {
      const times: { limit: number; product: number }[] = []
      for (const [i, question] of questions.entries()) {
        const sides = { limit: () => question.limit(), product: () => question.product() }
        const order = (turns.length + i) % 2 ? (['limit', 'product'] as const) : (['product', 'limit'] as const)
        const found = { limit: Infinity, product: Infinity }
        const answers: number[] = []
        for (let from = performance.now(), n = 0; n < 5 && (n === 0 || performance.now() - from < 200); n++)
          for (const side of order) {
            const at = performance.now()
            answers.push(await sides[side]())
            found[side] = Math.min(found[side], performance.now() - at)
          }
        if (new Set(answers).size !== 1) throw new Error(`${question.name}: the two sides answer ${[...new Set(answers)].join(' and ')}`)
        times.push(found)
      }
      const ratios = times.map((time) => (ratioOf === 'time' ? time.product / time.limit : time.limit / time.product))
      turns.push(ratios)
      const limit = (1000 * times.length) / times.reduce((sum, time) => sum + time.limit, 0)
      rates = { limit, product: ratioOf === 'time' ? limit / median(ratios) : limit * median(ratios) }
      return rates.limit
    },
    product: () => Promise.resolve(rates.product), // measured with the limit, question by question
    faults: () => (each === null ? [] : result().flatMap((ratio, i) => (ratioOf === 'time' ? ratio > each : ratio < each) ? [`${questions[i]!.name}: ${ratio.toFixed(2)}`] : [])),
    detail: () => ({ ...detail(), each: Object.fromEntries(result().map((ratio, i) => [questions[i]!.name, Math.round(ratio * 100) / 100])) }),
    close,
  }
}
