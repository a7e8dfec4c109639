import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { isBadAddress } from './chance.ts'
import type { House } from './provider.ts'
import type { Person } from './truth.ts'

const call = z.object({ personalizations: z.array(z.object({ to: z.array(z.object({ email: z.string() })).length(1), custom_args: z.object({ key: z.string() }) })).min(1).max(1000) })
const rest = 20 // seconds that "too many" asks for

/** SendGrid's front door for one worker, on a port of its own (platform.md 16.1). */
export async function openSendGrid(house: House, door: number): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => answer(house, door, request, response, Buffer.concat(chunks)))
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function answer(house: House, door: number, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const cut = (): void => void request.socket.destroy()
  const fault = (status: number, message: string, field: string | null = null, headers: Record<string, string> = {}): void =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ errors: [{ message, field, help: null }] }))
  if (!house.arrives(door)) return cut()
  if (request.url !== '/v3/mail/send' || request.method !== 'POST') return fault(404, 'not found')
  if (house.refusing()) return fault(401, 'The provided authorization grant is invalid, expired, or revoked')
  const read = call.safeParse(JSON.parse(body.toString('utf8')))
  if (!read.success) return fault(400, 'Bad Request', 'personalizations')
  const people: Person[] = read.data.personalizations.map(({ to, custom_args }) => ({ address: to[0]!.email, key: custom_args.key }))
  const addresses = people.map((person) => person.address.toLowerCase())
  if (new Set(addresses).size < addresses.length) return fault(400, 'Each email address in the personalization block should be unique', 'personalizations')
  const bad = people.findIndex((person) => isBadAddress(house.seed, person.address))
  if (bad >= 0) return fault(400, 'Does not contain a valid address.', `personalizations.${bad}.to.0.email`)

  const accept = (): void => {
    response.writeHead(202, { 'x-message-id': `fault-${people[0]!.key}` }).end(() => house.answered(door))
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
      return take(cut)
    case 'refuse-drop':
      return cut()
    case 'busy':
      house.asksForRest(door, rest * 1000)
      return fault(429, 'too many requests', null, { 'retry-after': String(rest) })
    case 'unwell-took':
      return take(() => fault(503, 'Service Unavailable'))
    case 'unwell':
      return fault(503, 'Service Unavailable')
  }
}
