import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { MUTANTS } from './mutants.ts';
import { mutate } from './mutate.ts';
import { MUTANT_VARIABLE } from './mutated-test.ts';

const ROOT = join(import.meta.dirname, '../..');

const mutant = MUTANTS.find(({ name }) => name === process.env[MUTANT_VARIABLE]);
if (!mutant) throw new Error(`there is no mutant "${process.env[MUTANT_VARIABLE]}"`);
const path = join(ROOT, 'packages/engine/src', mutant.file);

/** Any test, with one bug in the engine that it loads. */
export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (text, id) => (id.split('?')[0] === path ? mutate(mutant, text) : undefined),
    },
  ],
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    root: ROOT,
    // Vitest would take the engine of the mutant before.
    fsModuleCache: false,
    setupFiles: './test/support/remove-assemblies.ts',
    env: { CDK_VALIDATION: 'false', AWS_EC2_METADATA_DISABLED: 'true' },
    testTimeout: 60_000,
  },
});
