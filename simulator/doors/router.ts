import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import express, { Router, type Request, type RequestHandler, type Response } from 'express'
import { sharedFiles } from '../admin/router.ts'
import { controlRouter, type Controls } from './control-api.ts'
import { dnsPage } from './dns.ts'
import { homePage } from './home.ts'
import { inboxPage, letterHtml, letterPolicy, mailPage, type View } from './inbox.ts'
import type { SimMail, World } from '../types.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** The page with three doors, the inboxes, and the control API under /__sim. On its own port, so that none of it can be mistaken for the platform's. */
export function doorsRouter(world: World, controls: Controls): Router {
  const router = Router()
  router.use((_request, response, next) => {
    response.set({
      'Content-Security-Policy': "default-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'; form-action 'self'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    })
    next()
  })
  router.use('/_', sharedFiles())
  for (const file of ['doors.css', 'home.js', 'mail.js', 'dns.js', 'times.js']) router.get(`/_/${file}`, (_request, response) => response.sendFile(join(here, file)))
  router.use('/__sim', express.json({ type: 'application/json' }), controlRouter(world, controls))

  router.get('/', (_request, response) => response.send(homePage(world, controls.shoppers !== null)))
  router.get('/inbox', (request, response) => {
    const text = (name: string): string => (typeof request.query[name] === 'string' ? request.query[name] : '')
    response.send(inboxPage(world, { to: text('to') || null, find: text('find').trim(), page: Math.max(0, Number(text('page')) || 0) }))
  })
  router.get('/dns', (request, response) => response.send(dnsPage(world, typeof request.query.store === 'string' ? request.query.store : null)))
  const withMail = (handle: (request: Request, response: Response, mail: SimMail) => unknown): RequestHandler => (request, response) => {
    const mail = world.mails.find((one) => one.id === request.params.id)
    if (!mail) return void response.status(404).type('text').send('There is no such mail. A fresh start forgets all of them.')
    handle(request, response, mail)
  }
  router.get('/mail/:id', withMail((request, response, mail) => {
    const view: View = request.query.view === 'text' || request.query.view === 'headers' || request.query.view === 'source' ? request.query.view : 'mail'
    response.send(mailPage(world, mail, { view, images: request.query.images !== 'off', phone: request.query.width === 'phone' }))
  }))
  router.get('/letter/:id', withMail((request, response, mail) => response.set('Content-Security-Policy', letterPolicy(request.query.images !== 'off')).send(letterHtml(mail))))
  return router
}
