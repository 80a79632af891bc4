import type { Provider } from '../provider.ts';
import { jsonText } from './calls.ts';

type BucketPolicyProperties = { readonly Bucket: string; readonly PolicyDocument: unknown };

/** AWS::S3::BucketPolicy. */
export const s3BucketPolicy: Provider<BucketPolicyProperties> = {
  replacing: ['Bucket'],
  async create(properties, context) {
    const { Bucket } = properties;
    await context.call('s3', 'PutBucketPolicy', { Bucket, Policy: jsonText(properties.PolicyDocument) });
    return { physicalId: Bucket, attributes: {} };
  },
  async update(handle, properties, _old, context) {
    const Policy = jsonText(properties.PolicyDocument);
    await context.call('s3', 'PutBucketPolicy', { Bucket: handle.physicalId, Policy });
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('s3', 'DeleteBucketPolicy', { Bucket: physicalId });
  },
};
