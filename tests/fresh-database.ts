import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import pg from 'pg'
import { inject } from 'vitest'
import { tempFolder } from './setup.ts'

/** A database of its own for each call: a copy of the migrated template. */
export async function freshDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = inject('postgres')
  if (!server) {
    const folder = tempFolder()
    copyFileSync(inject('sqlite'), `${folder.path}/homing.db`)
    return { url: `file:${folder.path}/homing.db`, drop: async () => folder.remove() }
  }
  const name = `t_${randomBytes(6).toString('hex')}`
  await onServer(server, `create database ${name} template template_homing strategy file_copy`) // six times as fast as through the log
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
