import type { Caller } from '../core/cloud.ts';
import { noSuchKey, noSuchVersion, notFoundHead, S3Error } from './errors.ts';
import type { Bucket, ObjectVersion } from './model.ts';
import { checkKey } from './names.ts';
import type { S3State } from './state.ts';

/** The version that a request names; without an id, the newest. */
interface VersionName {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/**
 * Finds the version that a read names. As in S3, a caller who cannot list the bucket gets AccessDenied, not NoSuchKey,
 * for a missing key. Throws NoSuchKey (NotFound for HEAD), NoSuchVersion, or MethodNotAllowed for the id of a delete
 * marker.
 */
export function findVersion(
  state: S3State,
  bucket: Bucket,
  { Key: key, VersionId: versionId, method = 'GET' }: VersionName & { readonly method?: 'GET' | 'HEAD' },
  caller: Caller,
): ObjectVersion {
  checkKey(key);
  const versions = bucket.objects.get(key);
  const version =
    versionId === undefined ? versions?.[0] : versions?.find((candidate) => candidate.versionId === versionId);
  if (version && !version.deleteMarker) return version;
  if (version && versionId !== undefined) throw methodNotAllowed(version, method);
  const action = versionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions';
  state.deps.cloud.authorize(caller, { action, resource: state.bucketArn(bucket.name) });
  const missing = versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
  throw (method === 'HEAD' ? notFoundHead() : missing).withHeaders(version ? markerHeaders(version) : {});
}

/** Throws InvalidObjectState for an archived object: the local runtime restores none. */
export function checkRetrievable({ headers: { StorageClass } }: ObjectVersion): void {
  if (StorageClass !== 'GLACIER' && StorageClass !== 'DEEP_ARCHIVE') return;
  const message = "The operation is not valid for the object's storage class";
  throw new S3Error('InvalidObjectState', message, 403, { StorageClass });
}

function methodNotAllowed(marker: ObjectVersion, method: string): S3Error {
  return new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
    Method: method,
    ResourceType: 'DeleteMarker',
  }).withHeaders({
    ...markerHeaders(marker),
    allow: 'DELETE',
    'last-modified': new Date(marker.lastModified).toUTCString(),
  });
}

const markerHeaders = (marker: ObjectVersion) => ({
  'x-amz-delete-marker': 'true',
  'x-amz-version-id': marker.versionId,
});
