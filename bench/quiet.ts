import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

/** Waits, for at most `patience` looks of half a second, until the machine does little else. Answers the share in use at the last look. */
export async function waitUntilQuiet(patience = 40): Promise<number> {
  let share = 1
  for (let i = 0; i < patience && share > 0.1; i++) {
    const before = ticks()
    await wait(500)
    const after = ticks()
    share = (after.busy - before.busy) / Math.max(after.all - before.all, 1)
  }
  return share
}

function ticks(): { busy: number; all: number } {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    all += used + times.idle
  }
  return { busy, all }
}
