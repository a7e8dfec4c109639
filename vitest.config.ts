import { defineConfig } from 'vitest/config'

// Own file, because vite.config.ts has its root in web/ and vitest would find no tests there.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/browser/**'],
    globalSetup: ['tests/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
