import { checkWriteConditions } from './conditions.ts';
import type { Input } from './inputs.ts';
import type { Bucket, Content, Described, ObjectHeaders, ObjectVersion } from './model.ts';
import { checkKey } from './names.ts';
import type { S3Request, S3State } from './state.ts';

/**
 * Stores an object for PutObject or CopyObject when `ingest` has its content. Throws if a condition of the request does
 * not hold, before or then.
 */
export async function storeObject(
  state: S3State,
  { input, caller }: S3Request<Input<'PutObject'> | Input<'CopyObject'>>,
  described: Described,
  ingest: () => Promise<Content>,
) {
  const key = checkKey(input.Key);
  const before = state.bucket(input.Bucket);
  const headers = state.encryptedHeaders(before, { key, ...described }, { input, caller });
  checkWriteConditions(input, key, state.live(before, key));
  const content = await ingest();
  try {
    // Bucket and object can have changed while the content arrived.
    const bucket = state.bucket(input.Bucket);
    checkWriteConditions(input, key, state.live(bucket, key));
    const reason = 'CopySource' in input ? 'CopyObject' : 'PutObject';
    const version = state.put(bucket, { ...content, ...described, headers, key }, reason, { input, caller });
    return { version, shown: shownOf(state, bucket, version) };
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

/** What the response to a write says of the object, besides its digests. */
export const shownOf = (state: S3State, bucket: Bucket, version: ObjectVersion) => ({
  ...encryptionOf(version.headers),
  ...state.shownVersionId(bucket, version),
});

/** The encryption members of a response. */
export const encryptionOf = ({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }: ObjectHeaders) => ({
  ServerSideEncryption,
  SSEKMSKeyId,
  BucketKeyEnabled,
});
