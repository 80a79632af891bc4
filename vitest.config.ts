import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['{packages/*,simulation,demo,test/*,bench,scripts}/**/*.test.ts'],
    // aws-cdk-lib ≥ 2.276 validates every template at synth (seconds each); one test switches it on again.
    env: { CDK_VALIDATION: 'false', AWS_EC2_METADATA_DISABLED: 'true' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
