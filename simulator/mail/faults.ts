import type { World } from '../types.ts'

type Countdown = 'tooManyNext' | 'errorNext' | 'hangNext' | 'loseAnswerNext'

/** Is this fault asked for? It is used up by asking, unless told otherwise. */
export function take(faults: World['faults']['mail'], name: Countdown, use = true): boolean {
  if (faults[name] <= 0) return false
  if (use) faults[name] -= 1
  return true
}
