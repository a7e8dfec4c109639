import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

/**
 * A real Chromium without system packages: the bundled one, unpacked once into the repository's cache, or the one at CHROMIUM_PATH.
 * The bundle's own arguments are not used: they switch web security off, and frame and cross-origin tests would prove nothing.
 * Two processes must not unpack at the same time: the first start on a machine belongs to one of them.
 */
export async function launchBrowser(): Promise<Browser> {
  const own = process.env.CHROMIUM_PATH
  if (own) return chromium.launch({ executablePath: own, args })
  const cache = resolve(import.meta.dirname, '../../node_modules/.cache/chromium')
  mkdirSync(cache, { recursive: true })
  const before = process.env.TMPDIR
  process.env.TMPDIR = cache // it unpacks into the temporary folder
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs24.x' // before the import: brings its libraries and fonts
  process.env.FONTCONFIG_FILE = fontsFile(cache)
  const { default: bundled } = await import('@sparticuz/chromium')
  const executablePath = await bundled.executablePath()
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  return chromium.launch({ executablePath, args })
}

const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none']

/** The bundle's own list looks for fonts under /tmp only; without any font Chromium ends itself at the first text field. */
function fontsFile(cache: string): string {
  const file = join(cache, 'fonts.conf')
  const text = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(cache, 'fonts')}</dir><cachedir>${join(cache, 'fonts-cache')}</cachedir><config></config></fontconfig>
`
  if (!existsSync(file)) writeFileSync(file, text)
  return file
}
