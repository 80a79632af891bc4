import { beforeEach, describe, expect, test } from 'vitest';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import type { SourceFile, SourcesView } from '../../src/policy/observation.ts';
import { s3InMemory } from './s3-services.ts';

const Bucket = 'models';
const Key = 'model.tar.gz';
const MIB = 1024 ** 2;

let s3: ReturnType<typeof s3InMemory>;

beforeEach(async () => {
  s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket });
});

async function observe(): Promise<SourcesView & { readonly kind: 'complete' }> {
  const view = await s3Sources(s3.client).observe([{ bucket: Bucket, key: Key }]);
  if (view.kind !== 'complete') throw new Error('the object is missing');
  return view;
}

async function fileNow(): Promise<SourceFile | undefined> {
  return (await observe()).files[0];
}

async function uploadInParts(body: Buffer, partBytes: number, settings: object = {}): Promise<void> {
  const upload = await s3.call('CreateMultipartUpload', { Bucket, Key, ...settings });
  const { UploadId } = upload;
  const parts: { readonly PartNumber: number; readonly ETag: string }[] = [];
  for (let at = 0; at < body.length; at += partBytes) {
    const PartNumber = parts.length + 1;
    const Body = body.subarray(at, at + partBytes);
    const { ETag } = await s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber, Body });
    parts.push({ PartNumber, ETag });
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

  test.each([400, 403])('is the ETag where KMS refuses to decrypt the checksum: %i', async (status) => {
    const etag = await s3.put(Bucket, Key, 'data');
    s3.hooks.before = (_operation, input) => {
      if (!('ChecksumMode' in input)) return;
      throw Object.assign(new Error('UnknownError'), { name: String(status), $metadata: { httpStatusCode: status } });
    };
    expect(await fileNow()).toMatchObject({ etag });
    expect(await fileNow()).not.toHaveProperty('checksum');
  });

  test('is an error where the object may not be read at all', async () => {
    const denied = Object.assign(new Error('UnknownError'), { name: '403', $metadata: { httpStatusCode: 403 } });
    s3.hooks.before = () => Promise.reject(denied);
    await expect(observe()).rejects.toBe(denied);
  });
});
