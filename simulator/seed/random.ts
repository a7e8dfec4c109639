import { createHash } from 'node:crypto'

/** Numbers that are the same for the same seed and name, whatever else drew numbers before. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  /** Picks by weight; the weights need not add up to anything. */
  weighted<T>(list: readonly (readonly [T, number])[]): T
}

export function randomOf(seed: number, name: string): Random {
  let state = hashOf(`${seed}:${name}`)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error('nothing to pick from')
    return list[Math.floor(next() * list.length)]!
  }
  return {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (share) => next() < share,
    pick,
    weighted(list) {
      let at = next() * list.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of list) if ((at -= weight) < 0) return value
      return list.at(-1)![0]
    },
  }
}

/** 32 bits of a text, evenly spread. */
export const hashOf = (text: string): number => createHash('sha1').update(text).digest().readUInt32BE(0)

/** "Blue & white Teapot" -> "blue-white-teapot". */
export const handleOf = (title: string): string =>
  title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'item'
