import type { z } from 'zod'
import type { Fetch } from '../lib/fetch.ts'
import type { DomainAnswer } from './provider.ts'
import { withoutAddresses } from './reason.ts'

/** One call to a provider's list of domains. Every fault is an answer in words that an owner can read; nothing is thrown. */
export async function askJson<T extends z.ZodType>(fetch: Fetch, name: string, shape: T, url: string, init: RequestInit): Promise<DomainAnswer<z.infer<T>>> {
  let response: Response
  let body: unknown
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) })
    body = jsonOf(await response.text())
  } catch {
    return { kind: 'later', reason: `${name} could not be reached.` }
  }
  const { status } = response
  if (status === 401 || status === 403) return { kind: 'refused', reason: `${name} does not let this installation set up domains (${status}). Whoever runs Homing must give its API key that right.` }
  if (status === 429 || status >= 500 || status === 408) return { kind: 'later', reason: `${name} is busy (${status}).` }
  if (!response.ok) return { kind: 'refused', reason: `${name} refused the domain (${status})${wordsOf(body)}.` }
  const read = shape.safeParse(body)
  return read.success ? { kind: 'ok', value: read.data } : { kind: 'later', reason: `${name}’s answer could not be read.` }
}

/** The provider's own words: SendGrid's `errors[0].message`, Mailgun's `message`. */
function wordsOf(body: unknown): string {
  const { message, errors } = (body ?? {}) as { message?: unknown; errors?: unknown }
  const first: unknown = Array.isArray(errors) ? (errors[0] as { message?: unknown } | undefined)?.message : message
  return typeof first === 'string' && first ? `: ${withoutAddresses(first).slice(0, 200).replace(/\.$/, '')}` : ''
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
