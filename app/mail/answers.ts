import { MINUTE } from '../lib/clock.ts'
import type { HttpResult } from './http-client.ts'
import type { Outcome } from './provider.ts'

/**
 * No answer came. Where nothing of the request had left, nobody can have taken the mail: for later. Everything else may have been
 * taken (reliability.md 4.2).
 */
export function unanswered(provider: string, { fault, begun }: Extract<HttpResult, { answer: null }>): Outcome {
  return begun
    ? { kind: 'uncertain', reason: `The answer of ${provider} was lost (${fault})` }
    : { kind: 'later', reason: `${provider} could not be asked (${fault})`, retryAfterMs: 30_000, whole: true }
}

/** How long a provider asks us to wait: Retry-After (seconds or a date), else X-RateLimit-Reset (epoch seconds), else a minute. From a second to an hour. */
export function restOf(headers: Record<string, string>, now: Date): number {
  const [after, reset] = [headers['retry-after'], headers['x-ratelimit-reset']]
  const wait = after ? (/^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now.getTime()) : reset ? Number(reset) * 1000 - now.getTime() : MINUTE
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 1_000), 60 * MINUTE) : MINUTE
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
