import { z } from 'zod'

const refusal = z.object({ error: z.object({ code: z.string(), message: z.string(), fields: z.record(z.string(), z.string()).default({}) }) })

/** What the server refused, or why there was no answer. `message` may be shown as it is. `status` 0: no answer at all. */
export class Fault extends Error {
  readonly status: number
  readonly code: string
  /** Field name -> what is wrong with it. */
  readonly fields: Record<string, string>
  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}) {
    super(message)
    this.name = 'Fault'
    this.status = status
    this.code = code
    this.fields = fields
  }
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  signal?: AbortSignal
  /** Lets the request outlive the page, for a last save. */
  keepalive?: boolean
}

/** Asks our own server and reads the answer with the shape that both sides share. App Bridge puts the session token in. Throws `Fault`. */
export async function ask<T extends z.ZodType>(shape: T, path: string, options: Ask = {}): Promise<z.infer<T>> {
  const json = await (await fetchOrFault(path, options)).json().catch(() => null)
  const read = shape.safeParse(json)
  if (!read.success) throw new Fault(0, 'unreadable', 'The answer could not be read. Reload the page; if that does not help, tell us.')
  return read.data
}

/** For answers whose body does not matter. */
export async function tell(path: string, options: Ask = {}): Promise<void> {
  await fetchOrFault(path, options)
}

/** Asks for a file and hands it to the browser under `name`. */
export async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await fetchOrFault(path, {})).blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** What to tell a person about something that was thrown. */
export const wordsOf = (error: unknown): string => (error instanceof Fault ? error.message : 'Something went wrong. Please try again.')
/** The fault of one field, if the server named it. */
export const fieldFault = (error: unknown, field: string): string | undefined => (error instanceof Fault ? error.fields[field] : undefined)

async function fetchOrFault(path: string, { method = 'GET', body, signal, keepalive }: Ask): Promise<Response> {
  const limit = AbortSignal.timeout(45_000)
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(keepalive ? { keepalive } : {}),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Fault(0, 'no_answer', 'The server could not be reached. Check your connection and try again.')
  }
  if (response.ok) return response
  const told = refusal.safeParse(await response.json().catch(() => null))
  if (told.success) throw new Fault(response.status, told.data.error.code, told.data.error.message, told.data.error.fields)
  throw new Fault(response.status, 'fault', 'Something went wrong on our side. Please try again.')
}
