import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { answerOrders, startChild } from './children.ts'
import { counts, type SinkCounts, Tally } from './tally.ts'

/**
 * How the pretend mail provider behaves. `drain` reads a call and looks for its recipients only; `parse` reads it as JSON, as a
 * provider must; `delay` answers late. The others misbehave at each `every`-th call: `429` and `5xx` refuse it without taking
 * it, `hang` takes it and never answers.
 */
const sinkOptions = z.object({
  mode: z.enum(['drain', 'parse', 'delay', '429', '5xx', 'hang']),
  every: z.number().int().min(1).default(10),
  delayMs: z.number().int().min(0).max(10_000).default(50),
})
export type SinkOptions = z.input<typeof sinkOptions>

const order = z.discriminatedUnion('ask', [z.object({ ask: z.literal('listen'), options: sinkOptions }), z.object({ ask: z.literal('counts') }), z.object({ ask: z.literal('forget') })])

export interface Sink {
  port: number
  counts(): Promise<SinkCounts>
  /** Begins counting anew. */
  forget(): Promise<void>
  stop(): Promise<void>
}

/** A mail provider with SendGrid's front door that keeps nothing but counts, as a process of its own on a free port of this machine. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const child = startChild('./sink.ts')
  const { port } = await child.ask(z.object({ port: z.number() }), { ask: 'listen', options })
  return { port, counts: () => child.ask(counts, { ask: 'counts' }), forget: async () => void (await child.ask(z.null(), { ask: 'forget' })), stop: child.stop }
}

function listen({ mode, every, delayMs }: z.output<typeof sinkOptions>, tally: () => Tally): Promise<Server> {
  const take = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const now = tally()
    const misbehave = ++now.calls % every === 0
    now.bytes += body.length
    if (misbehave && mode === '429') return void response.writeHead(429, { 'retry-after': '1' }).end()
    if (misbehave && mode === '5xx') return void response.writeHead(503).end()
    now.take(mode === 'parse' ? parsed(body) : marked(body))
    if (misbehave && mode === 'hang') return
    const answer = (): void => void response.writeHead(202, { 'x-message-id': `sink-${now.calls}` }).end()
    if (mode === 'delay') setTimeout(answer, delayMs)
    else answer()
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => take(request, response, Buffer.concat(chunks)))
  })
  server.keepAliveTimeout = 60_000
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const mark = Buffer.from('"to":[{"email":"')

/** The recipients of a call, found by their marks without reading the rest: the sink should cost as little as it can. Inside a text the mark's quotes are escaped. */
function marked(body: Buffer): string[] {
  const people: string[] = []
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at)) {
    const from = at + mark.length
    at = body.indexOf(34, from)
    if (at < 0) break
    people.push(body.toString('latin1', from, at))
  }
  return people
}

interface Call { personalizations: { to: { email: string }[] }[] }
/** The same from the whole JSON, as a provider must read it. What has another form throws, and ends the sink. */
function parsed(body: Buffer): string[] {
  const people: string[] = []
  for (const { to } of (JSON.parse(body.toString('utf8')) as Call).personalizations) for (const { email } of to) people.push(email)
  return people
}

if (import.meta.main && process.send) {
  let tally = new Tally()
  answerOrders(async (message) => {
    const given = order.parse(message)
    if (given.ask === 'listen') return { port: ((await listen(given.options, () => tally)).address() as AddressInfo).port }
    if (given.ask === 'counts') return tally.counts()
    tally = new Tally()
    return null
  })
}
