import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAppConfig, type AppConfig } from '../app-config.ts'
import type { SimStore, World } from '../types.ts'
import type { BulkOperation } from './bulk.ts'
import type { Delivery } from './webhooks.ts'

/** What the platform remembers besides the stores: running work and deliveries. Nobody outside `platform/` looks at it. */
export interface PlatformState {
  config: AppConfig
  deliveries: {
    /** To be posted now, in this order. */
    ready: Delivery[]
    /** Failed; to be posted again when the clock says so. */
    waiting: Delivery[]
    posting: number
    timer: NodeJS.Timeout | null
    pump: NodeJS.Immediate | NodeJS.Timeout | null
    idle: (() => void)[]
  }
  bulk: Map<SimStore, BulkOperation[]>
  /** Made at the first need. */
  folder: string | null
  closed: boolean
}

const states = new WeakMap<World, PlatformState>()
const folders = new Set<string>()
process.on('exit', () => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }) })

export function platformOf(world: World): PlatformState {
  let state = states.get(world)
  if (!state) {
    state = {
      config: readAppConfig(),
      deliveries: { ready: [], waiting: [], posting: 0, timer: null, pump: null, idle: [] },
      bulk: new Map(),
      folder: null,
      closed: false,
    }
    states.set(world, state)
  }
  return state
}

/** A folder for results, removed with the world. */
export function folderOf(world: World): string {
  const state = platformOf(world)
  if (!state.folder) {
    state.folder = mkdtempSync(join(tmpdir(), 'homing-platform-'))
    folders.add(state.folder)
  }
  return state.folder
}

export async function closePlatform(world: World): Promise<void> {
  const state = platformOf(world)
  state.closed = true
  const { deliveries } = state
  if (deliveries.timer) clearTimeout(deliveries.timer)
  deliveries.ready.length = 0
  deliveries.waiting.length = 0
  for (const wake of deliveries.idle.splice(0)) wake()
  if (!state.folder) return
  folders.delete(state.folder)
  await rm(state.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) // an export may still be writing there
}
