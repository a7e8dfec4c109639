import { defineConfig } from 'vitest/config'

// Real Chromium through the simulator; one file at a time, because each starts a whole world.
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    globalSetup: ['tests/setup.ts'],
    fileParallelism: false,
    expect: { poll: { timeout: 20_000 } }, // beside other tests a page may take its time
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
