export type Fetch = typeof globalThis.fetch

/** `fetch` as production uses it: bounded in time, so that no partner can hold a worker for ever. */
export function createFetch(timeoutMs = 30_000): Fetch {
  return (input, init) => globalThis.fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(timeoutMs) })
}
