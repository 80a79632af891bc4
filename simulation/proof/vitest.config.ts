import { defineConfig } from 'vitest/config';

/** Tests of deployments that take too long for `npm test`; `npm run simulate` runs them. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    root: import.meta.dirname,
    include: ['*.proof.ts'],
    // aws-cdk-lib ≥ 2.276 validates every template at synth, which takes seconds each.
    env: { CDK_VALIDATION: 'false', AWS_EC2_METADATA_DISABLED: 'true' },
    testTimeout: 60_000,
  },
});
