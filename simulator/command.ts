import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

interface Option { type: 'string' | 'boolean'; default?: string | boolean; about: string; value?: string }

/**
 * Reads the command line of the demo or the story. `--help` prints it and ends with 0; a word that is not known, or a file that is
 * not there, ends with one line and 1. Frees the app of DATABASE_URL, by which it would choose its engine as it is loaded: import it after this.
 */
export function command(usage: string, more: Record<string, Option>): { orders: string | null; values: Record<string, string | boolean | undefined> } {
  const options: Record<string, Option> = { orders: { type: 'string', value: 'FILE', about: 'build the store from a file of real transactions (CSV, plain or gzip)' }, ...more, help: { type: 'boolean', default: false, about: 'say this' } }
  const { values } = read(options)
  if (values.help) {
    const lines = Object.entries(options).map(([name, { value, about }]) => `  ${`--${name}${value ? ` ${value}` : ''}`.padEnd(16)}${about}`)
    process.stdout.write(`${usage}\n\n${lines.join('\n')}\n`)
    process.exit(0)
  }
  delete process.env.DATABASE_URL
  return { orders: typeof values.orders === 'string' ? fileAt(values.orders) : null, values }
}

/** Ends with one plain line and exit code 1. */
export function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function read(options: Record<string, Option>): { values: Record<string, string | boolean | undefined> } {
  try {
    const { values } = parseArgs({ options: Object.fromEntries(Object.entries(options).map(([name, { type, default: usual }]) => [name, { type, ...(usual === undefined ? {} : { default: usual }) }])) })
    return { values: values as Record<string, string | boolean | undefined> }
  } catch (error) {
    return stop(`${error instanceof Error ? error.message.split('. ')[0] : String(error)}. --help says what there is.`)
  }
}

/** As seen from where npm was called. */
function fileAt(given: string): string {
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), given)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) stop(`There is no file ${path}`)
  if (!found.isFile()) stop(`${path} is not a file`)
  return path
}
