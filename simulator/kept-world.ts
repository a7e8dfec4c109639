import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { z } from 'zod'
import type { SimMail, SimStore, World } from './types.ts'

const version = 2
const kept = z.object({ version: z.literal(version), seed: z.number(), aheadMs: z.number(), stores: z.instanceof(Map), mails: z.array(z.unknown()), dns: z.object({ records: z.instanceof(Map), authenticated: z.instanceof(Map), valid: z.instanceof(Set) }) })

/** Mails that are kept, newest first: a campaign may have been large. */
const mostMails = 2_000

/** Writes the pretend world into a file: stores, mails, and how far its clock is ahead. Old or new, never half. */
export function keepWorld(world: World, file: string): void {
  const all = { version, seed: world.seed, aheadMs: world.clock.now().getTime() - Date.now(), stores: world.stores, mails: world.mails.slice(-mostMails), dns: world.dns }
  writeFileSync(`${file}.new`, serialize(all))
  renameSync(`${file}.new`, file)
}

/** Fills an empty world from such a file. False when there is none; throws when it is of another make. */
export function restoreWorld(world: World, file: string): boolean {
  if (!existsSync(file)) return false
  const found = kept.safeParse(deserialize(readFileSync(file)))
  if (!found.success) throw new Error(`${file} was not written by this version of the simulator; remove its folder to start anew`)
  world.clock.jump(found.data.aheadMs)
  for (const [domain, store] of found.data.stores as Map<string, SimStore>) world.stores.set(domain, store)
  world.mails.push(...(found.data.mails as SimMail[]))
  world.dns = found.data.dns as World['dns']
  return true
}
