import { dayIn } from '../lib/clock.ts'
import { parse, shopRoute, streamedCsv, type Route, type ShopRequest } from '../lib/http.ts'
import { subscriberFilter } from '../subscribers/contract.ts'
import { exportBlocked } from './blocked.ts'
import { exportLedger } from './ledger.ts'
import { exportPeople } from './people.ts'
import { exportSegments } from './segments.ts'
import { exportTags } from './tags.ts'

const name = ({ app, shop }: ShopRequest, what: string): string => `${what}-${dayIn(shop.timezone, app.clock.now())}.csv`

export const routes: Route[] = [
  shopRoute('get', '/api/subscribers/export.csv', async (asked) => streamedCsv(name(asked, 'people'), await exportPeople(asked.app, asked.shop, parse(subscriberFilter, asked.query)))),
  shopRoute('get', '/api/consent/export.csv', (asked) => Promise.resolve(streamedCsv(name(asked, 'consent'), exportLedger(asked.app, asked.shop.id)))),
  shopRoute('get', '/api/suppressions/export.csv', (asked) => Promise.resolve(streamedCsv(name(asked, 'blocked'), exportBlocked(asked.app, asked.shop.id)))),
  shopRoute('get', '/api/tags/export.csv', (asked) => Promise.resolve(streamedCsv(name(asked, 'tags'), exportTags(asked.app, asked.shop.id)))),
  shopRoute('get', '/api/segments/export.csv', (asked) => Promise.resolve(streamedCsv(name(asked, 'segments'), exportSegments(asked.app, asked.shop)))),
]
