import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { readAnswer, type HttpAnswer } from './http-answer.ts'

/** The answer; or why there is none, and whether anything of the request may have left. What has not begun was certainly not taken. */
export type HttpResult = { answer: HttpAnswer; fault: null } | { answer: null; fault: string; begun: boolean }

export interface HttpClient {
  /**
   * Posts to a path of the one address. Never throws, follows no redirect, asks no proxy, sends nothing twice.
   * @param headers header lines, each with its \r\n at the end
   * @param body strings are ASCII
   */
  post(path: string, headers: string, body: (string | Buffer)[]): Promise<HttpResult>
  close(): void
}

export interface HttpOptions {
  /** http:// or https://; a path in it stands before every path. */
  url: string
  /** Most connections at once; what comes beyond them waits. */
  connections: number
  /** For connecting, and again from the first byte of the request to the last of the answer. */
  timeoutMs: number
  /** An own authority, for tests. */
  ca?: string
}

/** A connection that has been idle for longer is not trusted with a request: the other side may be closing it just now. */
const idleMs = 4_000

interface Job {
  head: string
  body: (string | Buffer)[]
  done: (result: HttpResult) => void
}

/**
 * An HTTP/1.1 client for one provider: kept connections, one request at a time on each. It exists because the sending of mail
 * needs two things that clients for everything do not give: the certain word whether a request had begun to leave, and twice their pace
 * (docs/decisions/0005-own-clients-for-mail.md). TLS is always verified, whatever the environment says.
 */
export function createHttpClient(options: HttpOptions): HttpClient {
  const url = new URL(options.url)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const target = { host, port: Number(url.port || (secure ? 443 : 80)) }
  const before = url.pathname.replace(/\/$/, '')
  const waiting: Job[] = []
  const free: Connection[] = []
  const all = new Set<Connection>()
  let closed = false

  const open = (job: Job): void => {
    const connection = new Connection(secure ? connectTls({ ...target, servername: isIP(host) ? '' : host, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'], ...(options.ca ? { ca: options.ca } : {}) }) : connectPlain(target), {
      ready: secure ? 'secureConnect' : 'connect',
      timeoutMs: options.timeoutMs,
      freed: () => next(connection),
      gone: () => {
        all.delete(connection)
        const at = free.indexOf(connection)
        if (at >= 0) free.splice(at, 1)
        next(null)
      },
    })
    all.add(connection)
    connection.begin(job)
  }
  /** A connection became free, or one is gone: who waits goes on. */
  const next = (connection: Connection | null): void => {
    const job = waiting.shift()
    if (!job) {
      if (connection) free.push(connection)
    } else if (connection) connection.begin(job)
    else if (all.size < options.connections) open(job)
    else waiting.unshift(job)
  }

  return {
    post: (path, headers, body) =>
      new Promise((done) => {
        if (closed) return done({ answer: null, fault: 'CLOSED', begun: false })
        const length = body.reduce((sum, part) => sum + part.length, 0)
        const job = { head: `POST ${before}${path} HTTP/1.1\r\nhost: ${url.host}\r\n${headers}content-length: ${length}\r\n\r\n`, body, done }
        for (;;) {
          const connection = free.pop() // the one used last: least likely to be stale
          if (!connection) break
          if (connection.isFresh()) return connection.begin(job)
          connection.end()
        }
        if (all.size < options.connections) open(job)
        else waiting.push(job)
      }),
    close() {
      closed = true
      for (const job of waiting.splice(0)) job.done({ answer: null, fault: 'CLOSED', begun: false })
      for (const connection of all) connection.end()
    },
  }
}

class Connection {
  readonly socket: Socket
  readonly hooks: { ready: string; timeoutMs: number; freed: () => void; gone: () => void }
  job: Job | null = null
  isOpen = false
  isOver = false
  begun = false
  bytes: Buffer | null = null
  timer: NodeJS.Timeout | null = null
  idleSince = 0

  constructor(socket: Socket, hooks: Connection['hooks']) {
    this.socket = socket
    this.hooks = hooks
    socket.setNoDelay(true)
    socket.once(hooks.ready, () => {
      this.isOpen = true
      if (this.job) this.write(this.job)
    })
    socket.on('data', (chunk: Buffer) => this.read(chunk, false))
    socket.on('end', () => this.read(null, true))
    socket.on('error', (error: NodeJS.ErrnoException) => this.fail(error.code ?? 'UNKNOWN'))
    socket.on('close', () => this.fail('CLOSED'))
  }

  begin(job: Job): void {
    this.job = job
    this.begun = false
    this.socket.ref()
    this.wait()
    if (this.isOpen) this.write(job)
  }

  isFresh(): boolean {
    return !this.isOver && this.socket.writable && !this.socket.readableEnded && performance.now() - this.idleSince < idleMs
  }

  end(): void {
    this.fail('CLOSED')
  }

  private wait(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = setTimeout(() => this.fail('TIMEOUT'), this.hooks.timeoutMs)
  }

  private write({ head, body }: Job): void {
    this.begun = true
    this.wait()
    this.socket.cork()
    this.socket.write(head, 'latin1')
    for (const part of body)
      if (typeof part === 'string') this.socket.write(part, 'latin1')
      else this.socket.write(part)
    this.socket.uncork()
  }

  private read(chunk: Buffer | null, ended: boolean): void {
    if (this.isOver) return
    if (!this.job || !this.begun) return this.fail('UNASKED') // an answer that nobody asked for: nothing on this line can be believed
    if (chunk) this.bytes = this.bytes ? Buffer.concat([this.bytes, chunk]) : chunk
    let answer: HttpAnswer | null
    try {
      answer = this.bytes && readAnswer(this.bytes, ended)
    } catch (error) {
      return this.fail((error as Error).message)
    }
    if (!answer) return ended ? this.fail('CLOSED') : undefined
    const { done } = this.job
    this.job = null
    this.bytes = null
    if (this.timer) clearTimeout(this.timer)
    // An answer that came before all of the request had left: the rest would be taken for the next request.
    if (answer.reusable && this.socket.writableLength === 0) {
      this.idleSince = performance.now()
      this.socket.unref()
      done({ answer, fault: null })
      this.hooks.freed()
    } else {
      done({ answer, fault: null })
      this.fail('CLOSED')
    }
  }

  private fail(fault: string): void {
    if (this.isOver) return
    this.isOver = true
    if (this.timer) clearTimeout(this.timer)
    const job = this.job
    this.job = null
    this.socket.destroy()
    job?.done({ answer: null, fault, begun: this.begun })
    this.hooks.gone()
  }
}
