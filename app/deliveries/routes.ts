import type { Route } from '../lib/http.ts'
import { receiveFeedback } from './feedback.ts'
import { click, open } from './tracking.ts'

export const routes: Route[] = [
  { guard: 'public', method: 'get', path: '/o/:token', lean: true, handle: open },
  { guard: 'public', method: 'get', path: '/c/:token/:n', lean: true, handle: click },
  { guard: 'public', method: 'post', path: '/events/sendgrid', body: 'raw', handle: receiveFeedback },
  { guard: 'public', method: 'post', path: '/events/mailgun', body: 'raw', handle: receiveFeedback },
]
