import type { S3Call } from './calls.ts';
import { s3Error } from './errors.ts';
import type { ObjectVersion } from './model.ts';
import { checkKey, checkVersionId } from './names.ts';
import type { S3State } from './state.ts';

/**
 * Finds the version that a read names; without an id, the newest. As in S3, a caller who cannot list the bucket gets
 * AccessDenied, not NoSuchKey, for a missing key. Throws NoSuchKey (NotFound for HEAD), NoSuchVersion, InvalidArgument,
 * or MethodNotAllowed for the id of a delete marker.
 */
export function findVersion(
  state: S3State,
  { input: { Key, VersionId }, caller, bucket }: S3Call<{ readonly Key?: string; readonly VersionId?: string }>,
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE' = 'GET',
  shownKey = Key ?? '',
): ObjectVersion {
  const key = checkKey(Key);
  checkVersionId(VersionId);
  const versions = bucket.objects.get(key) ?? [];
  const version = versions.find(({ versionId }) => VersionId === undefined || versionId === VersionId);
  if (version && !version.deleteMarker) return version;
  const headers: Record<string, string> = version
    ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId }
    : {};
  if (version && VersionId !== undefined) {
    throw s3Error('MethodNotAllowed', { Method: method, ResourceType: 'DeleteMarker' }).withHeaders({
      ...headers,
      allow: 'DELETE',
      'last-modified': new Date(version.lastModified).toUTCString(),
    });
  }
  const action = VersionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions';
  state.deps.cloud.authorize(caller, { action, resource: state.arnOf(bucket.name) });
  if (method === 'HEAD') throw s3Error('NotFound').withHeaders(headers);
  throw VersionId === undefined
    ? s3Error('NoSuchKey', { Key: shownKey }).withHeaders(headers)
    : s3Error('NoSuchVersion', { Key: key, VersionId });
}

/** Throws InvalidObjectState for an archived object: the local runtime restores none. */
export function checkRetrievable({ headers: { StorageClass } }: ObjectVersion): void {
  if (StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE')
    throw s3Error('InvalidObjectState', { StorageClass });
}
