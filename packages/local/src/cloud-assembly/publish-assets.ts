import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AwsError } from '#simulator/core/aws-error';
import { type Deps, root } from '#simulator/core/cloud';
import { bucketIn } from '#simulator/s3/operations/buckets';
import type { AssemblyStack } from './cloud-assembly.ts';

/**
 * Stores the stack's files in CDK's assets bucket, as `cdk deploy` does before it deploys. Templates, and folders such
 * as the code of functions, are read from the cloud assembly.
 */
export async function publishAssets({ cloud, account }: Deps, { assets }: AssemblyStack): Promise<void> {
  const placeholders: Readonly<Record<string, string>> = {
    '${AWS::AccountId}': account.accountId,
    '${AWS::Region}': account.region,
    '${AWS::Partition}': 'aws',
  };
  const filled = (text: string) => text.replace(/\$\{AWS::\w+\}/g, (each) => placeholders[each] ?? each);
  const call = (operation: string, input: object) => cloud.call('s3', operation, input, root(account));
  for (const { path, packaging, destinations } of assets.values()) {
    if (packaging !== 'file' || path.endsWith('.template.json')) continue;
    const { size } = await stat(path);
    for (const { bucketName, objectKey } of destinations) {
      const Bucket = filled(bucketName);
      await createBucket(call, { Bucket, ...bucketIn(account.region) });
      await call('PutObject', { Bucket, Key: filled(objectKey), Body: createReadStream(path), ContentLength: size });
    }
  }
}

async function createBucket(
  call: (operation: string, input: object) => Promise<unknown>,
  input: { readonly Bucket: string },
) {
  try {
    await call('HeadBucket', { Bucket: input.Bucket });
  } catch (error) {
    if (!(error instanceof AwsError) || error.status !== 404) throw error;
    await call('CreateBucket', input);
  }
}
