import { fileURLToPath } from 'node:url';

/** Path of the CDK command of 2026, for Node. */
export const CDK_COMMAND = fileURLToPath(new URL('bin/cdk', import.meta.resolve('aws-cdk/package.json')));
