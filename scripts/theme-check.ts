import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { themeCheckRun } from '@shopify/theme-check-node'
import { blockSchema, resolveTranslations, schemaOf } from './block-schema.ts'

/** What Shopify refuses at upload or in review (sizes in bytes); the script budget is of the compressed file. */
export const limits = { total: 10_000_000, blocks: 30, locales: 100, localeFile: 15_000, liquid: 100_000, script: 10_000, style: 100_000 }
const folders = ['assets', 'blocks', 'snippets', 'locales']

export interface ThemeReport { files: number; problems: string[]; scriptBytes: Record<string, number> }

/**
 * Checks a theme app extension: Shopify's own linter, then what that leaves out (schemas of blocks, limits at upload, script budget).
 * @param folder the extension's folder; made absolute here, because the linter finds nothing at a relative path and calls that a success.
 */
export async function checkExtension(folder: string): Promise<ThemeReport> {
  const root = resolve(folder)
  return checked(root, [...(await lint(root)), ...checkFiles(root)])
}

/** The part without the linter: schemas and limits. */
export function checkFiles(root: string): string[] {
  return [...checkLimits(root), ...checkSchemas(root)]
}

function checked(root: string, problems: string[]): ThemeReport {
  const files = walk(root)
  const scriptBytes = Object.fromEntries(files.filter((file) => file.endsWith('.js')).map((file) => [relative(root, file), compressed(file)]))
  return { files: files.length, problems, scriptBytes }
}

async function lint(root: string): Promise<string[]> {
  const { offenses, theme } = await themeCheckRun(root, join(root, '.theme-check.yml'))
  const seen = theme.length
  if (seen === 0) return [`${root}: the linter found no files to check`]
  return offenses.map((o) => `${o.uri.replace(/^file:\/\//, '').replace(`${root}/`, '')}:${o.start.line + 1} ${o.check}: ${o.message}`)
}

function checkLimits(root: string): string[] {
  const problems: string[] = []
  const files = walk(root)
  const size = (list: string[]) => list.reduce((sum, file) => sum + statSync(file).size, 0)
  const within = (what: string, found: number, limit: number) => {
    if (found > limit) problems.push(`${what}: ${found}, more than ${limit}`)
  }
  const inFolder = (name: string) => files.filter((file) => relative(root, file).startsWith(`${name}/`))
  within('bytes in all', size(files), limits.total)
  within('blocks', inFolder('blocks').length, limits.blocks)
  within('locale files', inFolder('locales').length, limits.locales)
  within('bytes of Liquid', size(files.filter((file) => file.endsWith('.liquid'))), limits.liquid)
  for (const file of inFolder('locales')) within(`${relative(root, file)} bytes`, statSync(file).size, limits.localeFile)
  for (const file of files.filter((file) => file.endsWith('.js'))) within(`${relative(root, file)} compressed bytes`, compressed(file), limits.script)
  for (const file of files.filter((file) => file.endsWith('.css'))) within(`${relative(root, file)} bytes`, statSync(file).size, limits.style)
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory() && !folders.includes(entry.name)) problems.push(`${entry.name}/: only ${folders.join(', ')} may be uploaded`)
  }
  return problems
}

function checkSchemas(root: string): string[] {
  const problems: string[] = []
  const english: unknown = JSON.parse(readFileSync(join(root, 'locales/en.default.schema.json'), 'utf8'))
  for (const file of readdirSync(join(root, 'blocks')).toSorted()) {
    const schema = schemaOf(readFileSync(join(root, 'blocks', file), 'utf8'))
    if (schema === null) {
      problems.push(`blocks/${file}: no schema`)
      continue
    }
    const result = blockSchema.safeParse(resolveTranslations(schema, english))
    for (const issue of result.error?.issues ?? []) problems.push(`blocks/${file}: ${issue.path.join('.')}: ${issue.message}`)
    for (const asset of [result.data?.javascript, result.data?.stylesheet]) {
      if (asset && !walk(root).includes(join(root, 'assets', asset))) problems.push(`blocks/${file}: asset ${asset} is missing`)
    }
  }
  return problems
}

const compressed = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).length

function walk(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

if (import.meta.main) {
  const report = await checkExtension(join(import.meta.dirname, '../extensions/homing-storefront'))
  for (const problem of report.problems) console.log(problem)
  if (report.problems.length === 0) console.log(`theme check: ${report.files} files, no faults`)
  process.exit(report.problems.length === 0 ? 0 : 1)
}
