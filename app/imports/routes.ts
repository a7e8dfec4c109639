import { Readable } from 'node:stream'
import { AppError } from '../lib/errors.ts'
import { parse, shopRoute, streamedCsv, type Route, type ShopRequest } from '../lib/http.ts'
import { askForComparison, backToColumns, dropImport } from './compare.ts'
import { compareInput, uploadQuery } from './contract.ts'
import { findingsCsv } from './findings.ts'
import { startImport, stopImport } from './run.ts'
import { importOf } from './state.ts'
import { askToUndo } from './undo.ts'
import { upload } from './upload.ts'
import { listImports, viewImport } from './view.ts'

const view = ({ app, shop, params }: ShopRequest) => viewImport(app, shop.id, params.id!)

export const routes: Route[] = [
  {
    guard: 'shop', method: 'post', path: '/api/imports', body: 'stream',
    handle: async ({ app, shop, query, body }) => {
      if (!(body instanceof Readable)) throw new AppError(400, 'malformed', 'There is no file in this request.')
      const { headers } = body as Readable & { headers?: Record<string, string | undefined> }
      const length = Number(headers?.['content-length'] ?? NaN)
      const id = await upload(app, shop.id, parse(uploadQuery, query), body, Number.isFinite(length) ? length : null)
      return viewImport(app, shop.id, id)
    },
  },
  shopRoute('get', '/api/imports', async ({ app, shop }) => ({ imports: await listImports(app, shop.id) })),
  shopRoute('get', '/api/imports/:id', view),
  shopRoute('get', '/api/imports/:id/findings.csv', async ({ app, shop, params }) => {
    const { fileName } = await importOf(app, shop.id, params.id!)
    return streamedCsv(`${fileName.replace(/\.\w{1,5}$/, '')} - findings.csv`, findingsCsv(app, shop.id, params.id!))
  }),
  shopRoute('post', '/api/imports/:id/compare', async (request) => {
    const { app, shop, userId, params, body } = request
    await importOf(app, shop.id, params.id!) // whose it is comes before what is asked
    await askForComparison(app, shop.id, params.id!, userId, parse(compareInput, body))
    return view(request)
  }),
  shopRoute('post', '/api/imports/:id/back', (request) => backToColumns(request.app, request.shop.id, request.params.id!).then(() => view(request))),
  shopRoute('post', '/api/imports/:id/start', (request) => startImport(request.app, request.shop.id, request.params.id!).then(() => view(request))),
  shopRoute('post', '/api/imports/:id/stop', (request) => stopImport(request.app, request.shop.id, request.params.id!).then(() => view(request))),
  shopRoute('post', '/api/imports/:id/undo', (request) => askToUndo(request.app, request.shop.id, request.params.id!).then(() => view(request))),
  shopRoute('delete', '/api/imports/:id', async ({ app, shop, params }) => {
    await dropImport(app, shop.id, params.id!)
    return { imports: await listImports(app, shop.id) }
  }),
]
