import { type SlotData, slotDataKey } from '@freshpoint/cdk/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3SlotStore } from '../../src/adapters/s3-slot-store.ts';
import type { PartialCopy } from '../../src/policy/lease.ts';
import type { SourceFile } from '../../src/policy/observation.ts';
import { s3InMemory } from './s3-services.ts';

const MIB = 1024 ** 2;
const limits = { maxWholeBytes: 6 * MIB, partBytes: 5 * MIB, maxParallelParts: 2 };
const data: SlotData = {
  bucket: 'copies',
  root: 'Iris/Endpoint/1/',
  files: [
    { bucket: 'models', key: 'a b/ü.tar.gz' },
    { bucket: 'models', key: 'c.tar.gz' },
  ],
};
const keyOf = (slot: 'a' | 'b', index: number) => slotDataKey(data.root, slot, index);

let s3: ReturnType<typeof s3InMemory>;
let uploads: PartialCopy[];
const store = () => s3SlotStore(s3.client, limits);
const options = (change = {}) => ({
  isTimeUp: () => false,
  begun: async (partialCopy: PartialCopy) => void uploads.push(partialCopy),
  ...change,
});

/** The sources as an observation sees them now. */
async function files(): Promise<SourceFile[]> {
  return Promise.all(
    data.files.map(async ({ bucket, key }) => {
      const { ETag, ContentLength, VersionId } = await s3.call('HeadObject', { Bucket: bucket, Key: key });
      return { bucket, key, etag: ETag.replaceAll('"', ''), size: ContentLength, version: VersionId };
    }),
  );
}

const stage = async (slot: 'a' | 'b', revision: string, change = {}) =>
  store().stage(data, { slot, revision, from: { kind: 'sources', files: await files() } }, options(change));

beforeEach(async () => {
  s3 = s3InMemory();
  uploads = [];
  for (const bucket of ['models', 'copies']) {
    await s3.call('CreateBucket', { Bucket: bucket });
    await s3.versioned(bucket);
  }
  await s3.put('models', 'a b/ü.tar.gz', 'one');
  await s3.put('models', 'c.tar.gz', 'two');
});

describe('slot data', () => {
  test('holds a revision once every file of it is copied', async () => {
    expect(await store().observe(data)).toEqual({});
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ b: 'v1' });
    expect(await s3.get('copies', keyOf('b', 0))).toBe('one');
    expect(await s3.get('copies', keyOf('b', 1))).toBe('two');
    await s3.call('DeleteObject', { Bucket: 'copies', Key: keyOf('b', 1) });
    expect(await store().observe(data)).toEqual({});
  });

  test('that is half of another revision holds no revision', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'a b/ü.tar.gz', 'three');
    const times = [false, true];
    const outcome = await stage('b', 'v2', { isTimeUp: () => times.pop()! });
    expect(outcome).toEqual({ kind: 'unfinished' });
    expect(await store().observe(data)).toEqual({});
    expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ b: 'v2' });
  });

  test('remembers the sources and their versions', async () => {
    await stage('a', 'v1');
    expect(await store().contents(data, 'a')).toEqual(await files());
  });

  test('is not copied again when it is already there', async () => {
    await stage('b', 'v1');
    s3.sent.length = 0;
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent).not.toContain('CopyObject');
  });

  test('no bytes flow through the function', async () => {
    await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'x'));
    await stage('b', 'v1');
    expect(s3.sent.filter((name) => /GetObject|PutObject|UploadPart$/.test(name))).toEqual([]);
  });
});

describe('a source that is written in the meantime', () => {
  test('is detected, and its new bytes do not count as the old ones', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'newer');
    const outcome = await store().stage(
      data,
      { slot: 'b', revision: 'v1', from: { kind: 'sources', files: seen } },
      options(),
    );
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await store().observe(data)).toEqual({});
  });

  test('with the same bytes is detected too', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'two');
    expect(
      await store().stage(data, { slot: 'b', revision: 'v1', from: { kind: 'sources', files: seen } }, options()),
    ).toEqual({
      kind: 'changed',
    });
  });

  test('between its parts is detected, and the upload is aborted', async () => {
    await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'x'));
    const seen = await files();
    let parts = 0;
    s3.hooks.before = async (operation) => {
      if (operation === 'UploadPartCopy' && ++parts === 2)
        await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'y'));
    };
    const outcome = await store().stage(
      data,
      { slot: 'b', revision: 'v1', from: { kind: 'sources', files: seen } },
      options(),
    );
    expect(outcome).toEqual({ kind: 'changed' });
    expect((await s3.call('ListMultipartUploads', { Bucket: 'copies' })).Uploads ?? []).toEqual([]);
    expect(await store().observe(data)).toEqual({});
  });

  test('or deleted is detected too', async () => {
    const seen = await files();
    await s3.call('DeleteObject', { Bucket: 'models', Key: 'c.tar.gz' });
    expect(
      await store().stage(data, { slot: 'b', revision: 'v1', from: { kind: 'sources', files: seen } }, options()),
    ).toEqual({
      kind: 'changed',
    });
  });
});

describe('a late writer', () => {
  test('does not overwrite what another one wrote after its observation', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const late = await files();
    let isInFlight = true;
    s3.hooks.before = async (operation) => {
      if (operation !== 'CopyObject' || !isInFlight) return;
      isInFlight = false;
      await s3.put('models', 'a b/ü.tar.gz', 'newest');
      await stage('b', 'v3');
    };
    const outcome = await store().stage(
      data,
      { slot: 'b', revision: 'v2', from: { kind: 'sources', files: late } },
      options(),
    );
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await store().observe(data)).toEqual({ b: 'v3' });
  });

  test('does not overwrite an object that was created after its observation', async () => {
    s3.hooks.before = async (operation, input) => {
      if (operation === 'CopyObject') await s3.put('copies', input.Key!, 'other bytes');
    };
    expect(await stage('b', 'v1')).toEqual({ kind: 'changed' });
    expect(await s3.get('copies', keyOf('b', 0))).toBe('other bytes');
  });
});

describe('a large object', () => {
  const big = Buffer.concat([Buffer.alloc(5 * MIB, 'x'), Buffer.alloc(5 * MIB, 'y'), Buffer.alloc(2 * MIB, 'z')]);

  beforeEach(async () => {
    await s3.put('models', 'c.tar.gz', big);
  });

  test('is copied in parts', async () => {
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent.filter((name) => name === 'UploadPartCopy').length).toBe(3);
    expect(await s3.get('copies', keyOf('b', 1))).toBe(big.toString());
    expect(await store().observe(data)).toEqual({ b: 'v1' });
  });

  test('is resumed where it stopped when time ran out', async () => {
    let parts = 0;
    s3.hooks.before = (operation) => {
      if (operation === 'UploadPartCopy') parts += 1;
    };
    const first = await stage('b', 'v1', { isTimeUp: () => parts > 0 });
    expect(first).toEqual({ kind: 'unfinished', partialCopy: uploads[0] });
    expect(parts).toBe(2);
    expect(await stage('b', 'v1', { partialCopy: uploads[0] })).toEqual({ kind: 'staged' });
    expect(parts).toBe(3);
    expect(await s3.get('copies', keyOf('b', 1))).toBe(big.toString());
  });

  test('whose upload was removed is copied from the start', async () => {
    const partialCopy = { key: keyOf('b', 1), uploadId: 'gone', etag: (await files())[1]!.etag };
    expect(await stage('b', 'v1', { partialCopy })).toEqual({ kind: 'staged' });
  });

  test('is not resumed with parts of other bytes', async () => {
    let parts = 0;
    s3.hooks.before = (operation) => {
      if (operation === 'UploadPartCopy') parts += 1;
    };
    await stage('b', 'v1', { isTimeUp: () => parts > 0 });
    const other = Buffer.alloc(12 * MIB, 'o');
    await s3.put('models', 'c.tar.gz', other);
    expect(await stage('b', 'v2', { partialCopy: uploads[0] })).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe(other.toString());
  });

  test('throws the error of one part only when no other part is in flight', async () => {
    let inFlight = 0;
    s3.hooks.before = async (operation) => {
      if (operation !== 'UploadPartCopy') return;
      inFlight += 1;
      await Promise.resolve();
      inFlight -= 1;
      throw Object.assign(new Error('SlowDown'), { name: 'SlowDown' });
    };
    await expect(stage('b', 'v1')).rejects.toThrow('SlowDown');
    expect(inFlight).toBe(0);
  });
});

describe('a rollback', () => {
  test('copies the data of the other slot as it is', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const outcome = await store().stage(
      data,
      { slot: 'a', revision: 'v1', from: { kind: 'slot', slot: 'b' } },
      options(),
    );
    expect(outcome).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ a: 'v1', b: 'v1' });
    expect(await s3.get('copies', keyOf('a', 1))).toBe('two');
    expect(await store().contents(data, 'a')).toEqual(await store().contents(data, 'b'));
  });

  test('finds a revision among the object versions of both slots', async () => {
    for (const [round, slot] of (['a', 'b', 'a', 'b', 'a'] as const).entries()) {
      await s3.put('models', 'c.tar.gz', `round ${round}`);
      await stage(slot, `v${round}`);
    }
    expect(await store().stage(data, { slot: 'b', revision: 'v0', from: { kind: 'retained' } }, options())).toEqual({
      kind: 'staged',
    });
    expect(await store().observe(data)).toEqual({ a: 'v4', b: 'v0' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe('round 0');
  });

  test('to a revision that no version holds is not possible', async () => {
    await stage('b', 'v1');
    const outcome = await store().stage(data, { slot: 'a', revision: 'v0', from: { kind: 'retained' } }, options());
    expect(outcome).toEqual({ kind: 'not-retained' });
    expect(await store().observe(data)).toEqual({ b: 'v1' });
  });
});
