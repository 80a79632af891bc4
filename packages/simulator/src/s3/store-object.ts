import type { Input, S3Call } from './calls.ts';
import { checkWriteConditions } from './conditions.ts';
import type { Content, Described, ObjectHeaders, ObjectVersion } from './model.ts';
import { checkKey } from './names.ts';
import type { S3State } from './state.ts';

/**
 * Stores an object for PutObject or CopyObject when `ingest` has its content. Throws if a condition of the request does
 * not hold, before or then.
 */
export async function storeObject(
  state: S3State,
  call: S3Call<Input<'PutObject'> | Input<'CopyObject'>>,
  described: Described,
  ingest: () => Promise<Content>,
) {
  const { input } = call;
  const key = checkKey(input.Key);
  const headers = state.encryptedHeaders(call, key, described.headers);
  checkWriteConditions(input, key, state.live(call.bucket, key));
  const content = await ingest();
  try {
    // Bucket and object can have changed while the content arrived.
    checkWriteConditions(input, key, state.live(call.bucket, key));
    const reason = 'CopySource' in input ? 'CopyObject' : 'PutObject';
    const version = state.put(call, { ...content, ...described, headers, key }, reason);
    return { version, shown: shownOf(version) };
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

/** What the response to a write says of the object, besides its digests. It does not name a null version. */
export const shownOf = (version: ObjectVersion) => ({
  ...encryptionOf(version.headers),
  ...(version.versionId !== 'null' && { VersionId: version.versionId }),
});

/** The encryption members of a response. */
export const encryptionOf = ({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }: ObjectHeaders) => ({
  ServerSideEncryption,
  SSEKMSKeyId,
  BucketKeyEnabled,
});
