import type { Permission } from '../core/cloud.ts';
import { parseCopySource } from './names.ts';

/** The members of inputs that decide which permissions are needed. */
export type PermissionInput = {
  readonly [Member in 'Bucket' | 'Key' | 'VersionId' | 'CopySource' | 'IfMatch' | 'Prefix' | 'Delimiter']?: string;
} & { readonly MaxKeys?: number; readonly Tagging?: unknown };

/** IAM actions, and the operations that need them instead of the action of their own name. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  ListAllMyBuckets: ['ListBuckets'],
  ListBucket: ['HeadBucket', 'ListObjects', 'ListObjectsV2'],
  ListBucketVersions: ['ListObjectVersions'],
  ListBucketMultipartUploads: ['ListMultipartUploads'],
  ListMultipartUploadParts: ['ListParts'],
  GetObject: ['HeadObject'],
  PutObject: ['CopyObject', 'CreateMultipartUpload', 'UploadPart', 'UploadPartCopy', 'CompleteMultipartUpload'],
  PutBucketNotification: ['PutBucketNotificationConfiguration'],
  GetBucketNotification: ['GetBucketNotificationConfiguration'],
  PutEncryptionConfiguration: ['PutBucketEncryption', 'DeleteBucketEncryption'],
  GetEncryptionConfiguration: ['GetBucketEncryption'],
  PutBucketPublicAccessBlock: ['PutPublicAccessBlock', 'DeletePublicAccessBlock'],
  GetBucketPublicAccessBlock: ['GetPublicAccessBlock'],
  PutLifecycleConfiguration: ['PutBucketLifecycleConfiguration', 'DeleteBucketLifecycle'],
  GetLifecycleConfiguration: ['GetBucketLifecycleConfiguration'],
  PutBucketTagging: ['DeleteBucketTagging'],
  PutBucketOwnershipControls: ['DeleteBucketOwnershipControls'],
};

/** The permissions that calls of an operation need, as in AWS's service authorization reference. */
export function s3Permissions(operation: string, partition: string): (input: PermissionInput) => Permission[] {
  const action = Object.keys(ACTIONS).find((name) => ACTIONS[name]?.includes(operation)) ?? operation;
  const on = (name: string, resource: string): Permission => ({
    action: `s3:${name}`,
    resource: `arn:${partition}:s3:::${resource}`,
  });
  // DeleteObjects asks for each of its keys.
  if (operation === 'DeleteObjects') return () => [];
  if (operation === 'ListBuckets') return () => [{ action: `s3:${action}`, resource: '*' }];
  return (input) => {
    const { Bucket = '', Key, VersionId, CopySource } = input;
    if (Key === undefined) return [{ ...on(action, Bucket), ...listingContext(action, input) }];
    const object = `${Bucket}/${Key}`;
    const permissions = [on(versioned(action, VersionId), object)];
    if (operation === 'GetObjectAttributes') permissions.unshift(on(versioned('GetObject', VersionId), object));
    if (CopySource !== undefined) {
      const { bucket, key, versionId } = parseCopySource(CopySource);
      permissions.unshift(on(versioned('GetObject', versionId), `${bucket}/${key}`));
    }
    if (action !== 'PutObject') return permissions;
    if (input.Tagging !== undefined) permissions.push(on('PutObjectTagging', object));
    if (input.IfMatch !== undefined) permissions.push(on('GetObject', object));
    return permissions;
  };
}

/** `GetObject` becomes `GetObjectVersion` when the request names a version. */
const versioned = (action: string, versionId: string | undefined): string =>
  versionId === undefined ? action : action.replace('Object', 'ObjectVersion');

/** The condition keys of listings. */
function listingContext(action: string, { Prefix, Delimiter, MaxKeys }: PermissionInput): Pick<Permission, 'context'> {
  if (!action.startsWith('List')) return {};
  const keys = { 's3:prefix': Prefix, 's3:delimiter': Delimiter, 's3:max-keys': MaxKeys };
  const given = Object.entries(keys).filter(([, value]) => value !== undefined);
  return { context: Object.fromEntries(given.map(([key, value]) => [key, String(value)])) };
}
