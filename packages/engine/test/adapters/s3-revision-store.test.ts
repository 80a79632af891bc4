import {
  modelDataKey,
  revisionPrefix,
  revisionRecordKey,
  type SlotData,
  slotDataKey,
  slotRecordKey,
} from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3RevisionStore } from '../../src/adapters/s3-revision-store.ts';
import type { PartialCopy } from '../../src/policy/lease.ts';
import type { SourceFile } from '../../src/policy/observation.ts';

const MIB = 1024 ** 2;
const limits = { maxWholeBytes: 6 * MIB, partBytes: 5 * MIB, maxParallelParts: 2 };
const data = {
  bucket: 'copies',
  root: 'Iris/Endpoint/slots/1/',
  files: [
    { bucket: 'models', key: 'a b/ü.tar.gz' },
    { bucket: 'models', key: 'c.tar.gz' },
  ],
} satisfies SlotData;
const place = { bucket: 'copies', prefix: 'Iris/Endpoint/' };
const storedKey = (revision: string, index: number) => modelDataKey(revisionPrefix(place, revision), index);
const keyOf = (slot: 'a' | 'b', index: number) => slotDataKey(data.root, slot, index);

let s3: ReturnType<typeof s3InMemory>;
let uploads: PartialCopy[];
let ids = 0;
const store = () => s3RevisionStore(s3.client, () => String(++ids), limits);
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

const job = (slot: 'a' | 'b', revision: string, seen?: readonly SourceFile[]) => ({
  store: place,
  data,
  slot,
  revision,
  ...(seen && { files: seen.map((source) => ({ source })) }),
});
const stage = async (slot: 'a' | 'b', revision: string, change = {}) =>
  store().stage(job(slot, revision, await files()), options(change));
const stageSeen = (slot: 'a' | 'b', revision: string, seen: readonly SourceFile[]) =>
  store().stage(job(slot, revision, seen), options());
const restore = (slot: 'a' | 'b', revision: string) => store().stage(job(slot, revision), options());

beforeEach(async () => {
  s3 = s3InMemory();
  uploads = [];
  for (const bucket of ['models', 'copies']) await s3.call('CreateBucket', { Bucket: bucket });
  await s3.versioned('models');
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
    const outcome = await stage('b', 'v2', { isTimeUp: () => true });
    expect(outcome).toEqual({ kind: 'unfinished' });
    expect(await store().observe(data)).toEqual({ b: 'v1' });
    s3.hooks.before = (operation, { Key }) => {
      if (operation === 'CopyObject' && Key === keyOf('b', 1))
        throw Object.assign(new Error('x'), { name: 'SlowDown' });
    };
    await expect(stage('b', 'v2')).rejects.toThrow();
    s3.hooks.before = undefined;
    expect(await store().observe(data)).toEqual({});
    expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ b: 'v2' });
  });

  test('remembers the sources and their versions', async () => {
    await stage('a', 'v1');
    const from = (index: number) => ({ bucket: 'copies', key: keyOf('a', index) });
    const expected = (await files()).map((source, index) => ({ source, from: from(index) }));
    expect(await store().contents(data, 'a')).toEqual(expected);
  });

  test('is not copied again when it is already there', async () => {
    await stage('b', 'v1');
    s3.sent.length = 0;
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent).not.toContain('CopyObject');
  });

  test('no bytes flow through the function', async () => {
    await s3.put('models', 'c.tar.gz', Buffer.alloc(12 * MIB, 'x'));
    const keys: string[] = [];
    s3.hooks.before = (operation, { Key = '' }) => {
      if (/GetObject|PutObject|UploadPart$/.test(operation)) keys.push(Key);
    };
    await stage('b', 'v1');
    expect(keys.filter((key) => !key.endsWith('.json'))).toEqual([]);
  });
});

describe('a source that is written in the meantime', () => {
  test('is detected, and its new bytes do not count as the old ones', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'newer');
    const outcome = await stageSeen('b', 'v1', seen);
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await store().observe(data)).toEqual({});
  });

  test('with the same bytes is detected too', async () => {
    const seen = await files();
    await s3.put('models', 'c.tar.gz', 'two');
    expect(await stageSeen('b', 'v1', seen)).toEqual({
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
    const outcome = await stageSeen('b', 'v1', seen);
    expect(outcome).toEqual({ kind: 'changed' });
    expect((await s3.call('ListMultipartUploads', { Bucket: 'copies' })).Uploads ?? []).toEqual([]);
    expect(await store().observe(data)).toEqual({});
  });

  test('or deleted is detected too', async () => {
    const seen = await files();
    await s3.call('DeleteObject', { Bucket: 'models', Key: 'c.tar.gz' });
    expect(await stageSeen('b', 'v1', seen)).toEqual({
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
    const outcome = await stageSeen('b', 'v2', late);
    expect(outcome).toEqual({ kind: 'changed' });
    expect(await store().observe(data)).toEqual({ b: 'v3' });
  });

  test('does not overwrite an object that was created after its observation', async () => {
    s3.hooks.before = async (operation, input) => {
      if (operation === 'CopyObject') await s3.put('copies', input.Key!, 'other bytes');
    };
    expect(await stage('b', 'v1')).toEqual({ kind: 'changed' });
    expect(await s3.get('copies', storedKey('v1', 0))).toBe('other bytes');
    s3.hooks.before = undefined;
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('b', 0))).toBe('one');
  });
});

describe('a large object', () => {
  const big = Buffer.concat([Buffer.alloc(5 * MIB, 'x'), Buffer.alloc(5 * MIB, 'y'), Buffer.alloc(2 * MIB, 'z')]);

  beforeEach(async () => {
    await s3.put('models', 'c.tar.gz', big);
  });

  test('is copied in parts', async () => {
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(s3.sent.filter((name) => name === 'UploadPartCopy').length).toBe(6);
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
    // One part of the revision is left, and three of the slot's data.
    expect(parts).toBe(6);
    expect(await s3.get('copies', keyOf('b', 1))).toBe(big.toString());
  });

  test('whose upload was removed is copied from the start', async () => {
    const partialCopy = { key: storedKey('v1', 1), uploadId: 'gone' };
    expect(await stage('b', 'v1', { partialCopy })).toEqual({ kind: 'staged' });
  });

  test('of another revision is not resumed', async () => {
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

describe('the revision store', () => {
  test('keeps each revision, whatever the slots hold later', async () => {
    for (const [round, slot] of (['a', 'b', 'a', 'b', 'a'] as const).entries()) {
      await s3.put('models', 'c.tar.gz', `round ${round}`);
      await stage(slot, `v${round}`);
    }
    expect(await restore('b', 'v0')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ a: 'v4', b: 'v0' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe('round 0');
    expect((await store().contents(data, 'b'))[1]?.source).toMatchObject({ key: 'c.tar.gz', size: 7 });
  });

  test('is written once: a revision that is stored is not copied from the sources again', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'other');
    expect(await stage('a', 'v1')).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('a', 1))).toBe('two');
  });

  test('does not have a revision whose record is missing', async () => {
    expect(await restore('b', 'v0')).toEqual({ kind: 'missing' });
    expect(await store().observe(data)).toEqual({});
  });

  test('from which an object was deleted does not have the revision, until it is stored again', async () => {
    await stage('b', 'v1');
    await s3.call('DeleteObject', { Bucket: 'copies', Key: storedKey('v1', 1) });
    expect(await restore('a', 'v1')).toEqual({ kind: 'missing' });
    expect(await stage('a', 'v1')).toEqual({ kind: 'changed' });
    expect(await stage('a', 'v1')).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('a', 1))).toBe('two');
  });

  test('takes a file from where an immutable copy of it is', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const [first, second] = await files();
    const from = { bucket: 'copies', key: keyOf('b', 1) };
    const combined = [{ source: first! }, { source: { ...second!, size: 3 }, from }];
    const outcome = await store().stage({ ...job('a', 'v1and2'), files: combined }, options());
    expect(outcome).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', keyOf('a', 1))).toBe('two');
  });

  test('lists revisions, and removes those that are not kept', async () => {
    for (const revision of ['v1', 'v2', 'v3']) {
      await s3.put('models', 'c.tar.gz', revision);
      await stage('b', revision);
    }
    expect(await store().list(place)).toEqual(['v1', 'v2', 'v3']);
    await store().removeOthers(place, ['v2'], () => false);
    expect(await store().list(place)).toEqual(['v2']);
    expect(await s3.get('copies', storedKey('v1', 0))).toBeUndefined();
    expect(await restore('a', 'v2')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ a: 'v2', b: 'v3' });
  });

  test('removes what a pass left half done, also after it ran out of time', async () => {
    await stage('b', 'v1');
    await s3.call('DeleteObject', { Bucket: 'copies', Key: revisionRecordKey(place, 'v1') });
    await store().removeOthers(place, [], () => true);
    expect(await store().list(place)).toEqual(['v1']);
    await store().removeOthers(place, [], () => false);
    expect(await store().list(place)).toEqual([]);
  });
});

describe('the record of a slot', () => {
  const record = async (slot: 'a' | 'b') => JSON.parse((await s3.get('copies', slotRecordKey(data.root, slot)))!);

  test('names no revision while the slot is written', async () => {
    await stage('b', 'v1');
    await s3.put('models', 'c.tar.gz', 'newer');
    const during: unknown[] = [];
    s3.hooks.before = async (operation, { Key }) => {
      if (operation === 'CopyObject' && Key?.startsWith(data.root)) during.push((await record('b')).revision);
    };
    expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    expect(during).toEqual([undefined, undefined]);
    expect(await record('b')).toMatchObject({ revision: 'v2' });
  });

  test('is not completed by a writer that another one followed', async () => {
    let isFirst = true;
    s3.hooks.before = async (operation, { Key }) => {
      if (operation !== 'CopyObject' || !Key?.startsWith(data.root) || !isFirst) return;
      isFirst = false;
      await s3.put('models', 'c.tar.gz', 'newest');
      expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    };
    expect(await stage('b', 'v1')).toEqual({ kind: 'changed' });
    expect(await record('b')).toMatchObject({ revision: 'v2' });
    expect(await s3.get('copies', keyOf('b', 1))).toBe('newest');
  });

  test('that is not JSON holds no revision', async () => {
    await s3.put('copies', slotRecordKey(data.root, 'a'), 'not JSON');
    expect(await store().observe(data)).toEqual({});
    expect(await stage('a', 'v1')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ a: 'v1' });
  });
});
