import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { AppError } from '../lib/errors.ts'

/** Nobody can tell yet whether it is kept: ask again. */
export const busy = (): AppError => new AppError(503, 'busy', 'There is too much to do at this moment. Please try again.')

export interface Groups<T> {
  /** Resolves when the item is durable, rejects when it is certainly not, and with `busy` when nobody can tell in time. Never call it inside a transaction. */
  add(item: T): Promise<void>
  /** Takes nothing more and waits for what it has. */
  close(): Promise<void>
}

export interface GroupOptions {
  /** Items in a group at most. */
  most: number
  /** Items that may wait at most; whoever comes then is told so at once. */
  room: number
  /** Milliseconds after which an item stops waiting for its turn. */
  patience: number
}

interface Member<T> {
  item: T
  since: number
  settled: boolean
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * Group commit: what comes in one turn of the event loop, and what comes while a group is being written, is written together. So
 * a commit to the disk is shared by all who wait for it. `write` keeps all of its items or throws and keeps none. If it throws, the
 * group is halved until the faulty item stands alone: it fails for itself, and the others are kept.
 */
export function createGroups<T>(write: (items: T[]) => Promise<void>, { most, room, patience }: GroupOptions): Groups<T> {
  let waiting: Member<T>[] = []
  let writing: Member<T>[] = []
  let running: Promise<void> | null = null
  let watch: NodeJS.Timeout | null = null
  let closed = false

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await turnOfTheLoop()
      writing = waiting.splice(0, most)
      await keep(write, writing)
      writing = []
    }
    running = null
  }

  /** Nobody waits for ever, whatever holds up the database. */
  const look = (): void => {
    const late = performance.now() - patience
    for (const member of [...writing, ...waiting]) if (member.since <= late) settle(member, () => member.reject(busy()))
    waiting = waiting.filter((member) => !member.settled)
    watch = running ? setTimeout(look, patience / 4) : null
  }

  return {
    add(item) {
      if (closed || waiting.length + writing.length >= room) return Promise.reject(busy())
      return new Promise((resolve, reject) => {
        waiting.push({ item, since: performance.now(), settled: false, resolve, reject })
        running ??= run()
        watch ??= setTimeout(look, patience / 4)
      })
    },
    async close() {
      closed = true
      await running
      if (watch) clearTimeout(watch)
    },
  }
}

async function keep<T>(write: (items: T[]) => Promise<void>, group: Member<T>[]): Promise<void> {
  const members = group.filter((member) => !member.settled) // who was told to come again need not be written
  if (members.length === 0) return
  try {
    await write(members.map((member) => member.item))
    for (const member of members) settle(member, member.resolve)
  } catch (error) {
    if (members.length === 1) return settle(members[0]!, () => members[0]!.reject(error))
    const half = members.length >> 1
    await keep(write, members.slice(0, half))
    await keep(write, members.slice(half))
  }
}

function settle<T>(member: Member<T>, how: () => void): void {
  if (member.settled) return
  member.settled = true
  how()
}
