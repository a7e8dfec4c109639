import { defineConfig } from 'vitest/config'

// These touch no database at all: on the second engine they would only be the same again.
const withoutDatabase = ['bench', 'consent.fold', 'env', 'extension', 'lib', 'shopify.documents', 'simulator.platform', 'simulator.storefront', 'simulator.surfaces', 'templates.compile', 'templates.merge', 'web'].map((name) => `tests/${name}.test.ts`)
const postgres = (process.env.DATABASE_URL ?? '').startsWith('postgres')

// Own file, because vite.config.ts has its root in web/ and vitest would find no tests there.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/browser/**', ...(postgres ? withoutDatabase : [])],
    globalSetup: ['tests/setup.ts'],
    maxWorkers: 2, // what two cores can carry; left to itself vitest would take one and let the other idle
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
