import { createHash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { App } from '../app.ts'
import { stopOnLostSync } from '../db/faults.ts'
import { fileLock } from '../db/file-lock.ts'
import { besideDatabase } from './places.ts'

// Where an opt-out is kept when the database cannot take it: a file that has its full length from the beginning, so that a full disk
// cannot refuse it. It holds no address: the signed token of the link, which names ids only and is good for nothing but leaving.

/** An opt-out as it was pressed. */
export interface OptOut {
  token: string
  byHand: boolean
  language: string
  at: Date
}
export interface Waiting {
  slot: number
  optOut: OptOut
}
export interface Journal {
  /** On the disk when it returns; the same token twice is kept once. Throws when it is full or the disk refuses. */
  write(optOut: OptOut): void
  /** Whether anything waits to be written into the ledger; cheap. */
  waiting(): boolean
  read(): Waiting[]
  /** Forgets what has been written into the ledger. */
  done(entries: Waiting[]): void
  close(): void
}

const slotBytes = 256
const slots = 8_192
/** A file system's clock may tick as slowly as this many milliseconds: only a look that comes later than that has surely seen all changes of that time. */
const tick = 100

/** The journal of this database on this machine, or null when there is none (yet). */
export function journalOf(app: Pick<App, 'settings'>): Journal | null {
  const path = besideDatabase(app, 'opt-outs')
  if (!path) return null
  const known = open.get(path)
  if (known) return known
  return existsSync(path) ? openJournal(path) : null
}

/** Makes the journal, with all the room that it will ever need, while there is some. Throws when the folder cannot be written. */
export function reserveJournal(app: Pick<App, 'settings'>): Journal | null {
  const path = besideDatabase(app, 'opt-outs')
  if (!path) return null
  mkdirSync(dirname(path), { recursive: true })
  return journalOf(app) ?? openJournal(path)
}

const open = new Map<string, Journal>()

function openJournal(path: string): Journal {
  const lock = fileLock(`${path}-lock`)
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+', 0o600)
  const sync = (): void => {
    try {
      fsyncSync(file)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'EIO') stopOnLostSync() // the same as for the database: nothing that follows could be believed
      throw error
    }
  }
  let closed = false
  /** The number of a closed file may be another file's by now. */
  const hold = <T>(work: () => T): T => {
    if (closed) throw new Error('the journal of opt-outs is closed')
    return lock.hold(work)
  }
  hold(() => {
    const missing = slots * slotBytes - fstatSync(file).size
    if (missing <= 0) return
    writeAll(file, Buffer.alloc(missing), fstatSync(file).size)
    sync()
  })
  const scan = (): { waiting: Waiting[]; free: number } => {
    const all = Buffer.alloc(slots * slotBytes)
    readSync(file, all, 0, all.length, 0)
    const waiting: Waiting[] = []
    let free = -1
    for (let slot = 0; slot < slots; slot++) {
      const optOut = unpack(all.subarray(slot * slotBytes, (slot + 1) * slotBytes))
      if (optOut) waiting.push({ slot, optOut })
      else if (free < 0) free = slot
    }
    return { waiting, free }
  }
  let looked: { changed: bigint; first: number; last: number; any: boolean } | null = null
  const journal: Journal = {
    write: (optOut) =>
      hold(() => {
        const { waiting, free } = scan()
        if (waiting.some((one) => one.optOut.token === optOut.token)) return
        if (free < 0) throw new Error('the journal of opt-outs is full')
        looked = null
        writeAll(file, pack(optOut), free * slotBytes)
        sync()
      }),
    waiting() {
      if (closed) return false
      const { mtimeNs: changed } = fstatSync(file, { bigint: true })
      if (looked?.changed === changed && looked.last - looked.first > tick) return looked.any
      const now = performance.now()
      looked = { changed, first: looked?.changed === changed ? looked.first : now, last: now, any: scan().waiting.length > 0 }
      return looked.any
    },
    read: () => hold(() => scan().waiting),
    done: (entries) =>
      hold(() => {
        const now = new Map(scan().waiting.map(({ slot, optOut }) => [slot, optOut.token]))
        looked = null
        // Another process may have emptied the slot, and somebody may have pressed since: only what is still the same goes.
        for (const { slot, optOut } of entries) if (now.get(slot) === optOut.token) writeAll(file, Buffer.alloc(slotBytes), slot * slotBytes)
        sync()
      }),
    close() {
      if (closed) return
      closed = true
      open.delete(path)
      closeSync(file)
      lock.close()
    },
  }
  open.set(path, journal)
  return journal
}

/** Length, then the record as JSON, then its checksum: what was cut off by a power cut is not an opt-out that anybody was told is done. */
function pack({ token, byHand, language, at }: OptOut): Buffer {
  const text = Buffer.from(JSON.stringify([token, byHand ? 1 : 0, language.slice(0, 8), at.getTime()]))
  if (text.length > slotBytes - 10) throw new Error('the token is too long for the journal of opt-outs')
  const record = Buffer.alloc(slotBytes)
  record.writeUInt16BE(text.length)
  text.copy(record, 2)
  sumOf(text).copy(record, slotBytes - 8)
  return record
}

function unpack(record: Buffer): OptOut | null {
  const length = record.readUInt16BE()
  if (length === 0 || length > slotBytes - 10) return null
  const text = record.subarray(2, 2 + length)
  if (!sumOf(text).equals(record.subarray(slotBytes - 8))) return null
  const [token, byHand, language, at] = JSON.parse(text.toString()) as [string, number, string, number]
  return { token, byHand: byHand === 1, language, at: new Date(at) }
}

const sumOf = (text: Buffer): Buffer => createHash('sha256').update(text).digest().subarray(0, 8)

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, position + at)
}
