import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { simulatedS3, textOf } from './support.ts';

const Bucket = 'bucket';
const Key = 'k';
const mib = 1024 * 1024;
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest();
const base64Crc32 = (bytes: Uint8Array) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(bytes));
  return out.toString('base64');
};

describe('multipart uploads', () => {
  const first = Buffer.alloc(5 * mib, 'a');
  const second = Buffer.from('tail');
  let s3: ReturnType<typeof simulatedS3>;
  let UploadId: string;

  const create = async (input: object = {}) => {
    UploadId = (await s3.call('CreateMultipartUpload', { Bucket, Key, ...input })).UploadId;
  };
  const upload = async (PartNumber: number, Body: Uint8Array, input: object = {}) => {
    const part = await s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber, Body, ...input });
    const { ETag, ChecksumCRC32 } = part;
    return { PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
  };
  const complete = (Parts: object[], input: object = {}) =>
    s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...input });

  beforeEach(async () => {
    s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
    await create();
  });

  it('become one object of their parts, whose ETag is the MD5 of MD5s', async () => {
    const started = s3.clock.now();
    const parts = [await upload(3, first), await upload(7, second)];
    await s3.clock.advance(60_000);
    const { ETag } = await complete(parts);
    const expected = createHash('md5').update(md5(first)).update(md5(second)).digest('hex');
    expect(ETag).toBe(`"${expected}-2"`);
    const head = await s3.call('HeadObject', { Bucket, Key });
    expect(head).toMatchObject({ ContentLength: first.length + 4, ETag, LastModified: new Date(started) });
    const across = await s3.call('GetObject', { Bucket, Key, Range: `bytes=${first.length - 2}-${first.length + 1}` });
    expect(await textOf(across.Body)).toBe('aata');
    const part = await s3.call('GetObject', { Bucket, Key, PartNumber: 2 });
    expect(part).toMatchObject({ PartsCount: 2, ContentLength: 4 });
    expect(await textOf(part.Body)).toBe('tail');
  });

  it('are completed once, and answer a repeated completion as the first', async () => {
    const Status = 'Enabled';
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } });
    await s3.call('PutBucketNotificationConfiguration', {
      Bucket,
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    const parts = [await upload(1, first), await upload(2, second)];
    const completed = await complete(parts, { IfNoneMatch: '*' });
    await s3.call('PutObject', { Bucket, Key, Body: 'newer' });
    expect(await complete(parts, { IfNoneMatch: '*' })).toEqual(completed);
    expect(s3.events.map(({ detail }) => detail.reason)).toEqual(['CompleteMultipartUpload', 'PutObject']);
    expect((await s3.call('ListObjectVersions', { Bucket })).Versions).toHaveLength(2);
    await s3.call('DeleteObject', { Bucket, Key, VersionId: completed.VersionId });
    await expect(complete(parts)).rejects.toMatchObject({ code: 'NoSuchUpload', status: 404 });
  });

  it('refuse lists of parts that S3 refuses', async () => {
    const [one, two] = [await upload(1, second), await upload(2, second)];
    await expect(complete([one, two])).rejects.toMatchObject({ code: 'EntityTooSmall' });
    await expect(complete([two, one])).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(complete([one, one])).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(complete([{ ...one, ETag: '"x"' }])).rejects.toMatchObject({ code: 'InvalidPart' });
    await expect(complete([{ PartNumber: 9, ETag: one.ETag }])).rejects.toMatchObject({ code: 'InvalidPart' });
    await expect(complete([])).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(complete([one], { MpuObjectSize: 5 })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(upload(0, second)).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(upload(10_001, second)).rejects.toMatchObject({ code: 'InvalidArgument' });
    await complete([two]);
    expect(s3.blobs.count).toBe(1);
  });

  it('replace a part that is uploaded again, and drop everything when aborted', async () => {
    await upload(1, second);
    await upload(1, first);
    expect(s3.blobs.count).toBe(1);
    const { Parts } = await s3.call('ListParts', { Bucket, Key, UploadId });
    expect(Parts).toMatchObject([{ PartNumber: 1, Size: first.length }]);
    await s3.call('AbortMultipartUpload', { Bucket, Key, UploadId });
    expect(s3.blobs.count).toBe(0);
    await expect(upload(1, second)).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('drop a part that arrives after the upload was aborted', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    async function* slow() {
      yield Buffer.from('a');
      await gate;
      yield Buffer.from('b');
    }
    const late = s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber: 1, Body: slow() });
    await s3.call('AbortMultipartUpload', { Bucket, Key, UploadId });
    go();
    await expect(late).rejects.toMatchObject({ code: 'NoSuchUpload' });
    expect(s3.blobs.count).toBe(0);
  });

  it('carry a composite checksum, or one of the full object', async () => {
    await create({ ChecksumAlgorithm: 'CRC32' });
    const composite = await complete([await upload(1, first), await upload(2, second)]);
    expect(composite).toMatchObject({ ChecksumType: 'COMPOSITE', ChecksumCRC32: expect.stringMatching(/-2$/) });
    await create({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const parts = [await upload(1, first), await upload(2, second)];
    const ChecksumType = 'FULL_OBJECT';
    const wrong = { ChecksumCRC32: 'AAAAAA==', ChecksumType };
    await expect(complete(parts, wrong)).rejects.toMatchObject({ code: 'BadDigest' });
    const whole = base64Crc32(Buffer.concat([first, second]));
    await expect(complete(parts, { ChecksumCRC32: whole })).rejects.toMatchObject({ code: 'BadDigest' });
    expect(await complete(parts, { ChecksumCRC32: whole, ChecksumType })).toMatchObject({ ChecksumCRC32: whole });
    const { ObjectParts } = await s3.call('GetObjectAttributes', { Bucket, Key, ObjectAttributes: ['ObjectParts'] });
    expect(ObjectParts).toEqual({ TotalPartsCount: 2 });
    const part = await s3.call('HeadObject', { Bucket, Key, PartNumber: 1, ChecksumMode: 'enabled' });
    expect(part).not.toHaveProperty('ChecksumType');
    await expect(create({ ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it('are completed with the checksums that they were created with', async () => {
    const invalidPart = { code: 'InvalidPart' };
    const ChecksumCRC32 = base64Crc32(second);
    const plain = await upload(1, second, { ChecksumCRC32 });
    expect(plain.ChecksumCRC32).toBe(ChecksumCRC32);
    await expect(complete([plain])).rejects.toMatchObject(invalidPart);
    const modes = { code: 'InvalidRequest', message: expect.stringContaining('checksum mode') };
    await expect(complete([plain], { ChecksumType: 'FULL_OBJECT' })).rejects.toMatchObject(modes);
    await create({ ChecksumAlgorithm: 'CRC32' });
    const { ETag } = await upload(1, second);
    const bare = { PartNumber: 1, ETag };
    await expect(complete([bare])).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(complete([{ ...bare, ChecksumSHA1: 'x' }])).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(complete([{ ...bare, ChecksumCRC32: 'AAAAAA==' }])).rejects.toMatchObject(invalidPart);
    await expect(complete([{ ...bare, ChecksumCRC32 }], { ChecksumType: 'FULL_OBJECT' })).rejects.toMatchObject(modes);
    await complete([{ ...bare, ChecksumCRC32 }]);
  });

  it('replace nothing under a condition that was written or deleted since they began', async () => {
    const conflict = { code: 'ConditionalRequestConflict', status: 409 };
    const put = async () => (await s3.call('PutObject', { Bucket, Key, Body: 'x' })).ETag;
    const IfMatch = await put();
    await create();
    const parts = [await upload(1, second)];
    await put();
    await expect(complete(parts, { IfMatch })).rejects.toMatchObject(conflict);
    await s3.call('DeleteObject', { Bucket, Key });
    await expect(complete(parts, { IfMatch })).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(complete(parts, { IfNoneMatch: '*' })).rejects.toMatchObject(conflict);
    await complete(parts);
  });

  it('have attributes, with their parts if these have checksums', async () => {
    await create({ ChecksumAlgorithm: 'CRC32' });
    await complete([await upload(1, first), await upload(3, second)]);
    const ObjectAttributes = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];
    const ofKey = (more: object) => s3.call('GetObjectAttributes', { Bucket, Key, ...more });
    const { ETag } = await s3.call('HeadObject', { Bucket, Key });
    expect(await ofKey({ ObjectAttributes, MaxParts: 1 })).toMatchObject({
      ETag: ETag.replaceAll('"', ''),
      Checksum: { ChecksumType: 'COMPOSITE', ChecksumCRC32: expect.stringMatching(/=$/) },
      ObjectParts: {
        TotalPartsCount: 2,
        IsTruncated: true,
        NextPartNumberMarker: '1',
        Parts: [{ PartNumber: 1, Size: first.length, ChecksumCRC32: expect.any(String) }],
      },
      StorageClass: 'STANDARD',
      ObjectSize: first.length + second.length,
    });
    const part = await s3.call('HeadObject', { Bucket, Key, PartNumber: 1, ChecksumMode: 'ENABLED' });
    expect(part).toMatchObject({ ChecksumType: 'COMPOSITE', ChecksumCRC32: base64Crc32(first) });
    const rest = await ofKey({ ObjectAttributes: ['ObjectParts'], PartNumberMarker: '1' });
    expect(rest.ObjectParts).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 2, Size: second.length }] });
    expect(Object.keys(rest)).toEqual(['LastModified', 'ObjectParts']);
  });

  it('copy stretches of other objects without holding their bytes twice', async () => {
    await s3.call('PutObject', { Bucket, Key: 'source', Body: Buffer.concat([first, second]) });
    const CopySource = `${Bucket}/source`;
    const copy = async (PartNumber: number, CopySourceRange: string) => {
      const { CopyPartResult } = await s3.call('UploadPartCopy', {
        Bucket,
        Key,
        UploadId,
        PartNumber,
        CopySource,
        CopySourceRange,
      });
      return { PartNumber, ETag: CopyPartResult.ETag };
    };
    const parts = [
      await copy(1, `bytes=0-${first.length - 1}`),
      await copy(2, `bytes=${first.length}-${first.length + 3}`),
    ];
    expect(parts[1]?.ETag).toBe(`"${md5(second).toString('hex')}"`);
    await expect(copy(3, 'bytes=5-99999999')).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(copy(3, 'bytes=99999998-99999999')).rejects.toMatchObject({ code: 'InvalidRequest' });
    await complete(parts);
    await s3.call('DeleteObject', { Bucket, Key: 'source' });
    expect(s3.blobs.count).toBe(1);
    const { Body } = await s3.call('GetObject', { Bucket, Key, Range: 'bytes=-6' });
    expect(await textOf(Body)).toBe('aatail');
    // A copy of a multipart object is a plain object: its ETag is the MD5 of all bytes.
    const { CopyObjectResult } = await s3.call('CopyObject', { Bucket, Key: 'plain', CopySource: `${Bucket}/${Key}` });
    expect(CopyObjectResult.ETag).toBe(`"${md5(Buffer.concat([first, second])).toString('hex')}"`);
  });

  it('are listed until they end', async () => {
    await s3.call('CreateMultipartUpload', { Bucket, Key: 'dir/a' });
    await s3.call('CreateMultipartUpload', { Bucket, Key: 'dir/b' });
    const page = await s3.call('ListMultipartUploads', { Bucket, Delimiter: '/' });
    expect(page).toMatchObject({ CommonPrefixes: [{ Prefix: 'dir/' }], Uploads: [{ Key, UploadId }] });
    const one = await s3.call('ListMultipartUploads', { Bucket, MaxUploads: 1 });
    expect(one).toMatchObject({ IsTruncated: true, NextKeyMarker: 'dir/a' });
    const rest = await s3.call('ListMultipartUploads', {
      Bucket,
      KeyMarker: one.NextKeyMarker,
      UploadIdMarker: one.NextUploadIdMarker,
    });
    expect(rest.Uploads.map((u: { Key: string }) => u.Key)).toEqual(['dir/b', Key]);
  });

  it('are forgotten with their bucket', async () => {
    await upload(1, second);
    await s3.call('DeleteBucket', { Bucket });
    expect(s3.blobs.count).toBe(0);
  });
});
