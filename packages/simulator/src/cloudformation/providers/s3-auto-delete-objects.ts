import type { DeleteObjectsOutput, ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import { ResourceFailure } from '../failure-reason.ts';
import type { Provider, ProviderContext } from '../provider.ts';

type AutoDeleteProperties = { readonly BucketName: string };

/** Custom::S3AutoDeleteObjects of CDK: deleting it empties the bucket, so that the bucket can be deleted. */
export const s3AutoDeleteObjects: Provider<AutoDeleteProperties> = {
  replacing: ['BucketName'],
  create: async (properties) => ({ physicalId: properties.BucketName, attributes: {} }),
  update: async (handle) => handle,
  async delete(_handle, properties, context) {
    await empty(properties.BucketName, context);
  },
};

async function empty(Bucket: string, context: ProviderContext): Promise<void> {
  for (;;) {
    const listed = await context.call<ListObjectVersionsOutput>('s3', 'ListObjectVersions', { Bucket });
    const found = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])];
    if (found.length === 0) return;
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors } = await context.call<DeleteObjectsOutput>('s3', 'DeleteObjects', { Bucket, Delete: { Objects } });
    const failed = Errors?.[0];
    if (failed) throw new ResourceFailure(`Deleting ${failed.Key} failed: ${failed.Message}`);
  }
}
