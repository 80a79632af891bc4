import { defineConfig } from 'vitest/config';

/** What decides over a mutant of `policy/`: its tables, without the slower rest. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: { include: ['packages/engine/test/policy/**/*.test.ts'] },
});
