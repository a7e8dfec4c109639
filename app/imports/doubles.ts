/**
 * Which line of a file counts for each address, when one stands in it several times: the last, unless an earlier one says no; a "no" is never
 * lost to a "yes" below it. Twelve bytes a place instead of a Map's hundred, so that the memory for a million lines is not felt. Two addresses are
 * taken for one when 64 bits of them are the same: in a million, once in thirty million files.
 */
export interface Winners {
  add(key: string, line: number, saysNo: boolean): void
  /** How many different addresses there are. */
  size(): number
  /** The line that counts for this address. */
  lineOf(key: string): number
}

export function createWinners(): Winners {
  let size = 1 << 12
  let used = 0
  let table = new Int32Array(size * 3) // both halves of the hash; the line, doubled, plus 1 when it says no. A line of 0: free.

  const place = (in_: Int32Array, places: number, high: number, low: number): number => {
    let at = (low >>> 0) % places
    while (in_[at * 3 + 2] !== 0 && (in_[at * 3] !== high || in_[at * 3 + 1] !== low)) at = at + 1 === places ? 0 : at + 1
    return at * 3
  }
  const grow = (): void => {
    const wider = new Int32Array(size * 2 * 3)
    for (let at = 0; at < table.length; at += 3) {
      if (table[at + 2] === 0) continue
      const to = place(wider, size * 2, table[at]!, table[at + 1]!)
      wider.set(table.subarray(at, at + 3), to)
    }
    size *= 2
    table = wider
  }

  return {
    add(key, line, saysNo) {
      if (used >= size * 0.7) grow()
      const [high, low] = hashOf(key)
      const at = place(table, size, high, low)
      const before = table[at + 2]!
      if (before === 0) {
        used++
        table[at] = high
        table[at + 1] = low
      }
      if (saysNo || (before & 1) === 0) table[at + 2] = line * 2 + (saysNo ? 1 : 0)
    },
    size: () => used,
    lineOf(key) {
      const [high, low] = hashOf(key)
      return table[place(table, size, high, low) + 2]! >> 1
    },
  }
}

/** cyrb53's two halves: fast, and spread well enough for telling addresses apart. */
function hashOf(key: string): [number, number] {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < key.length; i++) {
    const char = key.charCodeAt(i)
    a = Math.imul(a ^ char, 2654435761)
    b = Math.imul(b ^ char, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return [a | 0, b | 0]
}
