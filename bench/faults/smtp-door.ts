import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { isBadAddress } from './chance.ts'
import type { House } from './provider.ts'
import type { Person } from './truth.ts'

/** A mail server for one worker, on a port of its own. A mail counts as taken when its last byte is here, before anything is answered. */
export async function openSmtp(house: House, door: number): Promise<number> {
  const sockets = new Map<number, Socket>()
  const cut = (session: SMTPServerSession): void => void sockets.get(session.remotePort)?.destroy()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onMailFrom: (_from, _session, done) => done(house.refusing() ? said(550, '5.7.515 Access denied, sending domain does not meet the required authentication level') : null),
    onRcptTo: ({ address }, _session, done) => done(isBadAddress(house.seed, address) ? said(550, '5.1.1 The email account that you tried to reach does not exist') : null),
    onData: (stream, session, done) => {
      read(stream).then((text) => answer(house, door, session, text, done, () => cut(session)), () => cut(session))
    },
  })
  server.on('error', () => undefined) // a client that dies is what this is for
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.server.address() as AddressInfo).port
}

function answer(house: House, door: number, session: SMTPServerSession, text: string, done: (error?: Error | null, message?: string) => void, cut: () => void): void {
  if (!house.arrives(door)) return cut()
  const [to] = session.envelope.rcptTo
  const key = /^Message-ID: *<([^@>]+)@/im.exec(text)?.[1]
  if (!to || !key || session.envelope.rcptTo.length !== 1) return done(said(554, 'one recipient and a Message-ID, please'))
  const people: Person[] = [{ address: to.address, key }]
  const accept = (): void => {
    done(null, `queued as fault-${key}`)
    setImmediate(() => house.answered(door))
  }
  const take = (then: () => void): void => (house.takes(door, people) ? then() : cut())
  switch (house.treatment(people)) {
    case 'take':
      return take(() => house.later(people, accept))
    case 'slow':
      return take(() => void setTimeout(accept, 400))
    case 'take-late':
      return take(() => void setTimeout(accept, house.lateMs))
    case 'take-drop':
    case 'unwell-took':
      return take(cut)
    case 'refuse-drop':
      return cut()
    case 'busy':
      return done(said(451, '4.7.0 Too many messages, slow down'))
    case 'unwell':
      return done(said(451, '4.3.0 Local error in processing'))
  }
}

async function read(stream: SMTPServerDataStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const said = (responseCode: number, words: string): Error => Object.assign(new Error(words), { responseCode })
