import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { tempFolder } from './setup.ts'

/** A database of its own for each call: a new SQLite file, or a copy of the migrated PostgreSQL template. */
export async function freshDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = inject('postgres')
  if (!server) {
    const folder = tempFolder()
    return { url: `file:${folder.path}/homing.db`, drop: async () => folder.remove() }
  }
  const name = `t_${randomBytes(6).toString('hex')}`
  await onServer(server, `create database ${name} template template_homing`)
  return { url: `${server}/${name}`, drop: () => onServer(server, `drop database if exists ${name} with (force)`) }
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
