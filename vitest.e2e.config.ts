import { defineConfig } from 'vitest/config';
import unitTests from './vitest.config.ts';

/** Whole paths with real processes: `npm run test:e2e`. */
export default defineConfig({
  ...unitTests,
  test: {
    ...unitTests.test,
    include: ['test/{e2e,account}/*.test.ts'],
    isolate: true,
    // The tests mostly wait.
    maxWorkers: 3,
    // Safety nets for a busy machine: every wait ends with the event that it waits for.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
