/** Draws from a seed: the same seed, the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A number from 0 to 1 that belongs to these words: what happens to a call depends on who is in it, not on when it comes. */
export function chanceOf(seed: number, ...words: (string | number)[]): number {
  let hash = 0x811c9dc5 ^ seed
  for (const letter of words.join('\n')) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193)
  return seeded(hash)()
}

export const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

/** Whether the provider refuses this address for good. One in two thousand. */
export const isBadAddress = (seed: number, address: string): boolean => chanceOf(seed, 'bad', address) < 1 / 2000
