import { AbortMultipartUploadCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectSource } from '@freshpoint/cdk/contract';
import type { CreatedObjects } from '../ports.ts';
import { type Client, ifFound, send } from './client.ts';
import { COPY_LIMITS, copyObject } from './s3-copy.ts';
import { removeBelow, removeObjects } from './s3-stored-revisions.ts';

/** Metadata of a copy: the key of the asset that was copied. An upload that replaces it has none. */
const ASSET_METADATA = 'freshpoint-initial-data';

export function s3CreatedObjects(client: Client, limits = COPY_LIMITS): CreatedObjects {
  return {
    async copyAsset({ bucket, key, etag, size }, to, isTimeUp) {
      const copy = { from: { bucket, key }, to, etag, size, metadata: { [ASSET_METADATA]: key } };
      const outcome = await copyObject(client, copy, { limits, isTimeUp, begun: async () => undefined });
      if (outcome.kind !== 'unfinished') return outcome.kind === 'copied' ? 'copied' : 'changed';
      const { uploadId: UploadId } = outcome.partialCopy;
      await send(client, new AbortMultipartUploadCommand({ Bucket: to.bucket, Key: to.key, UploadId }));
      return 'unfinished';
    },
    async removeAsset(to) {
      if (await isAsset(client, to)) await removeObjects(client, to.bucket, [to.key]);
    },
    removeStore: ({ bucket, prefix }) => removeBelow(client, bucket, prefix),
  };
}

async function isAsset(client: Client, { bucket, key }: ObjectSource): Promise<boolean> {
  const object = await ifFound(() => send(client, new HeadObjectCommand({ Bucket: bucket, Key: key })));
  return object?.Metadata?.[ASSET_METADATA] !== undefined;
}
