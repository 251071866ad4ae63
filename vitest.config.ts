import { defineConfig } from 'vitest/config'

/** Tests of the packages and of the rules of the house; those on whole installations have `e2e/vitest.config.ts`. */
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    allowOnly: false,
    passWithNoTests: false,
  },
})
