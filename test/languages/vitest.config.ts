import { defineConfig } from 'vitest/config';

/** The packages of all languages, used outside the workspace: `npm run test:languages`. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['**/*.test.ts'],
    // Safety nets: what takes time is what the registries send, and what Go compiles.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
