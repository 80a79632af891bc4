import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['{packages/*,examples/*,simulation,demo,bench,scripts,test/account/test}/**/*.test.ts'],
    globalSetup: './test/support/clean-run.ts',
    setupFiles: './test/support/remove-assemblies.ts',
    // A worker runs one file after the other: loading the modules again for each file takes most of the time.
    isolate: false,
    // aws-cdk-lib 2.276 and later validates every template at synthesis, for seconds; one test switches it on.
    env: { CDK_VALIDATION: 'false', AWS_EC2_METADATA_DISABLED: 'true' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
