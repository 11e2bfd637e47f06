import { defineConfig } from 'vitest/config'

/** Not tests: every page is drawn into docs/images, by the same server and browser that the tests use. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/screenshots/*.ts'],
    globalSetup: ['tests/browser/setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
})
