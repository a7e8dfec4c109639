import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { World } from '../types.ts'

/** An event on its way to the app's webhook. */
export interface MailEvent {
  email: string
  timestamp: number
  event: string
  sg_event_id: string
  sg_message_id: string
  'smtp-id': string
  [more: string]: unknown
}

/** One POST that stays the same in its retries: an array of SendGrid's events, or one of Mailgun's with its signature. */
export type EventBatch = { attempt: number; dueAt: number } & ({ events: MailEvent[]; signed?: undefined } | { events: { event: string }[]; signed: string })

export interface MailState {
  privateKey: KeyObject
  publicKey: string
  apiKey: string
  batches: EventBatch[]
  /** Events that wait for company before they are posted. */
  collecting: MailEvent[]
  posting: Promise<void> | null
  timer: NodeJS.Timeout | null
  closed: boolean
  /** Addresses that the provider itself no longer mails, with its reason. */
  suppressed: Map<string, string>
}

const states = new WeakMap<World, MailState>()

export function mailStateOf(world: World): MailState {
  let state = states.get(world)
  if (!state) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    state = {
      privateKey: pair.privateKey,
      publicKey: createPublicKey(pair.privateKey).export({ format: 'der', type: 'spki' }).toString('base64'),
      apiKey: `SG.${createHmac('sha256', world.app.clientSecret).update('mail').digest('base64url')}`,
      batches: [],
      collecting: [],
      posting: null,
      timer: null,
      closed: false,
      suppressed: new Map(),
    }
    states.set(world, state)
  }
  return state
}

/** What the app's settings need: the API key, and the public key of the signed event webhook (base64 DER). */
export const mailKeys = (world: World): { apiKey: string; webhookKey: string } => ({ apiKey: mailStateOf(world).apiKey, webhookKey: mailStateOf(world).publicKey })
