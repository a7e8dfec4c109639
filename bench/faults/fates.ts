import { pick } from './chance.ts'
import { callPoint, type CallPoint } from './provider.ts'

/**
 * How a life ends. time: by SIGKILL some milliseconds after it began to work. write: by SIGKILL at its n-th write to the ledger, just before it or when it is
 * durable. call: by SIGKILL at its n-th call to the mail provider: arrived there, taken, answered. frozen: stopped until its
 * leases have run out, then thawed; ends later. asked: by SIGTERM.
 */
export type Fate =
  | { how: 'time'; after: number }
  | { how: 'write'; when: 'before' | 'after'; n: number }
  | { how: 'call'; point: CallPoint; n: number }
  | { how: 'frozen'; after: number }
  | { how: 'asked'; after: number }

/** The fates of workers, one after the other. Writes are gone through one by one, so that each step of the ledger has its turn; the rest is drawn. */
export function* fatesOfWorkers(random: () => number): Generator<Fate, never> {
  let write = 0
  for (;;) {
    const chance = random()
    if (chance < 0.35) yield { how: 'write', when: write % 2 === 0 ? 'before' : 'after', n: 1 + ((Math.floor(write++ / 2) * 7) % 24) }
    else if (chance < 0.65) yield { how: 'call', point: pick(random, callPoint.options), n: 1 + Math.floor(random() * random() * 40) }
    else if (chance < 0.9) yield { how: 'time', after: Math.floor(random() * 600) }
    else if (chance < 0.97) yield { how: 'frozen', after: Math.floor(random() * 400) }
    else yield { how: 'asked', after: Math.floor(random() * 600) }
  }
}
