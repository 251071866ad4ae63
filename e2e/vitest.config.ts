import { defineConfig } from 'vitest/config'

/** Whole installations with the real programs: one file after the other, since each wants the machine to itself. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['./setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
    teardownTimeout: 60_000,
    allowOnly: false,
    passWithNoTests: false,
    bail: 0,
  },
})
