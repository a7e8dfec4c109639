import { hostname } from 'node:os'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ReplyReader, type Reply } from './smtp-reply.ts'
import type { SmtpAddress } from './server-address.ts'

/** One mail as the server gets it: an envelope with one recipient, and lines that need no stuffing (`mimeOf`). */
export interface SmtpMail {
  from: string
  to: string
  data: string
}

export type Stage = 'greeting' | 'hello' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body'
/**
 * What came of it. `said`: the server's last word. `lost`: the line broke or stayed silent; `begun` when bytes of the message may
 * have left, only then may it have been taken. `cannot`: the server lacks what this needs, nothing left.
 */
export type Delivery =
  | { kind: 'said'; stage: Stage; reply: Reply }
  | { kind: 'lost'; fault: string; begun: boolean }
  | { kind: 'cannot'; what: 'tls' | 'auth' | 'address' | 'size' }

export interface ConnectionOptions {
  timeoutMs: number
  /** For the answer after the message: servers look at it first. */
  bodyTimeoutMs: number
  /** An own authority, for tests. */
  ca?: string
}

/**
 * One connection to a mail server: greeting, EHLO, STARTTLS with a verified certificate, AUTH, then one mail after the other.
 * Envelope and DATA leave in one go where the server allows it (PIPELINING); the message only after the server's "go on". When
 * anything unexpected comes the connection is over: nothing on it can be believed any more.
 */
export class SmtpConnection {
  delivered = 0
  idleSince = 0
  private readonly address: SmtpAddress
  private readonly options: ConnectionOptions
  private readonly closed: () => void
  private socket: Socket
  private reader = new ReplyReader()
  private arrived: Reply[] = []
  private waiter: { resolve: (reply: Reply) => void; reject: (fault: Lost) => void } | null = null
  private timer: NodeJS.Timeout | null = null
  private over: string | null = null
  private abilities = new Map<string, string>()
  private needsReset = false

  /** @param closed called once when the connection is over */
  constructor(address: SmtpAddress, options: ConnectionOptions, closed: () => void) {
    this.address = address
    this.options = options
    this.closed = closed
    const target = { host: address.host, port: address.port }
    this.socket = address.tls === 'direct' ? connectTls({ ...target, ...this.verified() }) : connectPlain(target)
    this.attach(this.socket)
  }

  get isOver(): boolean {
    return this.over !== null || !this.socket.writable
  }

  /** Up to the point where mails can be handed over. Null: it is there. */
  async open(): Promise<Exclude<Delivery, { kind: 'said'; stage: 'body' }> | null> {
    try {
      const greeting = await this.reply()
      if (greeting.code !== 220) return this.end({ kind: 'said', stage: 'greeting', reply: greeting })
      const refused = await this.hello()
      if (refused) return this.end({ kind: 'said', stage: 'hello', reply: refused })
      const { tls } = this.address
      if (tls === 'upgrade' || (tls === 'offered' && this.abilities.has('STARTTLS'))) {
        if (!this.abilities.has('STARTTLS')) return this.end({ kind: 'cannot', what: 'tls' })
        const answer = await this.ask('STARTTLS\r\n')
        if (answer.code !== 220) return this.end({ kind: 'said', stage: 'tls', reply: answer })
        await this.encrypt()
        const again = await this.hello()
        if (again) return this.end({ kind: 'said', stage: 'hello', reply: again })
      }
      if (this.address.user !== '') {
        const signedIn = await this.signIn()
        if (!signedIn) return this.end({ kind: 'cannot', what: 'auth' })
        if (signedIn.code !== 235) return this.end({ kind: 'said', stage: 'auth', reply: signedIn })
      }
      return null
    } catch (error) {
      return { kind: 'lost', fault: this.faultOf(error), begun: false }
    }
  }

  async deliver({ from, to, data }: SmtpMail): Promise<Delivery> {
    let begun = false
    try {
      const beyondAscii = /[^ -~]/.test(from + to)
      if (beyondAscii && !this.abilities.has('SMTPUTF8')) return { kind: 'cannot', what: 'address' }
      const size = beyondAscii ? Buffer.byteLength(data) : data.length
      const most = Number(this.abilities.get('SIZE') ?? 0)
      if (most > 0 && size > most) return { kind: 'cannot', what: 'size' }
      const refused = await this.envelope([
        `MAIL FROM:<${from}>${this.abilities.has('SIZE') ? ` SIZE=${size}` : ''}${beyondAscii ? ' SMTPUTF8' : ''}\r\n`,
        `RCPT TO:<${to}>\r\n`,
        'DATA\r\n',
      ])
      if (refused) {
        if (refused.kind === 'said' && refused.reply.code === 421) this.fail('421')
        return refused
      }
      this.checkQuiet()
      begun = true
      this.socket.cork()
      this.socket.write(data, beyondAscii ? 'utf8' : 'latin1')
      this.socket.write('\r\n.\r\n', 'latin1')
      this.socket.uncork()
      const reply = await this.reply(this.options.bodyTimeoutMs)
      if (reply.code < 400) this.delivered++
      if (reply.code === 421) this.fail('421')
      return { kind: 'said', stage: 'body', reply }
    } catch (error) {
      return { kind: 'lost', fault: this.faultOf(error), begun }
    }
  }

  /** While nothing is asked the connection must not keep the process alive. */
  rest(): void {
    this.idleSince = performance.now()
    this.socket.unref()
  }
  wake(): void {
    this.socket.ref()
  }

  /** Says goodbye without waiting for the answer. */
  quit(): void {
    if (!this.isOver) this.socket.end('QUIT\r\n')
    this.fail('CLOSED')
  }

  /** Null: the server waits for the message. */
  private async envelope(lines: [string, string, string]): Promise<Delivery | null> {
    const reset = this.needsReset ? 'RSET\r\n' : ''
    const together = this.abilities.has('PIPELINING')
    if (together) {
      this.checkQuiet()
      this.socket.write(reset + lines.join(''), 'utf8')
    }
    this.needsReset = true
    if (reset) {
      const answer = together ? await this.reply() : await this.ask(reset)
      if (answer.code !== 250) {
        this.fail(String(answer.code))
        return { kind: 'lost', fault: `RSET ${answer.code}`, begun: false }
      }
    }
    let refused: Delivery | null = null
    for (const [i, stage] of (['mail', 'rcpt', 'data'] as const).entries()) {
      if (refused && !together) return refused
      let reply
      try {
        reply = together ? await this.reply() : await this.ask(lines[i]!)
      } catch (error) {
        if (refused) return refused // it said no and hung up
        throw error
      }
      const good = stage === 'data' ? reply.code === 354 : reply.code >= 200 && reply.code < 300
      if (!good) refused ??= { kind: 'said', stage, reply }
      else if (refused && stage === 'data') await this.ask('.\r\n').catch(() => undefined) // it waits for a message to nobody (RFC 2920, 3.1)
    }
    if (!refused) this.needsReset = false // the end of the message ends the transaction
    return refused
  }

  /** EHLO, or HELO with a server that knows no better; the reply when it refuses both. */
  private async hello(): Promise<Reply | null> {
    const own = this.address.name ?? (/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(hostname()) ? hostname() : '[127.0.0.1]')
    this.abilities = new Map()
    const reply = await this.ask(`EHLO ${own}\r\n`)
    if (reply.code >= 500 && reply.code !== 554) {
      const old = await this.ask(`HELO ${own}\r\n`)
      return old.code === 250 ? null : old
    }
    if (reply.code !== 250) return reply
    for (const line of reply.lines.slice(1)) {
      const [name = '', ...rest] = line.trim().split(/[ =]/)
      const known = this.abilities.get(name.toUpperCase())
      this.abilities.set(name.toUpperCase(), [known, ...rest].filter(Boolean).join(' '))
    }
    return null
  }

  /** Null: there is no way that both sides know. */
  private async signIn(): Promise<Reply | null> {
    const { user, password } = this.address
    const base64 = (words: string): string => `${Buffer.from(words).toString('base64')}\r\n`
    const ways = new Set((this.abilities.get('AUTH') ?? '').toUpperCase().split(' '))
    if (ways.has('PLAIN')) return this.ask(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`)
    if (!ways.has('LOGIN')) return null
    for (const line of ['AUTH LOGIN\r\n', base64(user)]) {
      const reply = await this.ask(line)
      if (reply.code !== 334) return reply
    }
    return this.ask(base64(password))
  }

  private async encrypt(): Promise<void> {
    // What came before the handshake was not encrypted: somebody on the way may have put it in.
    if (!this.reader.isEmpty) this.fail('UNASKED')
    this.checkQuiet()
    const plain = this.socket
    plain.removeAllListeners()
    plain.on('error', () => undefined)
    const socket = connectTls({ socket: plain, ...this.verified() })
    this.socket = socket
    this.attach(socket)
    await new Promise<void>((resolve, reject) => {
      this.waiter = { resolve: () => undefined, reject }
      this.startTimer(this.options.timeoutMs)
      socket.once('secureConnect', () => {
        this.waiter = null
        this.stopTimer()
        resolve()
      })
    })
  }

  /** The certificate must be for the host of the address, whether the connection was made here or is upgraded. */
  private verified(): { host: string; servername: string; rejectUnauthorized: true; ca?: string } {
    const { host } = this.address
    return { host, servername: isIP(host) ? '' : host, rejectUnauthorized: true, ...(this.options.ca ? { ca: this.options.ca } : {}) }
  }

  private attach(socket: Socket | TLSSocket): void {
    socket.setNoDelay(true)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      try {
        for (const reply of this.reader.read(chunk)) this.take(reply)
      } catch (error) {
        this.fail((error as Error).message)
      }
    })
    socket.on('end', () => this.fail('CLOSED'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.fail(error.code ?? 'UNKNOWN'))
    socket.on('close', () => this.fail('CLOSED'))
  }

  private take(reply: Reply): void {
    const { waiter } = this
    if (waiter) {
      this.waiter = null
      this.stopTimer()
      waiter.resolve(reply)
    } else if (this.arrived.length < 4) this.arrived.push(reply)
    else this.fail('UNASKED')
  }

  private async ask(line: string): Promise<Reply> {
    this.checkQuiet()
    this.socket.write(line, 'utf8')
    return this.reply()
  }

  /** Throws when the line is broken, or a reply came to what was not asked yet: "421 closing", or somebody who cannot count. */
  private checkQuiet(): void {
    const [early] = this.arrived
    this.arrived = []
    if (early) this.fail(`UNASKED ${early.code}`)
    if (this.over !== null) throw new Lost(this.over)
  }

  private reply(timeoutMs = this.options.timeoutMs): Promise<Reply> {
    const reply = this.arrived.shift()
    if (reply) return Promise.resolve(reply)
    if (this.over !== null) return Promise.reject(new Lost(this.over))
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject }
      this.startTimer(timeoutMs)
    })
  }

  private startTimer(timeoutMs: number): void {
    this.timer = setTimeout(() => this.fail('TIMEOUT'), timeoutMs)
  }
  private stopTimer(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }

  private end<T>(result: T): T {
    this.quit()
    return result
  }

  private fail(fault: string): void {
    if (this.over !== null) return
    this.over = fault
    this.stopTimer()
    if (this.socket.writableEnded) setTimeout(() => this.socket.destroy(), 1_000).unref() // a goodbye is on its way
    else this.socket.destroy()
    this.waiter?.reject(new Lost(fault))
    this.waiter = null
    this.closed()
  }

  private faultOf(error: unknown): string {
    this.fail('FAULT')
    return error instanceof Lost ? error.message : 'FAULT'
  }
}

/** The line broke; the message is a short code. */
class Lost extends Error {}
