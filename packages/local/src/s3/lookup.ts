import type { Caller } from '../core/cloud.ts';
import { noSuchKey, noSuchVersion, notFound, S3Error } from './errors.ts';
import type { Bucket, ObjectVersion } from './model.ts';
import { checkKey } from './names.ts';
import type { S3State } from './state.ts';

/**
 * The version that a read means. As in S3, who may not list the bucket isn't told that a key is missing: AccessDenied.
 * Throws NoSuchKey (with `head`: NotFound), NoSuchVersion, or MethodNotAllowed for a delete marker by its version id.
 */
export function findVersion(
  state: S3State,
  bucket: Bucket,
  key: string | undefined,
  versionId: string | undefined,
  caller: Caller,
  head = false,
): ObjectVersion {
  checkKey(key);
  const versions = bucket.objects.get(key);
  const version =
    versionId === undefined ? versions?.[0] : versions?.find((candidate) => candidate.versionId === versionId);
  if (version && !version.deleteMarker) return version;
  const markerHeaders: Record<string, string> = version
    ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId }
    : {};
  if (version && versionId !== undefined) {
    throw new S3Error(
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      405,
      { Method: head ? 'HEAD' : 'GET', ResourceType: 'DeleteMarker' },
      { ...markerHeaders, allow: 'DELETE', 'last-modified': new Date(version.lastModified).toUTCString() },
    );
  }
  const listing = versionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions';
  state.deps.cloud.authorize(caller, { action: listing, resource: state.bucketArn(bucket.name) });
  if (head) throw notFound(markerHeaders);
  throw versionId === undefined ? noSuchKey(key, markerHeaders) : noSuchVersion(key, versionId);
}
