import type { Permission } from '../core/cloud.ts';
import { parseCopySource } from './names.ts';

/** The members of inputs that decide what is asked. */
interface Input {
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

type Permissions = (input: Input) => Permission[];

/** What IAM is asked before each operation, as AWS's service authorization reference has it. */
export function s3Permissions(partition: string): Readonly<Record<string, Permissions>> {
  const arn = (resource: string) => `arn:${partition}:s3:::${resource}`;

  const onBucket =
    (action: string): Permissions =>
    ({ Bucket }) => [{ action: `s3:${action}`, resource: arn(Bucket ?? '') }];

  const listing =
    (action: string): Permissions =>
    ({ Bucket, Prefix, Delimiter, MaxKeys }) => {
      const context = {
        ...(Prefix === undefined ? {} : { 's3:prefix': Prefix }),
        ...(Delimiter === undefined ? {} : { 's3:delimiter': Delimiter }),
        ...(MaxKeys === undefined ? {} : { 's3:max-keys': String(MaxKeys) }),
      };
      return [{ action: `s3:${action}`, resource: arn(Bucket ?? ''), context }];
    };

  const onObject = (action: string, { Bucket, Key }: Input): Permission => ({
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
    return [
      onObject(versionId === undefined ? 'GetObject' : 'GetObjectVersion', { Bucket: bucket, Key: key }),
      ...write(input),
    ];
  };

  return {
    ListBuckets: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
    CreateBucket: onBucket('CreateBucket'),
    DeleteBucket: onBucket('DeleteBucket'),
    HeadBucket: onBucket('ListBucket'),
    GetBucketLocation: onBucket('GetBucketLocation'),
    PutBucketVersioning: onBucket('PutBucketVersioning'),
    GetBucketVersioning: onBucket('GetBucketVersioning'),
    PutBucketNotificationConfiguration: onBucket('PutBucketNotification'),
    GetBucketNotificationConfiguration: onBucket('GetBucketNotification'),
    PutBucketPolicy: onBucket('PutBucketPolicy'),
    GetBucketPolicy: onBucket('GetBucketPolicy'),
    DeleteBucketPolicy: onBucket('DeleteBucketPolicy'),
    PutBucketEncryption: onBucket('PutEncryptionConfiguration'),
    GetBucketEncryption: onBucket('GetEncryptionConfiguration'),
    DeleteBucketEncryption: onBucket('PutEncryptionConfiguration'),
    PutPublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
    GetPublicAccessBlock: onBucket('GetBucketPublicAccessBlock'),
    DeletePublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
    PutBucketLifecycleConfiguration: onBucket('PutLifecycleConfiguration'),
    GetBucketLifecycleConfiguration: onBucket('GetLifecycleConfiguration'),
    DeleteBucketLifecycle: onBucket('PutLifecycleConfiguration'),
    PutBucketTagging: onBucket('PutBucketTagging'),
    GetBucketTagging: onBucket('GetBucketTagging'),
    DeleteBucketTagging: onBucket('PutBucketTagging'),
    PutBucketCors: onBucket('PutBucketCORS'),
    GetBucketCors: onBucket('GetBucketCORS'),
    DeleteBucketCors: onBucket('PutBucketCORS'),
    PutBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
    GetBucketOwnershipControls: onBucket('GetBucketOwnershipControls'),
    DeleteBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
    ListObjects: listing('ListBucket'),
    ListObjectsV2: listing('ListBucket'),
    ListObjectVersions: listing('ListBucketVersions'),
    ListMultipartUploads: listing('ListBucketMultipartUploads'),
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
