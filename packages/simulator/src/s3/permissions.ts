import type { Permission } from '../core/cloud.ts';
import { parseCopySource } from './names.ts';

/** The members of inputs that decide which permissions are needed. */
export interface PermissionInput {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly VersionId?: string;
  readonly CopySource?: string;
  readonly Tagging?: unknown;
  readonly IfMatch?: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly MaxKeys?: number;
}

/** The IAM actions of the operations that have not the action's name. */
const ACTIONS: Readonly<Record<string, string>> = {
  ListBuckets: 'ListAllMyBuckets',
  HeadBucket: 'ListBucket',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListParts: 'ListMultipartUploadParts',
  HeadObject: 'GetObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
};

/** The permissions that an operation needs, as in AWS's service authorization reference. */
export function s3Permissions(operation: string, input: PermissionInput, partition: string): Permission[] {
  const { Bucket, Key, VersionId, CopySource } = input;
  const action = ACTIONS[operation] ?? operation;
  const on = (name: string, resource: string): Permission => ({
    action: `s3:${name}`,
    resource: `arn:${partition}:s3:::${resource}`,
  });
  // DeleteObjects asks for each of its keys.
  if (operation === 'DeleteObjects') return [];
  if (operation === 'ListBuckets') return [{ action: `s3:${action}`, resource: '*' }];
  if (Key === undefined) return [{ ...on(action, Bucket ?? ''), ...listingContext(action, input) }];

  const object = `${Bucket}/${Key}`;
  const read: Permission[] = [];
  if (operation === 'GetObjectAttributes') read.push(on(versioned('GetObject', VersionId), object));
  if (CopySource !== undefined) {
    const source = parseCopySource(CopySource);
    read.push(on(versioned('GetObject', source.versionId), `${source.bucket}/${source.key}`));
  }
  const permissions = [...read, on(versioned(action, VersionId), object)];
  if (action !== 'PutObject') return permissions;
  if (input.Tagging !== undefined) permissions.push(on('PutObjectTagging', object));
  if (input.IfMatch !== undefined) permissions.push(on('GetObject', object));
  return permissions;
}

/** `GetObject` becomes `GetObjectVersion` when the request names a version. */
const versioned = (action: string, versionId: string | undefined): string =>
  versionId === undefined ? action : action.replace('Object', 'ObjectVersion');

/** The condition keys of listings. */
function listingContext(action: string, { Prefix, Delimiter, MaxKeys }: PermissionInput): Pick<Permission, 'context'> {
  if (!action.startsWith('List')) return {};
  return {
    context: {
      ...(Prefix === undefined ? {} : { 's3:prefix': Prefix }),
      ...(Delimiter === undefined ? {} : { 's3:delimiter': Delimiter }),
      ...(MaxKeys === undefined ? {} : { 's3:max-keys': String(MaxKeys) }),
    },
  };
}
