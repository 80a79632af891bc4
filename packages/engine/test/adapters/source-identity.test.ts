import type { SlotSource } from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import type { SourceFile, SourcesView } from '../../src/policy/observation.ts';

const Bucket = 'models';
const Key = 'model.tar.gz';
const MIB = 1024 ** 2;

let s3: ReturnType<typeof s3InMemory>;

beforeEach(async () => {
  s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket });
});

async function observe(): Promise<SourcesView & { readonly kind: 'complete' }> {
  const view = await s3Sources(s3.client).observe([{ bucket: Bucket, key: Key }], { isTimeUp: () => false });
  if (view.kind !== 'complete') throw new Error(`expected the object, got ${view.kind}`);
  return view;
}

async function fileNow(): Promise<SourceFile | undefined> {
  return (await observe()).files[0];
}

async function uploadInParts(body: Buffer, partBytes: number, settings: object = {}): Promise<void> {
  const upload = await s3.call('CreateMultipartUpload', { Bucket, Key, ...settings });
  const { UploadId } = upload;
  const parts: object[] = [];
  for (let at = 0; at < body.length; at += partBytes) {
    const PartNumber = parts.length + 1;
    const Body = body.subarray(at, at + partBytes);
    const { ETag, ChecksumSHA256 } = await s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber, Body });
    parts.push({ PartNumber, ETag, ...(ChecksumSHA256 && { ChecksumSHA256 }) });
  }
  await s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts: parts } });
}

describe('the identity of a source object', () => {
  const body = Buffer.alloc(13 * MIB, 'freshpoint');

  test('is its content, however it was uploaded: whole, in parts, or in other parts', async () => {
    await s3.put(Bucket, Key, body);
    const whole = await observe();
    await uploadInParts(body, 5 * MIB);
    const inFives = await observe();
    await uploadInParts(body, 8 * MIB);
    const inEights = await observe();
    expect(new Set([whole, inFives, inEights].map(({ files }) => files[0]?.etag)).size).toBe(3);
    expect(new Set([whole, inFives, inEights].map(({ revision }) => revision)).size).toBe(1);
    expect(whole.files[0]?.checksum).toMatch(/^crc64nvme:.+=$/);
  });

  test('changes with a single byte', async () => {
    await s3.put(Bucket, Key, body);
    const before = await observe();
    body[MIB] = 0;
    await s3.put(Bucket, Key, body);
    expect((await observe()).revision).not.toBe(before.revision);
  });

  test('survives a copy onto itself, as to encrypt it anew', async () => {
    await uploadInParts(body, 5 * MIB);
    const before = await observe();
    const copy = { Bucket, Key, CopySource: `${Bucket}/${Key}`, ServerSideEncryption: 'aws:kms' };
    await s3.call('CopyObject', copy);
    const after = await observe();
    expect(after.files[0]?.etag).not.toBe(before.files[0]?.etag);
    expect(after.revision).toBe(before.revision);
  });

  test('is the ETag where S3 only has a checksum of the parts', async () => {
    await uploadInParts(body, 5 * MIB, { ChecksumAlgorithm: 'SHA256' });
    expect(await fileNow()).not.toHaveProperty('checksum');
    const before = await observe();
    await uploadInParts(body, 8 * MIB, { ChecksumAlgorithm: 'SHA256' });
    expect((await observe()).revision).not.toBe(before.revision);
  });

  const failure = (status: number) =>
    Object.assign(new Error('UnknownError'), { name: String(status), $metadata: { httpStatusCode: status } });
  /** Fails HeadObject with a checksum. */
  const failChecksums = (error: Error) => {
    s3.hooks.before = (_operation, input) => {
      if ('ChecksumMode' in input) throw error;
    };
  };
  const putEncrypted = async () => {
    const { ETag } = await s3.call('PutObject', { Bucket, Key, Body: 'data', ServerSideEncryption: 'aws:kms' });
    return ETag.replaceAll('"', '');
  };

  test('is the ETag where KMS denies to decrypt the checksum', async () => {
    const etag = await putEncrypted();
    failChecksums(failure(403));
    expect(await fileNow()).toMatchObject({ etag });
    expect(await fileNow()).not.toHaveProperty('checksum');
  });

  test.each([400, 503])('is not the ETag because of an error of another kind: %i', async (status) => {
    await putEncrypted();
    const error = failure(status);
    failChecksums(error);
    await expect(observe()).rejects.toBe(error);
  });

  test('is not the ETag because of a denial that KMS has no part in', async () => {
    await s3.put(Bucket, Key, 'data');
    const denied = failure(403);
    failChecksums(denied);
    await expect(observe()).rejects.toBe(denied);
  });

  test('is an error where the object is copied: with another identity, it would end a rollback for ever', async () => {
    const etag = await putEncrypted();
    const denied = failure(403);
    failChecksums(denied);
    const sources = [{ bucket: Bucket, key: Key }];
    const read = (files: SlotSource[]) =>
      s3Sources(s3.client).observe(sources, { isTimeUp: () => false, data: { bucket: 'data', root: 'x/', files } });
    await expect(read(sources)).rejects.toBe(denied);
    expect(await read([{ bucket: Bucket, key: 'another' }])).toMatchObject({ files: [{ etag }] });
  });

  test('is an error where the object may not be read at all', async () => {
    const denied = failure(403);
    s3.hooks.before = () => Promise.reject(denied);
    await expect(observe()).rejects.toBe(denied);
  });
});
