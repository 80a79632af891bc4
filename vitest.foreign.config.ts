import { defineConfig } from 'vitest/config';
import endToEnd from './vitest.e2e.config.ts';

/** Proof on implementations that nobody here wrote: `npm run test:foreign`. */
export default defineConfig({
  ...endToEnd,
  test: {
    ...endToEnd.test,
    include: ['test/foreign/**/*.test.ts'],
    globalSetup: ['./test/foreign/install.ts', './test/support/clean-run.ts'],
  },
});
