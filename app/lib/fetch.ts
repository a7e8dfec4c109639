export type Fetch = typeof globalThis.fetch

/**
 * `fetch` as production uses it: bounded in time, so that no partner can hold a worker for ever, and without redirects: what we
 * send holds keys, and nobody may lead them to another place.
 */
export function createFetch(timeoutMs = 30_000): Fetch {
  return (input, init) => globalThis.fetch(input, { redirect: 'error', ...init, signal: init?.signal ?? AbortSignal.timeout(timeoutMs) })
}
