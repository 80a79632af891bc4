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

type Permissions = (input: PermissionInput) => Permission[];

/** IAM actions of the operations on a bucket. */
const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  CreateBucket: 'CreateBucket',
  DeleteBucket: 'DeleteBucket',
  HeadBucket: 'ListBucket',
  GetBucketLocation: 'GetBucketLocation',
  PutBucketVersioning: 'PutBucketVersioning',
  GetBucketVersioning: 'GetBucketVersioning',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketPolicy: 'PutBucketPolicy',
  GetBucketPolicy: 'GetBucketPolicy',
  DeleteBucketPolicy: 'DeleteBucketPolicy',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  PutBucketTagging: 'PutBucketTagging',
  GetBucketTagging: 'GetBucketTagging',
  DeleteBucketTagging: 'PutBucketTagging',
  PutBucketOwnershipControls: 'PutBucketOwnershipControls',
  GetBucketOwnershipControls: 'GetBucketOwnershipControls',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
};

/** IAM actions of the operations that list a bucket; their conditions see prefix, delimiter and limit. */
const LISTING_ACTIONS: Readonly<Record<string, string>> = {
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
};

/** The permissions that each operation needs, as in AWS's service authorization reference. */
export function s3Permissions(partition: string): Readonly<Record<string, Permissions>> {
  const arn = (resource: string) => `arn:${partition}:s3:::${resource}`;
  return {
    ListBuckets: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
    ...mapValues(BUCKET_ACTIONS, (action): Permissions => {
      return ({ Bucket }) => [{ action: `s3:${action}`, resource: arn(Bucket ?? '') }];
    }),
    ...mapValues(LISTING_ACTIONS, (action): Permissions => {
      return (input) => [{ action: `s3:${action}`, resource: arn(input.Bucket ?? ''), context: listingContext(input) }];
    }),
    ...objectPermissions(arn),
  };
}

function objectPermissions(arn: (resource: string) => string): Record<string, Permissions> {
  const onObject = (action: string, { Bucket, Key }: PermissionInput): Permission => ({
    action: `s3:${action}`,
    resource: arn(`${Bucket}/${Key}`),
  });
  /** `GetObject` becomes `GetObjectVersion` when the request names a version. */
  const onVersion =
    (action: string, versionAction: string): Permissions =>
    (input) => [onObject(input.VersionId === undefined ? action : versionAction, input)];
  const write: Permissions = (input) => [
    onObject('PutObject', input),
    ...(input.Tagging === undefined ? [] : [onObject('PutObjectTagging', input)]),
    ...(input.IfMatch === undefined ? [] : [onObject('GetObject', input)]),
  ];
  const copy: Permissions = (input) => {
    const { bucket, key, versionId } = parseCopySource(input.CopySource);
    const read = versionId === undefined ? 'GetObject' : 'GetObjectVersion';
    return [onObject(read, { Bucket: bucket, Key: key }), ...write(input)];
  };
  return {
    HeadObject: onVersion('GetObject', 'GetObjectVersion'),
    GetObject: onVersion('GetObject', 'GetObjectVersion'),
    GetObjectAttributes: (input) => [
      ...onVersion('GetObject', 'GetObjectVersion')(input),
      ...onVersion('GetObjectAttributes', 'GetObjectVersionAttributes')(input),
    ],
    PutObject: write,
    CopyObject: copy,
    DeleteObject: onVersion('DeleteObject', 'DeleteObjectVersion'),
    GetObjectTagging: onVersion('GetObjectTagging', 'GetObjectVersionTagging'),
    PutObjectTagging: onVersion('PutObjectTagging', 'PutObjectVersionTagging'),
    DeleteObjectTagging: onVersion('DeleteObjectTagging', 'DeleteObjectVersionTagging'),
    CreateMultipartUpload: write,
    UploadPart: (input) => [onObject('PutObject', input)],
    UploadPartCopy: copy,
    CompleteMultipartUpload: write,
    AbortMultipartUpload: (input) => [onObject('AbortMultipartUpload', input)],
    ListParts: (input) => [onObject('ListMultipartUploadParts', input)],
  };
}

function listingContext({ Prefix, Delimiter, MaxKeys }: PermissionInput): Record<string, string> {
  return {
    ...(Prefix === undefined ? {} : { 's3:prefix': Prefix }),
    ...(Delimiter === undefined ? {} : { 's3:delimiter': Delimiter }),
    ...(MaxKeys === undefined ? {} : { 's3:max-keys': String(MaxKeys) }),
  };
}

function mapValues<V, R>(values: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
