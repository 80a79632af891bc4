import { ResourceFailure } from '../failure-reason.ts';
import type { Provider, ProviderContext } from '../provider.ts';

/** Custom::S3AutoDeleteObjects, CDK's own resource: empties the bucket when it is deleted, so that the bucket can go. */
export const s3AutoDeleteObjects: Provider = {
  replacing: ['BucketName'],
  create: async (properties) => ({ physicalId: properties.BucketName, attributes: {} }),
  update: async (handle) => handle,
  async delete(_handle, properties, context) {
    await empty(properties.BucketName, context);
  },
};

async function empty(Bucket: string, context: ProviderContext): Promise<void> {
  for (;;) {
    const { Versions, DeleteMarkers } = await context.call('s3', 'ListObjectVersions', { Bucket });
    const found = [...(Versions ?? []), ...(DeleteMarkers ?? [])] as { Key: string; VersionId?: string }[];
    if (found.length === 0) return;
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors } = await context.call('s3', 'DeleteObjects', { Bucket, Delete: { Objects } });
    if (Errors?.length > 0) throw new ResourceFailure(`Deleting ${Errors[0].Key} failed: ${Errors[0].Message}`);
  }
}
