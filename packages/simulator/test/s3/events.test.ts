import { beforeEach, describe, expect, it } from 'vitest';
import { simulatedS3 } from './support.ts';

const Bucket = 'bucket';

describe('events', () => {
  let s3: ReturnType<typeof simulatedS3>;
  beforeEach(async () => {
    s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
  });
  const deliver = (NotificationConfiguration: object = { EventBridgeConfiguration: {} }) =>
    s3.call('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration });

  it('are silent until the bucket delivers to EventBridge, and again after', async () => {
    await s3.call('PutObject', { Bucket, Key: 'k' });
    expect(s3.events).toEqual([]);
    await deliver();
    await s3.call('PutObject', { Bucket, Key: 'k' });
    expect(s3.events).toHaveLength(1);
    await deliver({});
    await s3.call('PutObject', { Bucket, Key: 'k' });
    expect(s3.events).toHaveLength(1);
  });

  it('describe a created object as S3 does', async () => {
    await deliver();
    await s3.call('PutObject', { Bucket, Key: 'a b+é', Body: 'hello' });
    expect(s3.events).toEqual([
      {
        source: 'aws.s3',
        'detail-type': 'Object Created',
        resources: ['arn:aws:s3:::bucket'],
        detail: {
          version: '0',
          bucket: { name: Bucket },
          object: {
            key: 'a b+é',
            size: 5,
            etag: '5d41402abc4b2a76b9719d911017c592',
            sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
          },
          'request-id': expect.any(String),
          requester: '000000000000',
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      },
    ]);
  });

  it('come after the effect, with rising sequencers, the version and the reason', async () => {
    await deliver();
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId } = await s3.call('PutObject', { Bucket, Key: 'k', Body: 'x' });
    await s3.call('CopyObject', { Bucket, Key: 'c', CopySource: `${Bucket}/k` });
    const { UploadId } = await s3.call('CreateMultipartUpload', { Bucket, Key: 'm' });
    const { ETag } = await s3.call('UploadPart', { Bucket, Key: 'm', UploadId, PartNumber: 1, Body: 'x' });
    await s3.call('CompleteMultipartUpload', {
      Bucket,
      Key: 'm',
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    });
    await s3.call('DeleteObject', { Bucket, Key: 'k' });
    await s3.call('DeleteObject', { Bucket, Key: 'k', VersionId });
    await s3.call('PutObjectTagging', { Bucket, Key: 'c', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    expect(s3.events.map(({ 'detail-type': type, detail }) => [type, detail.reason, detail['deletion-type']])).toEqual([
      ['Object Created', 'PutObject', undefined],
      ['Object Created', 'CopyObject', undefined],
      ['Object Created', 'CompleteMultipartUpload', undefined],
      ['Object Deleted', 'DeleteObject', 'Delete Marker Created'],
      ['Object Deleted', 'DeleteObject', 'Permanently Deleted'],
      ['Object Tags Added', undefined, undefined],
    ]);
    expect(s3.events[0]?.detail.object['version-id']).toBe(VersionId);
    const sequencers = s3.events.slice(0, 5).map(({ detail }) => detail.object.sequencer ?? '');
    expect(sequencers).toEqual([...sequencers].sort());
  });

  it('are not sent for what failed or changed nothing', async () => {
    await deliver();
    await s3.call('PutObject', { Bucket, Key: 'k', ContentMD5: 'XUFAKrxLKna5cZ2REBfFkw==' }).catch(() => undefined);
    await s3.call('DeleteObject', { Bucket, Key: 'none' });
    expect(s3.events).toEqual([]);
  });

  it('cannot go to other targets', async () => {
    await expect(deliver({ QueueConfigurations: [{ QueueArn: 'x', Events: [] }] })).rejects.toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining('QueueConfigurations'),
    });
  });
});
