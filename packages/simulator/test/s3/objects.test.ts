import { beforeEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../src/core/aws-error.ts';
import { allowOnly, simulatedS3, textOf } from './support.ts';

type S3 = ReturnType<typeof simulatedS3>;
const Bucket = 'bucket';
const helloMd5 = '5d41402abc4b2a76b9719d911017c592';

describe('objects', () => {
  let s3: S3;
  const text = async (input: object) => textOf((await s3.call('GetObject', { Bucket, ...input })).Body);
  beforeEach(async () => {
    s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
  });

  it('come back as they were put', async () => {
    s3.clock.step();
    const put = await s3.call('PutObject', {
      Bucket,
      Key: 'k',
      Body: 'hello',
      ContentType: 'text/plain',
      Metadata: { A: 'b' },
    });
    expect(put).toMatchObject({ ETag: `"${helloMd5}"`, ServerSideEncryption: 'AES256' });
    expect(put).not.toHaveProperty('VersionId');
    expect(await s3.call('HeadObject', { Bucket, Key: 'k' })).toMatchObject({
      ContentLength: 5,
      ContentType: 'text/plain',
      ETag: `"${helloMd5}"`,
      Metadata: { a: 'b' },
      LastModified: new Date(s3.clock.now()),
    });
    expect(await text({ Key: 'k' })).toBe('hello');
  });

  it('tell times in whole seconds', async () => {
    await s3.clock.advance(1999);
    await s3.call('PutObject', { Bucket, Key: 'k' });
    const { LastModified } = await s3.call('HeadObject', { Bucket, Key: 'k' });
    expect(LastModified.getTime()).toBe(Math.floor(s3.clock.now() / 1000) * 1000);
  });

  it('serve ranges, and refuse those past the end', async () => {
    await s3.call('PutObject', { Bucket, Key: 'k', Body: '0123456789' });
    expect(await text({ Key: 'k', Range: 'bytes=2-4' })).toBe('234');
    expect(await text({ Key: 'k', Range: 'bytes=7-' })).toBe('789');
    expect(await text({ Key: 'k', Range: 'bytes=-2' })).toBe('89');
    expect(await text({ Key: 'k', Range: 'bytes=8-99' })).toBe('89');
    expect(await text({ Key: 'k', Range: 'lines=1-2' })).toBe('0123456789');
    await expect(s3.call('GetObject', { Bucket, Key: 'k', Range: 'bytes=10-' })).rejects.toMatchObject({
      code: 'InvalidRange',
      status: 416,
    });
  });

  it('honour conditions on reads', async () => {
    await s3.call('PutObject', { Bucket, Key: 'k', Body: 'hello' });
    const head = (input: object) => s3.call('HeadObject', { Bucket, Key: 'k', ...input });
    const past = new Date(s3.clock.now() - 5000);
    const future = new Date(s3.clock.now() + 5000);
    await expect(head({ IfMatch: '"x"' })).rejects.toMatchObject({ status: 412, code: 'PreconditionFailed' });
    await expect(head({ IfNoneMatch: `"${helloMd5}"` })).rejects.toMatchObject({ status: 304 });
    await expect(head({ IfModifiedSince: new Date(s3.clock.now()) })).rejects.toMatchObject({ status: 304 });
    await head({ IfModifiedSince: future });
    await expect(head({ IfUnmodifiedSince: past })).rejects.toMatchObject({ status: 412 });
    await head({ IfMatch: `"${helloMd5}"`, IfUnmodifiedSince: past });
    await head({ IfNoneMatch: '"x"', IfModifiedSince: future });
  });

  it('honour conditions on writes', async () => {
    const put = (input: object) => s3.call('PutObject', { Bucket, Key: 'k', Body: 'hello', ...input });
    await expect(put({ IfMatch: '"x"' })).rejects.toMatchObject({ code: 'NoSuchKey', status: 404 });
    await put({ IfNoneMatch: '*' });
    await expect(put({ IfNoneMatch: '*' })).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 });
    await expect(put({ IfMatch: '"x"' })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await put({ IfMatch: `"${helloMd5}"` });
    for (const unaccepted of [{ IfMatch: '*' }, { IfNoneMatch: '"x"' }, { IfMatch: '"x"', IfNoneMatch: '*' }]) {
      await expect(put(unaccepted)).rejects.toMatchObject({ code: 'NotImplemented', status: 501 });
    }
    expect(s3.blobs.count).toBe(1);
  });

  it('let only one of two racing creations win', async () => {
    const create = () => s3.call('PutObject', { Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' });
    const results = await Promise.allSettled([create(), create()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(s3.blobs.count).toBe(1);
  });

  it('leave nothing behind when the body fails, is corrupt or has the wrong length', async () => {
    async function* broken() {
      yield Buffer.from('abc');
      throw new Error('gone');
    }
    const put = (input: object) => s3.call('PutObject', { Bucket, Key: 'k', Body: 'hello', ...input });
    await expect(put({ Body: broken() })).rejects.toThrow('gone');
    await expect(put({ ContentMD5: 'XUFAKrxLKna5cZ2REBfFkw==' })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(put({ ContentMD5: 'nonsense' })).rejects.toMatchObject({ code: 'InvalidDigest' });
    await expect(put({ ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(put({ ChecksumCRC32: 'AAAA' })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(put({ ContentLength: 6 })).rejects.toMatchObject({ code: 'IncompleteBody' });
    await expect(put({ ContentLength: 5 * 1024 ** 3 + 1 })).rejects.toMatchObject({ code: 'EntityTooLarge' });
    expect(s3.blobs.count).toBe(0);
    await expect(s3.call('HeadObject', { Bucket, Key: 'k' })).rejects.toMatchObject({ code: 'NotFound', status: 404 });
  });

  it('give up their bytes when overwritten or deleted, once no reader holds them', async () => {
    await s3.call('PutObject', { Bucket, Key: 'k', Body: 'old' });
    const { Body } = await s3.call('GetObject', { Bucket, Key: 'k' });
    await s3.call('PutObject', { Bucket, Key: 'k', Body: 'new' });
    expect(s3.blobs.count).toBe(2);
    expect(await textOf(Body)).toBe('old');
    expect(s3.blobs.count).toBe(1);
    await s3.call('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
    expect(s3.blobs.count).toBe(1);
    await s3.call('DeleteObject', { Bucket, Key: 'k' });
    expect(await text({ Key: 'copy' })).toBe('new');
    await s3.call('DeleteObject', { Bucket, Key: 'copy' });
    expect(s3.blobs.count).toBe(0);
  });

  it('keep old versions in a versioned bucket, with delete markers', async () => {
    await s3.call('PutObject', { Bucket, Key: 'k', Body: '0' });
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId: v1 } = await s3.call('PutObject', { Bucket, Key: 'k', Body: '1' });
    const marker = await s3.call('DeleteObject', { Bucket, Key: 'k' });
    expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    await expect(s3.call('GetObject', { Bucket, Key: 'k' })).rejects.toMatchObject({ code: 'NoSuchKey', status: 404 });
    const ofMarker = { Bucket, Key: 'k', VersionId: marker.VersionId, Tagging: { TagSet: [] } };
    for (const [operation, Method] of Object.entries({ GetObject: 'GET', PutObjectTagging: 'PUT' })) {
      await expect(s3.call(operation, ofMarker)).rejects.toMatchObject({
        ...{ code: 'MethodNotAllowed', status: 405 },
        members: { Method, ResourceType: 'DeleteMarker' },
      });
    }
    expect(await text({ Key: 'k', VersionId: v1 })).toBe('1');
    expect(await text({ Key: 'k', VersionId: 'null' })).toBe('0');
    await expect(s3.call('GetObject', { Bucket, Key: 'k', VersionId: 'x' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
    const VersionId = 'f'.repeat(32);
    await expect(s3.call('GetObject', { Bucket, Key: 'k', VersionId })).rejects.toMatchObject({
      code: 'NoSuchVersion',
    });
    await expect(s3.call('DeleteObject', { Bucket, Key: 'k', VersionId: 'x' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
    const Delete = { Objects: [{ Key: 'k', VersionId: 'x' }] };
    expect((await s3.call('DeleteObjects', { Bucket, Delete })).Errors).toMatchObject([{ Code: 'NoSuchVersion' }]);
    await s3.call('DeleteObject', { Bucket, Key: 'k', VersionId: marker.VersionId });
    expect(await text({ Key: 'k' })).toBe('1');
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } });
    expect(await s3.call('PutObject', { Bucket, Key: 'k', Body: '2' })).not.toHaveProperty('VersionId');
    expect(s3.blobs.count).toBe(2);
  });

  it('copy with metadata kept or replaced, under conditions', async () => {
    await s3.call('PutObject', {
      Bucket,
      Key: 'a b',
      Body: 'hello',
      Metadata: { x: '1' },
      ContentType: 'text/plain',
      Tagging: 't=1',
    });
    const CopySource = `/${Bucket}/a%20b`;
    await s3.call('CopyObject', { Bucket, Key: 'c', CopySource, CopySourceIfMatch: `"${helloMd5}"` });
    expect(await s3.call('HeadObject', { Bucket, Key: 'c' })).toMatchObject({
      Metadata: { x: '1' },
      ContentType: 'text/plain',
      ETag: `"${helloMd5}"`,
      TagCount: 1,
    });
    await s3.call('CopyObject', { Bucket, Key: 'c', CopySource, MetadataDirective: 'REPLACE', ContentType: 'a/b' });
    expect(await s3.call('HeadObject', { Bucket, Key: 'c' })).toMatchObject({ Metadata: {}, ContentType: 'a/b' });
    await expect(
      s3.call('CopyObject', { Bucket, Key: 'c', CopySource, CopySourceIfMatch: '"x"' }),
    ).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
    await expect(s3.call('CopyObject', { Bucket, Key: 'a b', CopySource })).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
    await expect(s3.call('CopyObject', { Bucket, Key: 'c', CopySource: 'nothing' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
  });

  it('are copied onto themselves if that changes their encryption, or that of their bucket was set', async () => {
    const own = { Bucket, Key: 'k', CopySource: `${Bucket}/k` };
    await s3.call('PutObject', { Bucket, Key: 'k', Body: 'hello', ServerSideEncryption: 'aws:kms' });
    await s3.call('CopyObject', own);
    await expect(s3.call('CopyObject', own)).rejects.toMatchObject({ code: 'InvalidRequest' });
    await s3.call('PutObject', { Bucket, Key: 'a', Body: 'hello' });
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }];
    await s3.call('PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules } });
    const { CopyObjectResult } = await s3.call('CopyObject', { Bucket, Key: 'a', CopySource: `${Bucket}/a` });
    expect(CopyObjectResult).toMatchObject({ ETag: `"${helloMd5}"` });
  });

  it.each(['a+b/c%2Bd?e', 'a%20b/c%2Bd%3Fe', 'a%20b%2Fc%2Bd%3Fe'])(
    'are copied from a source in any encoding of clients: %s',
    async (escaped) => {
      await s3.call('PutObject', { Bucket, Key: 'a b/c+d?e', Body: 'hello' });
      for (const slash of ['/', '%2F']) {
        await s3.call('CopyObject', { Bucket, Key: 'c', CopySource: `${Bucket}${slash}${escaped}` });
        expect(await s3.call('HeadObject', { Bucket, Key: 'c' })).toMatchObject({ ETag: `"${helloMd5}"` });
        await s3.call('DeleteObject', { Bucket, Key: 'c' });
      }
    },
  );

  it('are deleted many at once, each refusal told', async () => {
    await s3.call('PutObject', { Bucket, Key: 'a' });
    await s3.call('PutObject', { Bucket, Key: 'b' });
    const { caller } = allowOnly(s3.cloud, ['s3:DeleteObject arn:aws:s3:::bucket/a']);
    const result = await s3.call(
      'DeleteObjects',
      { Bucket, Delete: { Objects: [{ Key: 'a' }, { Key: 'b' }] } },
      caller,
    );
    expect(result).toMatchObject({ Deleted: [{ Key: 'a' }], Errors: [{ Key: 'b', Code: 'AccessDenied' }] });
  });

  it('that are missing look forbidden to who may not list the bucket', async () => {
    const get = 's3:GetObject arn:aws:s3:::bucket/k';
    const narrow = allowOnly(s3.cloud, [get]);
    await expect(s3.call('HeadObject', { Bucket, Key: 'k' }, narrow.caller)).rejects.toMatchObject({ status: 403 });
    await expect(s3.call('GetObject', { Bucket, Key: 'k' }, narrow.caller)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    const wide = allowOnly(s3.cloud, [get, 's3:ListBucket arn:aws:s3:::bucket']);
    await expect(s3.call('HeadObject', { Bucket, Key: 'k' }, wide.caller)).rejects.toMatchObject({ status: 404 });
    await expect(s3.call('GetObject', { Bucket, Key: 'k' }, wide.caller)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it('ask IAM for exactly what AWS asks', async () => {
    const asks = async (operation: string, input: object) => {
      const { asked, caller } = allowOnly(s3.cloud, []);
      await s3.call(operation, { Bucket, ...input }, caller).catch(() => undefined);
      return asked[0];
    };
    const object = 'arn:aws:s3:::bucket/k';
    expect(await asks('HeadObject', { Key: 'k' })).toEqual({ action: 's3:GetObject', resource: object });
    expect(await asks('GetObject', { Key: 'k', VersionId: 'v' })).toEqual({
      action: 's3:GetObjectVersion',
      resource: object,
    });
    expect(await asks('UploadPart', { Key: 'k' })).toEqual({ action: 's3:PutObject', resource: object });
    expect(await asks('CopyObject', { Key: 'k', CopySource: 'other/x' })).toEqual({
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::other/x',
    });
    expect(await asks('ListObjectsV2', { Prefix: 'p/' })).toEqual({
      action: 's3:ListBucket',
      resource: 'arn:aws:s3:::bucket',
      context: { 's3:prefix': 'p/' },
    });
  });

  it('refuse keys and buckets with names that S3 refuses', async () => {
    const put = (Key: string) => s3.call('PutObject', { Bucket, Key });
    await put('é'.repeat(512));
    await expect(put('é'.repeat(513))).rejects.toMatchObject({ code: 'KeyTooLongError' });
    await expect(put('')).rejects.toMatchObject({ code: 'InvalidArgument' });
    for (const name of [
      'ab',
      'Upper',
      'a..b',
      '1.2.3.4',
      '-ab',
      'ab-',
      'x'.repeat(64),
      'xn--ab',
      'ab-s3alias',
      '../ab',
    ]) {
      await expect(s3.call('CreateBucket', { Bucket: name }), name).rejects.toMatchObject({
        code: 'InvalidBucketName',
      });
    }
    // As in us-east-1: it succeeds, and the bucket keeps what it has.
    await s3.call('CreateBucket', { Bucket });
    await expect(s3.call('DeleteBucket', { Bucket })).rejects.toMatchObject({ code: 'BucketNotEmpty', status: 409 });
    await expect(s3.call('ListObjectsV2', { Bucket: 'none' })).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });
});

describe('lifecycle rules', () => {
  const rule = { Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } };
  const stored = async (...Rules: object[]) => {
    const s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
    await s3.call('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules } });
    return (await s3.call('GetBucketLifecycleConfiguration', { Bucket })).Rules;
  };

  it('get an id', async () => {
    expect(await stored(rule, { ...rule, ID: 'a' })).toEqual([
      { ...rule, ID: expect.stringMatching(/^\w{48}$/) },
      { ...rule, ID: 'a' },
    ]);
  });

  it.each<[string, object[], string]>([
    ['a long id', [{ ...rule, ID: 'a'.repeat(256) }], 'InvalidArgument'],
    [
      'the same id twice',
      [
        { ...rule, ID: 'a' },
        { ...rule, ID: 'a' },
      ],
      'InvalidArgument',
    ],
    ['a status of another name', [{ ...rule, Status: 'enabled' }], 'MalformedXML'],
    ['no day', [{ ...rule, Expiration: { Days: 0 } }], 'InvalidArgument'],
    ['a time of day', [{ ...rule, Expiration: { Date: new Date('2030-01-01T12:00:00Z') } }], 'InvalidArgument'],
    ['a time of day', [{ ...rule, Transitions: [{ Date: new Date(1), StorageClass: 'GLACIER' }] }], 'InvalidArgument'],
  ])('with %s are refused', async (_name, rules, code) => {
    await expect(stored(...rules)).rejects.toMatchObject({ code });
  });
});

it('a policy that IAM refuses is malformed, and changes nothing', async () => {
  const s3 = simulatedS3({
    setResourcePolicy() {
      throw new AwsError('MalformedPolicyDocument', 'no Resource', 400);
    },
  });
  await s3.call('CreateBucket', { Bucket });
  const put = s3.call('PutBucketPolicy', { Bucket, Policy: '{"Statement":[{}]}' });
  await expect(put).rejects.toMatchObject({ code: 'MalformedPolicy', message: 'no Resource', status: 400 });
  await expect(s3.call('GetBucketPolicy', { Bucket })).rejects.toMatchObject({ code: 'NoSuchBucketPolicy' });
});
