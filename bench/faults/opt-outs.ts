import { setTimeout as wait } from 'node:timers/promises'

/** People who leave while it is being sent, by the button of their mail program, evenly over the sending. */
export function leaveDuring(web: string, people: { email: string; path: string }[], share: () => number): { confirmed: Map<string, number>; stop(): Promise<void> } {
  const confirmed = new Map<string, number>() // address -> when we had answered, by the machine's clock
  const waiting = [...people]
  let over = false
  const loop = (async () => {
    while (!over && waiting.length > 0) {
      await wait(50)
      if (waiting.length / people.length < 1 - share()) continue
      const [person] = waiting
      const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
      const status = await fetch(web + person!.path, { method: 'POST', body, signal: AbortSignal.timeout(5_000) }).then(async (response) => (await response.arrayBuffer(), response.status), () => 0)
      if (status < 200 || status > 299) continue // the web process is dead or the disk is full; they press again
      confirmed.set(person!.email, Date.now())
      waiting.shift()
    }
  })()
  return { confirmed, stop: () => ((over = true), loop) }
}
