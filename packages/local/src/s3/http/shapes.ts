import { boolean, integer, many, one, type Shape, text, timestamp, wrapped } from './xml-shape.ts';

const owner: Shape = { ID: text };
const tag: Shape = { Key: text, Value: text };
const prefix: Shape = { Prefix: text };
const checksums: Shape = {
  ChecksumCRC32: text,
  ChecksumCRC32C: text,
  ChecksumCRC64NVME: text,
  ChecksumSHA1: text,
  ChecksumSHA256: text,
};

/** Tags of a bucket or object, both ways. */
export const tagging: Shape = { TagSet: wrapped(tag, 'Tag') };

/** Response of ListBuckets. */
export const listBuckets: Shape = {
  Owner: one(owner),
  Buckets: wrapped({ Name: text, CreationDate: timestamp }, 'Bucket'),
  ContinuationToken: text,
  Prefix: text,
};

/** Request of CreateBucket. */
export const createBucket: Shape = { LocationConstraint: text };

const object: Shape = {
  Key: text,
  LastModified: timestamp,
  ETag: text,
  ChecksumAlgorithm: many('string', 'ChecksumAlgorithm'),
  ChecksumType: text,
  Size: integer,
  StorageClass: text,
  Owner: one(owner),
};

const listing: Shape = {
  Name: text,
  Prefix: text,
  Delimiter: text,
  MaxKeys: integer,
  EncodingType: text,
  IsTruncated: boolean,
};

/** Response of ListObjects. */
export const listObjects: Shape = {
  ...listing,
  Marker: text,
  NextMarker: text,
  Contents: many(object, 'Contents'),
  CommonPrefixes: many(prefix, 'CommonPrefixes'),
};

/** Response of ListObjectsV2. */
export const listObjectsV2: Shape = {
  ...listing,
  KeyCount: integer,
  StartAfter: text,
  ContinuationToken: text,
  NextContinuationToken: text,
  Contents: many(object, 'Contents'),
  CommonPrefixes: many(prefix, 'CommonPrefixes'),
};

const version: Shape = { VersionId: text, IsLatest: boolean, ...object };

/** Response of ListObjectVersions. */
export const listObjectVersions: Shape = {
  ...listing,
  KeyMarker: text,
  VersionIdMarker: text,
  NextKeyMarker: text,
  NextVersionIdMarker: text,
  Versions: many(version, 'Version'),
  DeleteMarkers: many(
    { Key: text, VersionId: text, IsLatest: boolean, LastModified: timestamp, Owner: one(owner) },
    'DeleteMarker',
  ),
  CommonPrefixes: many(prefix, 'CommonPrefixes'),
};

/** Response of ListMultipartUploads. */
export const listMultipartUploads: Shape = {
  Bucket: text,
  KeyMarker: text,
  UploadIdMarker: text,
  NextKeyMarker: text,
  NextUploadIdMarker: text,
  Prefix: text,
  Delimiter: text,
  MaxUploads: integer,
  EncodingType: text,
  IsTruncated: boolean,
  Uploads: many(
    {
      Key: text,
      UploadId: text,
      Initiator: one(owner),
      Owner: one(owner),
      StorageClass: text,
      Initiated: timestamp,
      ChecksumAlgorithm: text,
      ChecksumType: text,
    },
    'Upload',
  ),
  CommonPrefixes: many(prefix, 'CommonPrefixes'),
};

/** Response of ListParts. */
export const listParts: Shape = {
  Bucket: text,
  Key: text,
  UploadId: text,
  Initiator: one(owner),
  Owner: one(owner),
  StorageClass: text,
  PartNumberMarker: text,
  NextPartNumberMarker: text,
  MaxParts: integer,
  IsTruncated: boolean,
  ChecksumAlgorithm: text,
  ChecksumType: text,
  Parts: many({ PartNumber: integer, LastModified: timestamp, ETag: text, Size: integer, ...checksums }, 'Part'),
};

/** Response of CreateMultipartUpload. */
export const createMultipartUpload: Shape = { Bucket: text, Key: text, UploadId: text };

/** Request of CompleteMultipartUpload. */
export const completeMultipartUploadRequest: Shape = {
  Parts: many({ PartNumber: integer, ETag: text, ...checksums }, 'Part'),
};

/** Response of CompleteMultipartUpload. */
export const completeMultipartUpload: Shape = {
  Location: text,
  Bucket: text,
  Key: text,
  ETag: text,
  ...checksums,
  ChecksumType: text,
};

/** Response of CopyObject and UploadPartCopy. */
export const copyResult: Shape = { LastModified: timestamp, ETag: text, ...checksums, ChecksumType: text };

/** Request of DeleteObjects. */
export const deleteRequest: Shape = {
  Quiet: boolean,
  Objects: many({ Key: text, VersionId: text, ETag: text }, 'Object'),
};

/** Response of DeleteObjects. */
export const deleteResult: Shape = {
  Deleted: many({ Key: text, VersionId: text, DeleteMarker: boolean, DeleteMarkerVersionId: text }, 'Deleted'),
  Errors: many({ Key: text, VersionId: text, Code: text, Message: text }, 'Error'),
};

/** Response of GetObjectAttributes. */
export const objectAttributes: Shape = {
  ETag: text,
  Checksum: one({ ...checksums, ChecksumType: text }),
  ObjectParts: one({
    // The SDK's name differs from the wire's.
    TotalPartsCount: { kind: 'integer', tag: 'PartsCount' },
    PartNumberMarker: text,
    NextPartNumberMarker: text,
    MaxParts: integer,
    IsTruncated: boolean,
    Parts: many({ PartNumber: integer, Size: integer, ...checksums }, 'Part'),
  }),
  StorageClass: text,
  ObjectSize: integer,
};

/** Versioning of a bucket, both ways. */
export const versioning: Shape = { Status: text, MFADelete: { kind: 'string', tag: 'MfaDelete' } };

const notificationFilter: Shape = {
  Key: one({ FilterRules: many({ Name: text, Value: text }, 'FilterRule') }, 'S3Key'),
};

/** Notifications of a bucket, both ways. */
export const notification: Shape = {
  TopicConfigurations: many(
    {
      Id: text,
      TopicArn: { kind: 'string', tag: 'Topic' },
      Events: many('string', 'Event'),
      Filter: one(notificationFilter),
    },
    'TopicConfiguration',
  ),
  QueueConfigurations: many(
    {
      Id: text,
      QueueArn: { kind: 'string', tag: 'Queue' },
      Events: many('string', 'Event'),
      Filter: one(notificationFilter),
    },
    'QueueConfiguration',
  ),
  LambdaFunctionConfigurations: many(
    {
      Id: text,
      LambdaFunctionArn: { kind: 'string', tag: 'CloudFunction' },
      Events: many('string', 'Event'),
      Filter: one(notificationFilter),
    },
    'CloudFunctionConfiguration',
  ),
  EventBridgeConfiguration: one({}),
};

/** Encryption of a bucket, both ways. */
export const encryption: Shape = {
  Rules: many(
    {
      ApplyServerSideEncryptionByDefault: one({ SSEAlgorithm: text, KMSMasterKeyID: text }),
      BucketKeyEnabled: boolean,
    },
    'Rule',
  ),
};

/** Public access block of a bucket, both ways. */
export const publicAccessBlock: Shape = {
  BlockPublicAcls: boolean,
  IgnorePublicAcls: boolean,
  BlockPublicPolicy: boolean,
  RestrictPublicBuckets: boolean,
};

/** Ownership controls of a bucket, both ways. */
export const ownershipControls: Shape = { Rules: many({ ObjectOwnership: text }, 'Rule') };

/** CORS rules of a bucket, both ways. */
export const cors: Shape = {
  CORSRules: many(
    {
      ID: text,
      AllowedHeaders: many('string', 'AllowedHeader'),
      AllowedMethods: many('string', 'AllowedMethod'),
      AllowedOrigins: many('string', 'AllowedOrigin'),
      ExposeHeaders: many('string', 'ExposeHeader'),
      MaxAgeSeconds: integer,
    },
    'CORSRule',
  ),
};

const transition: Shape = { Date: timestamp, Days: integer, StorageClass: text };
const noncurrent: Shape = { NoncurrentDays: integer, NewerNoncurrentVersions: integer };

/** Lifecycle rules of a bucket, both ways. */
export const lifecycle: Shape = {
  Rules: many(
    {
      ID: text,
      Prefix: text,
      Filter: one({
        Prefix: text,
        Tag: one(tag),
        ObjectSizeGreaterThan: integer,
        ObjectSizeLessThan: integer,
        And: one({
          Prefix: text,
          Tags: many(tag, 'Tag'),
          ObjectSizeGreaterThan: integer,
          ObjectSizeLessThan: integer,
        }),
      }),
      Status: text,
      Expiration: one({ Date: timestamp, Days: integer, ExpiredObjectDeleteMarker: boolean }),
      Transitions: many(transition, 'Transition'),
      NoncurrentVersionTransitions: many({ ...noncurrent, StorageClass: text }, 'NoncurrentVersionTransition'),
      NoncurrentVersionExpiration: one(noncurrent),
      AbortIncompleteMultipartUpload: one({ DaysAfterInitiation: integer }),
    },
    'Rule',
  ),
};
