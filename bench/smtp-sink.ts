import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { z } from 'zod'
import { answerOrders, startChild } from './children.ts'
import { counts, type SinkCounts, Tally } from './tally.ts'

/**
 * How the pretend mail server behaves. `drain` takes every message; `delay` answers late after each; the others misbehave at each
 * `every`-th message: `4xx` refuses it after DATA, `hang` takes it and never answers.
 */
const sinkOptions = z.object({
  mode: z.enum(['drain', 'delay', '4xx', 'hang']),
  every: z.number().int().min(1).default(10),
  delayMs: z.number().int().min(0).max(10_000).default(50),
})
export type SmtpSinkOptions = z.input<typeof sinkOptions>

const order = z.discriminatedUnion('ask', [z.object({ ask: z.literal('listen'), options: sinkOptions }), z.object({ ask: z.literal('counts') }), z.object({ ask: z.literal('forget') })])

export interface SmtpSink {
  port: number
  /** `calls` are messages that came whole; a recipient counts when its message was taken. */
  counts(): Promise<SinkCounts>
  /** Begins counting anew. */
  forget(): Promise<void>
  stop(): Promise<void>
}

/** A mail server that keeps nothing but counts, as a process of its own on a free port of this machine. It does no more than a server must: it should cost as little as it can. */
export async function startSmtpSink(options: SmtpSinkOptions): Promise<SmtpSink> {
  const child = startChild('./smtp-sink.ts')
  const { port } = await child.ask(z.object({ port: z.number() }), { ask: 'listen', options })
  return { port, counts: () => child.ask(counts, { ask: 'counts' }), forget: async () => void (await child.ask(z.null(), { ask: 'forget' })), stop: child.stop }
}

const endMark = Buffer.from('\r\n.\r\n')
const empty = Buffer.alloc(0)

function listen({ mode, every, delayMs }: z.output<typeof sinkOptions>, tally: () => Tally): Promise<Server> {
  const serve = (socket: Socket): void => {
    let rest: Buffer = empty // a line that is not whole yet, or the last bytes of a message
    let people: string[] = []
    let inData = false
    const take = (): void => {
      const now = tally()
      const misbehave = ++now.calls % every === 0
      const ours = people
      people = []
      if (misbehave && mode === '4xx') return void socket.write('451 4.3.0 not now\r\n')
      now.take(ours)
      if (misbehave && mode === 'hang') return
      if (mode === 'delay') setTimeout(() => socket.write('250 2.0.0 taken\r\n'), delayMs)
      else socket.write('250 2.0.0 taken\r\n')
    }
    /** Answers the commands up to DATA; tells where the message begins, or where the input ended. */
    const commands = (chunk: Buffer): number => {
      let [answer, at] = ['', 0]
      while (!inData) {
        const end = chunk.indexOf(10, at)
        if (end < 0) break
        const line = chunk.toString('latin1', at, end).trimEnd()
        at = end + 1
        const verb = line.slice(0, 4).toUpperCase()
        if (verb === 'RCPT') people.push(line.slice(line.indexOf('<') + 1, line.lastIndexOf('>')))
        if (verb === 'MAIL' || verb === 'RSET') people = []
        if (verb === 'DATA' && people.length > 0) {
          inData = true
          answer += '354 go on\r\n'
        } else if (verb === 'EHLO') answer += '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n'
        else if (verb === 'QUIT') answer += '221 bye\r\n'
        else answer += verb === 'DATA' ? '503 nobody to send to\r\n' : '250 ok\r\n'
      }
      if (answer) socket.write(answer)
      return at
    }
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      tally().bytes += chunk.length
      let input: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      for (;;) {
        if (!inData) {
          input = input.subarray(commands(input))
          if (!inData) break
        }
        const end = input.indexOf(endMark)
        if (end < 0) {
          input = input.subarray(Math.max(0, input.length - endMark.length + 1))
          break
        }
        inData = false
        input = input.subarray(end + endMark.length)
        take()
      }
      rest = input
    })
    socket.write('220 sink ESMTP\r\n')
  }
  const server = createServer(serve)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
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
