import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, expect, test } from 'vitest';
import { s3CreatedObjects } from '../../src/adapters/s3-created-objects.ts';

const MIB = 1024 ** 2;
const to = { bucket: 'models', key: 'iris/model.tar.gz' };
let s3: ReturnType<typeof s3InMemory>;
const created = () => s3CreatedObjects(s3.client, { maxWholeBytes: 6 * MIB, partBytes: 5 * MIB, maxParallelParts: 1 });
const asset = async (body: string | Uint8Array) => {
  const etag = await s3.put('assets', '1.gz', body);
  return { bucket: 'assets', key: '1.gz', etag, size: body.length };
};

beforeEach(async () => {
  s3 = s3InMemory();
  for (const bucket of ['assets', 'models', 'data']) await s3.call('CreateBucket', { Bucket: bucket });
});

test('an asset is copied to where no object is', async () => {
  expect(await created().copyAsset(await asset('one'), to, () => false)).toBe('copied');
  expect(await s3.get('models', to.key)).toBe('one');
});

test('an object is never replaced, also not one that is stored at the same time', async () => {
  const one = await asset('one');
  s3.hooks.before = async (operation) => {
    if (operation === 'CopyObject') await s3.put('models', to.key, 'uploaded');
  };
  expect(await created().copyAsset(one, to, () => false)).toBe('changed');
  expect(await s3.get('models', to.key)).toBe('uploaded');
});

test('a large asset is copied in parts, or not at all', async () => {
  const large = await asset(Buffer.alloc(12 * MIB, 'x'));
  expect(await created().copyAsset(large, to, () => true)).toBe('unfinished');
  expect(await s3.get('models', to.key)).toBeUndefined();
  expect((await s3.call('ListMultipartUploads', { Bucket: 'models' })).Uploads ?? []).toEqual([]);
  expect(await created().copyAsset(large, to, () => false)).toBe('copied');
});

test('the copy of an asset is removed, an upload is not', async () => {
  await created().removeAsset(to);
  await created().copyAsset(await asset('one'), to, () => false);
  await created().removeAsset(to);
  expect(await s3.get('models', to.key)).toBeUndefined();
  await s3.put('models', to.key, 'uploaded');
  await created().removeAsset(to);
  expect(await s3.get('models', to.key)).toBe('uploaded');
});

test('everything below the prefix of a store is removed, and nothing else', async () => {
  for (let n = 0; n < 1001; n++) await s3.put('data', `Iris/Endpoint/history/${n}`, '');
  await s3.put('data', 'Iris/Endpoint2/state.json', '{}');
  await created().removeStore({ bucket: 'data', prefix: 'Iris/Endpoint/' });
  const { Contents } = await s3.call('ListObjectsV2', { Bucket: 'data' });
  expect(Contents.map(({ Key }: { Key: string }) => Key)).toEqual(['Iris/Endpoint2/state.json']);
});
