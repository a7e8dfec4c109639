import { createHash } from 'node:crypto'
import { Router, json, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import type { World } from '../types.ts'
import { nameServers } from './name-servers.ts'

const asked = z.object({ domain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/), automatic_security: z.literal(true), custom_spf: z.boolean().optional(), default: z.boolean().optional() })

/** SendGrid's authenticated domains: POST and GET /v3/whitelabel/domains, POST /v3/whitelabel/domains/:id/validate. Its look at the records is a real one, at the world's name servers. */
export function domainsRouter(world: World, authorise: RequestHandler): Router {
  const router = Router()
  const account = (domain: string) => {
    const number = idOf(world, domain)
    const record = (host: string, data: string) => ({ valid: false, type: 'cname', host: `${host}.${domain}`, data })
    return {
      id: number, user_id: 1, subdomain: `em${number % 10_000}`, domain, username: 'homing', ips: [], custom_spf: false, default: false, legacy: false, automatic_security: true, valid: world.dns.valid.has(number),
      dns: {
        mail_cname: record(`em${number % 10_000}`, `u${number}.wl.sendgrid.example`), dkim1: record('s1._domainkey', `s1.domainkey.u${number}.wl.sendgrid.example`), dkim2: record('s2._domainkey', `s2.domainkey.u${number}.wl.sendgrid.example`),
      },
    }
  }
  const note = (title: string, status: number, detail: unknown): void => world.wire.add({ kind: 'mail', shop: null, title, detail: JSON.stringify(detail, null, 2), status, ms: null })
  const missing = (response: Response): void => void response.status(404).json({ errors: [{ message: 'Domain not found', field: null, help: null }] })

  router.get('/v3/whitelabel/domains', authorise, (request, response) => {
    const { domain } = request.query
    response.json([...world.dns.authenticated.values()].filter((one) => typeof domain !== 'string' || one.includes(domain)).map(account))
  })
  router.post('/v3/whitelabel/domains', authorise, json(), (request, response) => {
    const shape = asked.safeParse(request.body)
    if (!shape.success) return void response.status(400).json({ errors: [{ message: 'The domain is not valid.', field: 'domain', help: null }] })
    const { domain } = shape.data
    world.dns.authenticated.set(idOf(world, domain), domain)
    note(`SendGrid: ${domain} was added`, 201, account(domain))
    response.status(201).json(account(domain))
  })
  const validate = async (id: number, domain: string) => {
    const dns = nameServers(world)
    const results = Object.entries(account(domain).dns).map(async ([name, { host, data }]) => {
      const found = await dns.cname(host)
      const valid = found.kind === 'found' && found.records.includes(data)
      const reason = valid ? null : `Expected CNAME for "${host}" to match "${data}"${found.kind === 'found' ? `, but found "${found.records.join('", "')}"` : ''}.`
      return [name, { valid, reason }] as const
    })
    const all = Object.fromEntries(await Promise.all(results))
    const valid = Object.values(all).every((one) => one.valid)
    if (valid) world.dns.valid.add(id)
    else world.dns.valid.delete(id)
    return { id, valid, validation_results: all }
  }
  router.post('/v3/whitelabel/domains/:id/validate', authorise, (request, response, next) => {
    const id = Number(request.params.id)
    const domain = world.dns.authenticated.get(id)
    if (!domain) return missing(response)
    validate(id, domain).then((answer) => {
      note(`SendGrid looked at ${domain}: ${answer.valid ? 'valid' : 'not valid yet'}`, 200, answer)
      response.json(answer)
    }, next)
  })
  return router
}

/** The same domain gets the same number in the same world. */
const idOf = (world: World, domain: string): number => createHash('sha256').update(`${world.seed} ${domain}`).digest().readUInt32BE(0) % 100_000_000
