import { type SlotData, slotDataKey } from '@freshpoint/cdk/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3SlotStore } from '../../src/adapters/s3-slot-store.ts';
import type { SourceFile } from '../../src/policy/observation.ts';
import type { PartialCopy } from '../../src/policy/state.ts';
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
const places = () => s3SlotStore(s3.client, limits);
const options = (change = {}) => ({
  isTimeUp: () => false,
  begun: async (partialCopy: PartialCopy) => void uploads.push(partialCopy),
  ...change,
});

/** What the sources hold now, as a look at them sees it. */
async function files(): Promise<SourceFile[]> {
  return Promise.all(
    data.files.map(async ({ bucket, key }) => {
      const { ETag, ContentLength, VersionId } = await s3.call('HeadObject', { Bucket: bucket, Key: key });
      return { bucket, key, etag: ETag.replaceAll('"', ''), size: ContentLength, version: VersionId };
    }),
  );
}

const fill = async (slot: 'a' | 'b', revision: string, change = {}) =>
  places().stage(data, slot, revision, { kind: 'sources', files: await files() }, options(change));

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

describe('a place', () => {
  test('holds a revision once every file of it is there', async () => {
    expect(await places().observe(data)).toEqual({});
    expect(await fill('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await places().observe(data)).toEqual({ b: 'v1' });
    expect(await s3.get('copies', keyOf('b', 0))).toBe('one');
    expect(await s3.get('copies', keyOf('b', 1))).toBe('two');
    await s3.call('DeleteObject', { Bucket: 'copies', Key: keyOf('b', 1) });
    expect(await places().observe(data)).toEqual({});
  });

  test('that is half of another revision holds none', async () => {
    await fill('b', 'v1');
    await s3.put('models', 'a b/ü.tar.gz', 'three');
    const times = [false, true];
    const outcome = await fill('b', 'v2', { isTimeUp: () => times.pop()! });
    expect(outcome).toEqual({ kind: 'unfinished' });
    expect(await places().observe(data)).toEqual({});
    expect(await fill('b', 'v2')).toEqual({ kind: 'staged' });
    expect(await places().observe(data)).toEqual({ b: 'v2' });
  });

  test('remembers the sources and their versions', async () => {
    await fill('a', 'v1');
    expect(await places().contents(data, 'a')).toEqual(await files());
  });

  test('what is there already is not copied again', async () => {
    await fill('b', 'v1');
    s3.sent.length = 0;
    expect(await fill('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent).not.toContain('CopyObject');
  });

  test('no bytes flow through the function', async () => {
    await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'x'));
    await fill('b', 'v1');
    expect(s3.sent.filter((name) => /GetObject|PutObject|UploadPart$/.test(name))).toEqual([]);
  });
});

describe('a source that is written meanwhile', () => {
  test('is noticed, and its new bytes are not taken for the old ones', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'newer');
    const outcome = await places().stage(data, 'b', 'v1', { kind: 'sources', files: seen }, options());
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await places().observe(data)).toEqual({});
  });

  test('with the same bytes is noticed too', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'two');
    expect(await places().stage(data, 'b', 'v1', { kind: 'sources', files: seen }, options())).toEqual({
      kind: 'changed',
    });
  });

  test('in the midst of its parts is noticed, and nothing is left of them', async () => {
    await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'x'));
    const seen = await files();
    let parts = 0;
    s3.hooks.before = async (operation) => {
      if (operation === 'UploadPartCopy' && ++parts === 2)
        await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'y'));
    };
    const outcome = await places().stage(data, 'b', 'v1', { kind: 'sources', files: seen }, options());
    expect(outcome).toEqual({ kind: 'changed' });
    expect((await s3.call('ListMultipartUploads', { Bucket: 'copies' })).Uploads ?? []).toEqual([]);
    expect(await places().observe(data)).toEqual({});
  });

  test('or deleted is no revision', async () => {
    const seen = await files();
    await s3.call('DeleteObject', { Bucket: 'models', Key: 'c.tar.gz' });
    expect(await places().stage(data, 'b', 'v1', { kind: 'sources', files: seen }, options())).toEqual({
      kind: 'changed',
    });
  });
});

describe('a writer that comes late', () => {
  test('does not write over what another one has put there since it looked', async () => {
    await fill('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const late = await files();
    let isOnItsWay = true;
    s3.hooks.before = async (operation) => {
      if (operation !== 'CopyObject' || !isOnItsWay) return;
      isOnItsWay = false;
      await s3.put('models', 'a b/ü.tar.gz', 'newest');
      await fill('b', 'v3');
    };
    const outcome = await places().stage(data, 'b', 'v2', { kind: 'sources', files: late }, options());
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await places().observe(data)).toEqual({ b: 'v3' });
  });

  test('does not write where there was nothing either', async () => {
    s3.hooks.before = async (operation, input) => {
      if (operation === 'CopyObject') await s3.put('copies', input.Key!, 'somebody');
    };
    expect(await fill('b', 'v1')).toEqual({ kind: 'changed' });
    expect(await s3.get('copies', keyOf('b', 0))).toBe('somebody');
  });
});

describe('a large object', () => {
  const big = Buffer.concat([Buffer.alloc(5 * MIB, 'x'), Buffer.alloc(5 * MIB, 'y'), Buffer.alloc(2 * MIB, 'z')]);

  beforeEach(async () => {
    await s3.put('models', 'c.tar.gz', big);
  });

  test('is copied in parts', async () => {
    expect(await fill('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent.filter((name) => name === 'UploadPartCopy').length).toBe(3);
    expect(await s3.get('copies', keyOf('b', 1))).toBe(big.toString());
    expect(await places().observe(data)).toEqual({ b: 'v1' });
  });

  test('that time does not suffice for goes on where it stopped', async () => {
    let parts = 0;
    s3.hooks.before = (operation) => {
      if (operation === 'UploadPartCopy') parts += 1;
    };
    const first = await fill('b', 'v1', { isTimeUp: () => parts > 0 });
    expect(first).toEqual({ kind: 'unfinished', partialCopy: uploads[0] });
    expect(parts).toBe(2);
    expect(await fill('b', 'v1', { partialCopy: uploads[0] })).toEqual({ kind: 'staged' });
    expect(parts).toBe(3);
    expect(await s3.get('copies', keyOf('b', 1))).toBe(big.toString());
  });

  test('whose upload was taken away is begun again', async () => {
    const partialCopy = { key: keyOf('b', 1), uploadId: 'gone', etag: (await files())[1]!.etag };
    expect(await fill('b', 'v1', { partialCopy })).toEqual({ kind: 'staged' });
  });

  test('does not go on with parts of other bytes', async () => {
    let parts = 0;
    s3.hooks.before = (operation) => {
      if (operation === 'UploadPartCopy') parts += 1;
    };
    await fill('b', 'v1', { isTimeUp: () => parts > 0 });
    const other = Buffer.alloc(12 * MIB, 'o');
    await s3.put('models', 'c.tar.gz', other);
    expect(await fill('b', 'v2', { partialCopy: uploads[0] })).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe(other.toString());
  });

  test('an error of one part is thrown when no part is on its way any more', async () => {
    let underWay = 0;
    s3.hooks.before = async (operation) => {
      if (operation !== 'UploadPartCopy') return;
      underWay += 1;
      await Promise.resolve();
      underWay -= 1;
      throw Object.assign(new Error('SlowDown'), { name: 'SlowDown' });
    };
    await expect(fill('b', 'v1')).rejects.toThrow('SlowDown');
    expect(underWay).toBe(0);
  });
});

describe('going back', () => {
  test('takes the other slot’s copies as they are', async () => {
    await fill('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const outcome = await places().stage(data, 'a', 'v1', { kind: 'slot', slot: 'b' }, options());
    expect(outcome).toEqual({ kind: 'staged' });
    expect(await places().observe(data)).toEqual({ a: 'v1', b: 'v1' });
    expect(await s3.get('copies', keyOf('a', 1))).toBe('two');
    expect(await places().contents(data, 'a')).toEqual(await places().contents(data, 'b'));
  });

  test('finds a revision among the versions of both slots’ places', async () => {
    for (const [round, slot] of (['a', 'b', 'a', 'b', 'a'] as const).entries()) {
      await s3.put('models', 'c.tar.gz', `round ${round}`);
      await fill(slot, `v${round}`);
    }
    expect(await places().stage(data, 'b', 'v0', { kind: 'retained' }, options())).toEqual({ kind: 'staged' });
    expect(await places().observe(data)).toEqual({ a: 'v4', b: 'v0' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe('round 0');
  });

  test('to what no version holds any more is not possible', async () => {
    await fill('b', 'v1');
    const outcome = await places().stage(data, 'a', 'v0', { kind: 'retained' }, options());
    expect(outcome).toEqual({ kind: 'not-retained' });
    expect(await places().observe(data)).toEqual({ b: 'v1' });
  });
});
