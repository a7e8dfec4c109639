import { createServer, type Server } from 'node:http'
import express, { type Express } from 'express'

/** One listening server; its routes are added afterwards, because they need everybody's addresses. */
export interface Opened { app: Express; server: Server; url: string }

/** Opens a server on this machine. With a wanted port: that one, or the next that is free. With 0: any. */
export async function open(wanted: number): Promise<Opened> {
  const app = express()
  app.disable('x-powered-by')
  const server = createServer(app)
  for (let port = wanted; ; port++) {
    const fault = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      server.once('error', resolve)
      server.listen(port, '127.0.0.1', () => {
        server.removeListener('error', resolve)
        resolve(null)
      })
    })
    if (!fault) return { app, server, url: addressOf(server) }
    if (fault.code !== 'EADDRINUSE' || port >= wanted + 200) throw fault
  }
}

/** Ends a server at once; whoever still waits for an answer is cut off. */
export async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

export function addressOf(server: Server): string {
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the server does not listen')
  return `http://127.0.0.1:${address.port}`
}
