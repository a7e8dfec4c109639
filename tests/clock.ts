export interface TestClock {
  now(): Date
  jump(milliseconds: number): void
  set(at: Date): void
}

/** A clock that stands still until it is moved. */
export function testClock(start = new Date('2026-11-22T10:00:00Z')): TestClock {
  let at = start.getTime()
  return { now: () => new Date(at), jump: (ms) => void (at += ms), set: (to) => void (at = to.getTime()) }
}
