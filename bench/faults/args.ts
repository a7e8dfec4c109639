import { parseArgs } from 'node:util'

export interface Plan {
  kills: number
  recipients: number
  seed: number
  provider: 'sendgrid' | 'smtp'
  /** An engine to be started for this run, or the address of a PostgreSQL database that has all migrations and nobody in it. */
  database: 'sqlite' | 'postgres' | `postgres://${string}`
  json: boolean
}

const words = 'npm run faults -- [--kills N] [--recipients N] [--seed S] [--provider sendgrid|smtp] [--database sqlite|postgres] [--json]'

/** What is asked for on the command line; without a seed, one is drawn. Throws words for people. */
export function readArgs(argv: string[], draw: () => number = () => Math.floor(Math.random() * 1_000_000)): Plan {
  const { values } = parseArgs({
    args: argv,
    options: {
      kills: { type: 'string', default: '20' }, recipients: { type: 'string', default: '10000' }, seed: { type: 'string' }, provider: { type: 'string', default: 'sendgrid' },
      database: { type: 'string', default: 'sqlite' }, json: { type: 'boolean', default: false },
    },
  })
  const { provider, database } = values
  if (provider !== 'sendgrid' && provider !== 'smtp') throw new Error(`--provider must be sendgrid or smtp\n${words}`)
  if (database !== 'sqlite' && database !== 'postgres' && !isAddress(database)) throw new Error(`--database must be sqlite or postgres\n${words}`)
  return {
    kills: whole(values.kills, '--kills', 0, 10_000),
    recipients: whole(values.recipients, '--recipients', 10, 1_000_000),
    seed: values.seed === undefined ? draw() : whole(values.seed, '--seed', 0, 999_999_999),
    provider,
    database,
    json: values.json,
  }
}

const isAddress = (text: string): text is `postgres://${string}` => text.startsWith('postgres://')

function whole(text: string, option: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (!(number >= least && number <= most)) throw new Error(`${option} must be a whole number from ${least} to ${most}`)
  return number
}
