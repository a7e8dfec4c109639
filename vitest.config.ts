import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// These touch no database at all: on the second engine they would only be the same again.
const withoutDatabase = [
  'ask', 'bench', 'consent.chain', 'consent.fold', 'domains.parts', 'env', 'extension', 'imports.files', 'lib', 'mail.contract', 'mail.http', 'mail.mailgun', 'mail.mime', 'mail.smtp', 'shopify.documents', 'simulator.platform', 'simulator.storefront', 'simulator.surfaces', 'templates.compile', 'templates.merge', 'web', 'web.segments',
].map((name) => `tests/${name}.test.ts`)
const postgres = (process.env.DATABASE_URL ?? '').startsWith('postgres')

/** The long ones first, so that no worker is left with one while the other has nothing to do. */
const long = ['faults.test', 'deliveries.kill', 'faults.clock', 'story', 'deliveries.batches', 'faults.stages', 'inbox', 'law', 'deliveries.send']
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => (long.findIndex((name) => file.moduleId.includes(`/${name}.`)) + long.length + 1) % (long.length + 1)
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}

// Own file, because vite.config.ts has its root in web/ and vitest would find no tests there.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/browser/**', ...(postgres ? withoutDatabase : [])],
    globalSetup: ['tests/setup.ts'],
    sequence: { sequencer: LongFirst },
    maxWorkers: 2, // what two cores can carry; left to itself vitest would take one and let the other idle
    isolate: false, // half of the time went into loading the same modules for each file; nothing of the app keeps state in a module
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
