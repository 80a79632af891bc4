import type { SourceSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { revisionOf, type SourceObject } from '../../src/policy/revision.ts';

const bucket = 'models';
type Store = Record<string, Partial<SourceObject>>;

/** As S3 lists: keys in the order of their UTF-8 bytes. */
function observe(store: Store, sources: readonly SourceSpec[]) {
  const keys = Object.keys(store).sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  return revisionOf(sources, async function* (source) {
    for (const key of keys) {
      const named =
        'key' in source ? key === source.key : key.startsWith(source.prefix) && key.endsWith(source.suffix ?? '');
      // A listing has no checksums.
      const unlisted = 'key' in source ? {} : { checksum: undefined };
      if (named) yield { bucket, key, etag: '"e"', size: 1, lastModified: 1, ...store[key], ...unlisted };
    }
  });
}

async function revision(store: Store, ...sources: SourceSpec[]): Promise<string> {
  const view = await observe(store, sources);
  if (view.kind !== 'complete') throw new Error(`missing: ${view.uris}`);
  return view.revision;
}

const all: SourceSpec = { bucket, prefix: '' };

describe('revision', () => {
  test('follows from uri, etag and size alone', async () => {
    const base = await revision({ m: {} }, all);
    expect(await revision({ m: { lastModified: 99 } }, all)).toBe(base);
    expect(await revision({ m: { etag: 'e' } }, all)).toBe(base);
    expect(await revision({ m: { etag: '"f"' } }, all)).not.toBe(base);
    expect(await revision({ m: { size: 2 } }, all)).not.toBe(base);
    expect(await revision({ n: {} }, all)).not.toBe(base);
  });

  test('follows from the checksum of the whole instead of the ETag, where there is one', async () => {
    const m: SourceSpec = { bucket, key: 'm' };
    const base = await revision({ m: { checksum: 'crc32:AAAA' } }, m);
    expect(await revision({ m: { checksum: 'crc32:AAAA', etag: 'other' } }, m)).toBe(base);
    expect(await revision({ m: { checksum: 'crc32:AAAB' } }, m)).not.toBe(base);
    expect(await revision({ m: { checksum: 'crc32:AAAA', size: 2 } }, m)).not.toBe(base);
    expect(await revision({ m: {} }, m)).not.toBe(base);
  });

  test('takes an object that a source names by its key as HeadObject describes it', async () => {
    const m: SourceSpec = { bucket, key: 'm' };
    const store: Store = { m: { checksum: 'crc32:AAAA' } };
    const base = await revision(store, m);
    expect(await revision(store, m, all)).toBe(base);
    expect(await revision(store, all, m)).toBe(base);
  });

  test('does not depend on the order or overlap of the sources', async () => {
    const store: Store = { 'a/1': {}, 'a/2': {}, b: {}, ä: {}, '\u{10000}': {}, '\u{ffff}': {} };
    const a: SourceSpec = { bucket, prefix: 'a/' };
    const b: SourceSpec = { bucket, key: 'b' };
    const base = await revision(store, all);
    expect(await revision(store, a, all, b)).toBe(base);
    expect(await revision(store, b, all, a)).toBe(base);
    expect(await revision(store, a, b)).toBe(await revision(store, b, a));
    expect(await revision(store, a, b)).not.toBe(base);
  });

  test('keys cannot imitate other objects', async () => {
    const one = await revision({ 'a","e",1]\n["s3://models/b': {} }, all);
    expect(await revision({ a: {}, b: {} }, all)).not.toBe(one);
  });

  test('has the time of the newest upload and counts each object once', async () => {
    const view = await observe({ x: { lastModified: 5 }, y: { lastModified: 9 } }, [all, { bucket, key: 'x' }]);
    expect(view).toMatchObject({ kind: 'complete', newest: 9, objects: 2 });
  });

  test('is missing while a source has no object', async () => {
    const view = await observe({ x: {} }, [
      { bucket, key: 'x' },
      { bucket, key: 'y' },
      { bucket, prefix: 'z/', suffix: '.gz' },
    ]);
    expect(view).toMatchObject({ kind: 'missing', uris: ['s3://models/y', 's3://models/z/*.gz'] });
  });

  test('of existing objects differs while a source is missing', async () => {
    const x: SourceSpec = { bucket, key: 'x' };
    const partly = await observe({ x: { lastModified: 7 } }, [x, { bucket, key: 'y' }]);
    expect(partly).toMatchObject({ kind: 'missing', newest: 7, revision: expect.any(String) });
    expect(partly.revision).not.toBe(await revision({ x: {} }, x));
    expect(partly.revision).not.toBe((await observe({ x: {} }, [x, { bucket, key: 'z' }])).revision);
    expect(await observe({}, [x, { bucket, key: 'y' }])).toEqual({
      kind: 'missing',
      uris: ['s3://models/x', 's3://models/y'],
    });
  });

  test('comes with the objects that sources name by key, and the size of all', async () => {
    const store: Store = { x: { size: 5, version: 'v', etag: '"e1"' }, 'z/1': { size: 7 } };
    const view = await observe(store, [{ bucket, key: 'x' }, all]);
    expect(view).toMatchObject({ size: 12, files: [{ bucket, key: 'x', etag: 'e1', size: 5, version: 'v' }] });
  });

  test('is missing without any source', async () => {
    expect((await observe({ x: {} }, [])).kind).toBe('missing');
  });
});
