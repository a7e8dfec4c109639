import { z } from 'zod'
import { sessionToken } from './bridge.ts'

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
  /** Waits as long as it takes, for files. */
  patient?: boolean
}

/** Asks our own server and reads the answer with the shape that both sides share. App Bridge puts the session token in. Throws `Fault`. */
export async function ask<T extends z.ZodType>(shape: T, path: string, options: Ask = {}): Promise<z.infer<T>> {
  const json = await (await fetchOrFault(path, options)).json().catch(() => null)
  return readAnswer(shape, json)
}

/** For answers whose body does not matter. */
export async function tell(path: string, options: Ask = {}): Promise<void> {
  await fetchOrFault(path, options)
}

/** Asks for a file and hands it to the browser under `name`. However large it is: it may take as long as it needs. */
export async function download(path: string, name: string, signal?: AbortSignal): Promise<void> {
  const response = await fetchOrFault(path, { patient: true, ...(signal ? { signal } : {}) })
  const content = await response.blob().catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new Fault(0, 'broken_off', 'The file broke off before its end, so it was not saved. Please try again.')
  })
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Sends a file as it is, and reads the answer. `onProgress` hears which part of it has left (0 to 1). Throws `Fault`. */
export async function upload<T extends z.ZodType>(shape: T, path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<z.infer<T>> {
  let sent = await sendFile(path, file, onProgress, signal)
  if (sent.status === 401 && sent.retry) sent = await sendFile(path, file, onProgress, signal) // the token was too old
  if (sent.status < 200 || sent.status > 299) throw faultOf(sent.status, sent.answer)
  return readAnswer(shape, sent.answer)
}

/** By XMLHttpRequest, because `fetch` does not tell how much has left. */
async function sendFile(path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<{ status: number; retry: boolean; answer: unknown }> {
  const token = await sessionToken()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = (): void => request.abort()
    const fail = (): void => reject(new Fault(0, 'no_answer', 'The file could not be sent to its end. Check your connection, and that the file is still where it was, and try again.'))
    request.open('POST', path)
    request.responseType = 'json'
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Content-Type', 'text/csv')
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
    request.onload = () => resolve({ status: request.status, retry: request.getResponseHeader('X-Shopify-Retry-Invalid-Session-Request') !== null, answer: request.response as unknown })
    request.onerror = fail
    const aborted = (): void => reject(new DOMException('Stopped', 'AbortError'))
    request.onabort = aborted
    request.onloadend = () => signal.removeEventListener('abort', stop)
    signal.addEventListener('abort', stop)
    if (signal.aborted) aborted()
    else request.send(file)
  })
}

function readAnswer<T extends z.ZodType>(shape: T, answer: unknown): z.infer<T> {
  const read = shape.safeParse(answer)
  if (!read.success) throw new Fault(0, 'unreadable', 'The answer could not be read. Reload the page; if that does not help, tell us.')
  return read.data
}

/** What to tell a person about something that was thrown. */
export const wordsOf = (error: unknown): string => (error instanceof Fault ? error.message : 'Something went wrong. Please try again.')
/** The fault of one field, if the server named it. */
export const fieldFault = (error: unknown, field: string): string | undefined => (error instanceof Fault ? error.fields[field] : undefined)

async function fetchOrFault(path: string, { method = 'GET', body, signal, keepalive, patient = false }: Ask): Promise<Response> {
  const signals = [...(patient ? [] : [AbortSignal.timeout(45_000)]), ...(signal ? [signal] : [])]
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(keepalive ? { keepalive } : {}),
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Fault(0, 'no_answer', 'The server could not be reached. Check your connection and try again.')
  }
  if (response.ok) return response
  throw faultOf(response.status, await response.json().catch(() => null))
}

function faultOf(status: number, answer: unknown): Fault {
  const told = refusal.safeParse(answer)
  if (told.success) return new Fault(status, told.data.error.code, told.data.error.message, told.data.error.fields)
  return new Fault(status, 'fault', 'Something went wrong on our side. Please try again.')
}
