import { writeFile } from 'node:fs/promises';
import { UsageError } from '../command-failure.ts';

/** The variables by which the AWS CLI, boto3, the SDKs and CDK find the local runtime. */
export function exportsFor(url: string): readonly (readonly [name: string, value: string])[] {
  return [
    ['AWS_ENDPOINT_URL', url],
    ['AWS_REGION', 'us-east-1'],
    // Only this one is read by boto3 and by version 1 of the AWS CLI.
    ['AWS_DEFAULT_REGION', 'us-east-1'],
    ['AWS_ACCESS_KEY_ID', 'local'],
    ['AWS_SECRET_ACCESS_KEY', 'local'],
  ];
}

/** Writes the variables as a file for `--env-file` of Node and Docker, and for `source`. Throws UsageError. */
export async function writeEnvFile(path: string, url: string): Promise<void> {
  const lines = exportsFor(url).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path, lines.join('')).catch((error: Error) => {
    throw new UsageError(`--write-env is "${path}", which cannot be written: ${error.message}`, error);
  });
}
