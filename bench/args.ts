import { parseArgs } from 'node:util'

export interface Args {
  name: string
  recipients: number | null
  pairs: number
  json: boolean
}

/** NAME [--recipients N] [--pairs N] [--json]. Throws words for people. */
export function readArgs(argv: string[], names: string[]): Args {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: { recipients: { type: 'string' }, pairs: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } } })
  const [name, more] = positionals
  if (!name || more !== undefined || !names.includes(name)) throw new Error(`npm run bench -- NAME [--recipients N] [--pairs N] [--json]\nNAME is one of: ${names.join(', ')}`)
  return { name, recipients: values.recipients === undefined ? null : whole(values.recipients, '--recipients', 1, 1_000_000), pairs: whole(values.pairs, '--pairs', 2, 50), json: values.json }
}

function whole(text: string, option: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (!(number >= least && number <= most)) throw new Error(`${option} must be a whole number from ${least} to ${most}`)
  return number
}
