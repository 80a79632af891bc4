import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { simulatedS3 } from './support.ts';

const Bucket = 'bucket';
const Key = 'k';

describe('S3 refuses', () => {
  let s3: ReturnType<typeof simulatedS3>;
  beforeEach(async () => {
    s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
    await s3.call('PutObject', { Bucket, Key, Body: 'hello' });
  });
  const rule = { ID: 'a', Status: 'Enabled', Filter: {} };
  const tags = (...TagSet: object[]) => ({ Tagging: { TagSet } });
  const lifecycle = (more: object) => ({ LifecycleConfiguration: { Rules: [{ ...rule, ...more }] } });
  const encryption = (...Rules: object[]) => ({ ServerSideEncryptionConfiguration: { Rules } });

  it.each([
    ['PutBucketTagging', tags({ Key: 'a,b', Value: '' }), 'InvalidTag', { TagKey: 'a,b' }],
    ['PutBucketTagging', tags({ Key: 'a', Value: 'b,c' }), 'InvalidTag', { TagKey: 'a', TagValue: 'b,c' }],
    ['PutObject', { Key, Tagging: 'a=1&a=2' }, 'InvalidArgument', { ArgumentName: 'x-amz-tagging' }],
    ['PutObject', { Key, Tagging: 'a=1,b=2' }, 'InvalidArgument', { ArgumentName: 'x-amz-tagging' }],
    ['PutObject', { Key, StorageClass: 'X' }, 'InvalidStorageClass', { StorageClassRequested: 'X' }],
    ['PutObject', { Key, ContentMD5: 'x' }, 'InvalidDigest', { 'Content-MD5': 'x' }],
    ['PutBucketLifecycleConfiguration', lifecycle({ Filter: undefined }), 'MalformedXML', {}],
    ['PutBucketLifecycleConfiguration', lifecycle({ Prefix: '' }), 'MalformedXML', {}],
    ['PutBucketLifecycleConfiguration', lifecycle({ NoncurrentVersionExpiration: {} }), 'MalformedXML', {}],
    [
      'PutBucketLifecycleConfiguration',
      lifecycle({ Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }),
      'MalformedXML',
      {},
    ],
    [
      'PutBucketLifecycleConfiguration',
      lifecycle({ Filter: { And: { Tags: [{ Key: 'a' }, { Key: 'a' }] } } }),
      'InvalidRequest',
      {},
    ],
    [
      'PutBucketLifecycleConfiguration',
      { ...lifecycle({}), TransitionDefaultMinimumObjectSize: 'x' },
      'InvalidRequest',
      {},
    ],
    ['PutBucketEncryption', encryption(), 'MalformedXML', {}],
    [
      'PutBucketEncryption',
      encryption({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: 'k' } }),
      'InvalidArgument',
      {},
    ],
    ['PutBucketOwnershipControls', { OwnershipControls: { Rules: [{ ObjectOwnership: 'X' }] } }, 'MalformedXML', {}],
    ['CreateBucket', { ObjectOwnership: 'X' }, 'InvalidArgument', { ArgumentName: 'x-amz-object-ownership' }],
    [
      'CreateBucket',
      { CreateBucketConfiguration: { LocationConstraint: 'foo' } },
      'InvalidLocationConstraint',
      { LocationConstraint: 'foo' },
    ],
    [
      'CreateBucket',
      { CreateBucketConfiguration: { LocationConstraint: 'eu-east-1' } },
      'InvalidLocationConstraint',
      { LocationConstraint: 'eu-east-1' },
    ],
    ['ListBuckets', { BucketRegion: 'eu-east-1' }, 'InvalidArgument', { ArgumentName: 'bucket-region' }],
    ['PutBucketVersioning', { VersioningConfiguration: { Status: 'enabled' } }, 'MalformedXML', {}],
    ['PutBucketPolicy', { Policy: 'x' }, 'MalformedPolicy', {}],
    ['GetBucketPolicy', { ExpectedBucketOwner: '12' }, 'InvalidBucketOwnerAWSAccountID', {}],
  ])('%s with %o', async (operation, input, code, members) => {
    const refused = s3.call(operation, { Bucket, Body: operation === 'PutObject' ? 'hello' : undefined, ...input });
    await expect(refused).rejects.toMatchObject({ code, members });
  });

  it('a bucket without its Region, outside us-east-1', async () => {
    const elsewhere = simulatedS3(undefined, { ...defaultAccount, region: 'eu-west-1' });
    const create = (LocationConstraint?: string) =>
      elsewhere.call('CreateBucket', { Bucket, CreateBucketConfiguration: { LocationConstraint } });
    await expect(create()).rejects.toThrow('The unspecified location constraint is incompatible');
    await expect(create('us-east-2')).rejects.toThrow('The us-east-2 location constraint is incompatible');
    await create('eu-west-1');
  });

  it('tags of an object that is missing, with the name of the bucket for reads', async () => {
    const missing = (operation: string) => s3.call(operation, { Bucket, Key: 'missing', ...tags() });
    const error = { code: 'NoSuchKey', members: { Key: 'missing' } };
    await expect(missing('PutObjectTagging')).rejects.toMatchObject(error);
    await expect(missing('DeleteObjectTagging')).rejects.toMatchObject(error);
    await expect(missing('GetObjectTagging')).rejects.toMatchObject({ members: { Key: `${Bucket}/missing` } });
  });

  it('tags of a delete marker', async () => {
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    await s3.call('DeleteObject', { Bucket, Key });
    for (const operation of ['GetObjectTagging', 'PutObjectTagging', 'DeleteObjectTagging']) {
      await expect(s3.call(operation, { Bucket, Key, ...tags() })).rejects.toMatchObject({ code: 'MethodNotAllowed' });
    }
  });
});

it('a null version is named by reads and copies, not by other writes and events', async () => {
  const s3 = simulatedS3();
  await s3.call('CreateBucket', { Bucket });
  await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } });
  const NotificationConfiguration = { EventBridgeConfiguration: {} };
  await s3.call('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration });
  expect(await s3.call('PutObject', { Bucket, Key, Body: 'x' })).not.toHaveProperty('VersionId');
  const copied = await s3.call('CopyObject', { Bucket, Key: 'c', CopySource: `${Bucket}/${Key}` });
  expect(copied).toMatchObject({ VersionId: 'null' });
  expect(copied.CopySourceVersionId).toBeUndefined();
  expect(await s3.call('HeadObject', { Bucket, Key })).toMatchObject({ VersionId: 'null' });
  await s3.call('DeleteObject', { Bucket, Key, VersionId: 'null' });
  const objects = s3.events.map(({ detail }) => Object.keys(detail.object).sort());
  expect(objects).toEqual([
    ['etag', 'key', 'sequencer', 'size'],
    ['etag', 'key', 'sequencer', 'size'],
    ['key', 'sequencer'],
  ]);
});

it('settings that a public access block does not name are off', async () => {
  const s3 = simulatedS3();
  await s3.call('CreateBucket', { Bucket });
  await s3.call('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } });
  expect((await s3.call('GetPublicAccessBlock', { Bucket })).PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    IgnorePublicAcls: false,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: false,
  });
});
