import type { SourceSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { addPage, beginListing, listedSources, prefixOf } from '../../src/policy/listing.ts';
import { revisionOf } from '../../src/policy/revision.ts';
import type { SourceObject } from '../../src/policy/source-object.ts';

const bucket = 'models';
type Store = Record<string, Partial<SourceObject>>;

/** As S3 lists: keys in the order of their UTF-8 bytes, `pageObjects` at a time. */
function observe(store: Store, sources: readonly SourceSpec[], pageObjects = 1000) {
  const all = Object.keys(store)
    .toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
    .map((key) => ({ bucket, key, etag: 'e', size: 1, lastModified: 1, ...store[key] }));
  let listed = beginListing(sources);
  for (const prefix of listedSources(sources).map(prefixOf)) {
    // A listing has no checksums.
    const below = all.filter(({ key }) => key.startsWith(prefix)).map(({ checksum: _, ...object }) => object);
    for (let at = 0; at === 0 || at < below.length; at += pageObjects) {
      const page = { objects: below.slice(at, at + pageObjects), isLast: at + pageObjects >= below.length };
      listed = addPage(listed, sources, page);
    }
  }
  const keys = sources.flatMap((source) => ('key' in source ? source.key : []));
  const objects = [...all.filter(({ key }) => keys.includes(key)), ...(listed.chosen ?? [])];
  return revisionOf(sources, listed, { objects, faults: [] });
}

function revision(store: Store, ...sources: SourceSpec[]): string {
  const view = observe(store, sources);
  if (view.kind !== 'complete') throw new Error(`missing: ${view.uris}`);
  return view.revision;
}

const all: SourceSpec = { bucket, prefix: '' };

describe('revision', () => {
  test('follows from uri, etag and size alone', () => {
    const base = revision({ m: {} }, all);
    expect(revision({ m: { lastModified: 99 } }, all)).toBe(base);
    expect(revision({ m: { etag: 'f' } }, all)).not.toBe(base);
    expect(revision({ m: { size: 2 } }, all)).not.toBe(base);
    expect(revision({ n: {} }, all)).not.toBe(base);
  });

  test('follows from the checksum of the whole instead of the ETag, where there is one', () => {
    const m: SourceSpec = { bucket, key: 'm' };
    const base = revision({ m: { checksum: 'crc32:AAAA' } }, m);
    expect(revision({ m: { checksum: 'crc32:AAAA', etag: 'other' } }, m)).toBe(base);
    expect(revision({ m: { checksum: 'crc32:AAAB' } }, m)).not.toBe(base);
    expect(revision({ m: { checksum: 'crc32:AAAA', size: 2 } }, m)).not.toBe(base);
    expect(revision({ m: {} }, m)).not.toBe(base);
  });

  test('takes an object that a source names by its key as HeadObject describes it', () => {
    const m: SourceSpec = { bucket, key: 'm' };
    const store: Store = { m: { checksum: 'crc32:AAAA' } };
    const base = revision(store, m);
    expect(revision(store, m, all)).toBe(base);
    expect(revision(store, all, m)).toBe(base);
  });

  test('does not depend on the order or overlap of the sources', () => {
    const store: Store = { 'a/1': {}, 'a/2': {}, b: {}, ä: {}, '\u{10000}': {}, '\u{ffff}': {} };
    const a: SourceSpec = { bucket, prefix: 'a/' };
    const b: SourceSpec = { bucket, key: 'b' };
    const base = revision(store, all, b);
    expect(revision(store, a, all, b)).toBe(base);
    expect(revision(store, b, all, a)).toBe(base);
    expect(revision(store, a, b)).toBe(revision(store, b, a));
    expect(revision(store, a, b)).not.toBe(base);
  });

  test('does not depend on the pages in which a prefix is listed', () => {
    const store: Store = { 'a/1': {}, 'a/2': {}, 'a/3': {}, b: {}, c: {} };
    const sources: SourceSpec[] = [all, { bucket, prefix: 'a/' }, { bucket, key: 'b' }];
    expect([1, 2, 3, 5].map((pageObjects) => observe(store, sources, pageObjects))).toEqual(
      [1, 2, 3, 5].map(() => observe(store, sources)),
    );
  });

  test('depends on each object that is listed, and on their order', () => {
    const store: Store = { a: {}, b: {}, c: { etag: 'f' } };
    const base = revision(store, all);
    for (const key of Object.keys(store)) {
      expect(revision({ ...store, [key]: { size: 2 } }, all)).not.toBe(base);
      const { [key]: _, ...others } = store;
      expect(revision(others, all)).not.toBe(base);
    }
  });

  test('counts an object below two prefixes that overlap in part once', () => {
    const store: Store = { 'a/b/x.gz': {}, 'a/y.gz': {}, 'a/b/z': {} };
    const [gz, below]: SourceSpec[] = [
      { bucket, prefix: 'a/', suffix: '.gz' },
      { bucket, prefix: 'a/b/' },
    ];
    const view = observe(store, [gz!, below!]);
    expect(view).toMatchObject({ kind: 'complete', objects: 3, size: 3 });
    expect(observe(store, [below!, gz!])).toEqual(view);
  });

  test('keys cannot imitate other objects', () => {
    const one = revision({ 'a","e",1]\n["s3://models/b': {} }, all);
    expect(revision({ a: {}, b: {} }, all)).not.toBe(one);
  });

  test('has the time of the newest upload and counts each object once', () => {
    const view = observe({ x: { lastModified: 5 }, y: { lastModified: 9 } }, [all, { bucket, key: 'x' }]);
    expect(view).toMatchObject({ kind: 'complete', newest: 9, objects: 2 });
  });

  test('is missing while a source has no object', () => {
    const view = observe({ x: {} }, [
      { bucket, key: 'x' },
      { bucket, key: 'y' },
      { bucket, prefix: 'z/', suffix: '.gz' },
    ]);
    expect(view).toMatchObject({ kind: 'missing', uris: ['s3://models/y', 's3://models/z/*.gz'] });
  });

  test('of existing objects differs while a source is missing', () => {
    const x: SourceSpec = { bucket, key: 'x' };
    const partly = observe({ x: { lastModified: 7 } }, [x, { bucket, key: 'y' }]);
    expect(partly).toMatchObject({ kind: 'missing', newest: 7, revision: expect.any(String) });
    expect(partly.revision).not.toBe(revision({ x: {} }, x));
    expect(partly.revision).not.toBe(observe({ x: {} }, [x, { bucket, key: 'z' }]).revision);
    expect(observe({}, [x, { bucket, key: 'y' }])).toEqual({
      kind: 'missing',
      uris: ['s3://models/x', 's3://models/y'],
    });
  });

  test('comes with the objects that sources name by key, and the size of all', () => {
    const store: Store = { x: { size: 5, version: 'v', etag: 'e1' }, 'z/1': { size: 7 } };
    const view = observe(store, [{ bucket, key: 'x' }, all]);
    expect(view).toMatchObject({ size: 12, files: [{ bucket, key: 'x', etag: 'e1', size: 5, version: 'v' }] });
  });

  describe('of the newest object below a prefix', () => {
    const newest: SourceSpec = { bucket, newestBelow: 'jobs/', suffix: '/model.tar.gz' };
    const uri = 's3://models/jobs/*/model.tar.gz';
    const store: Store = {
      'jobs/a/model.tar.gz': { lastModified: 5, etag: 'a', size: 7 },
      'jobs/b/model.tar.gz': { lastModified: 9, etag: 'b', size: 8 },
      'jobs/c/model.tar.gz': { lastModified: 7, etag: 'c', size: 9 },
      'jobs/d/debug.tar.gz': { lastModified: 99 },
      'other/model.tar.gz': { lastModified: 99 },
    };
    const chosenOf = (change: Store, pageObjects?: number) => {
      const view = observe({ ...store, ...change }, [newest], pageObjects);
      return view.kind === 'complete' ? view.files.map(({ key }) => key) : view.uris;
    };

    test('is that object alone, with its key and the source that chose it', () => {
      const files = [{ bucket, key: 'jobs/b/model.tar.gz', etag: 'b', size: 8, chosenBy: uri }];
      expect(observe(store, [newest])).toMatchObject({ kind: 'complete', newest: 9, objects: 1, size: 8, files });
    });

    test.each([1, 2, 1000])('is the same whatever the size of a page, of %i keys', (pageObjects) => {
      expect(chosenOf({}, pageObjects)).toEqual(['jobs/b/model.tar.gz']);
      expect(chosenOf({ 'jobs/z/model.tar.gz': { lastModified: 9 } }, pageObjects)).toEqual(['jobs/z/model.tar.gz']);
    });

    test('is the one before it once the newest is deleted', () => {
      const { 'jobs/b/model.tar.gz': _, ...rest } = store;
      const view = observe(rest, [newest]);
      expect(view).toMatchObject({ newest: 7, files: [{ key: 'jobs/c/model.tar.gz' }] });
    });

    test('is missing while no key has the prefix and the suffix', () => {
      expect(observe({ 'jobs/d/debug.tar.gz': {} }, [newest])).toEqual({ kind: 'missing', uris: [uri] });
    });

    test('does not depend on the older objects, also below the prefix of a bucket event', () => {
      const sources = [newest, { bucket, prefix: 'jobs/', suffix: '.tar.gz' }];
      const base = revision(store, ...sources);
      expect(revision({ ...store, 'jobs/a/model.tar.gz': { etag: 'other' } }, ...sources)).toBe(base);
      expect(revision({ ...store, 'jobs/d/debug.tar.gz': { etag: 'other' } }, ...sources)).not.toBe(base);
      expect(revision({ ...store, 'jobs/b/model.tar.gz': { etag: 'other' } }, ...sources)).not.toBe(base);
    });

    test('differs when two sources choose the same objects the other way round', () => {
      const ofA: SourceSpec = { bucket, newestBelow: 'jobs/', suffix: 'a/model.tar.gz' };
      const ofBoth: SourceSpec = { bucket, newestBelow: 'jobs/', suffix: '/model.tar.gz' };
      expect(revision(store, ofA, ofBoth)).not.toBe(revision(store, ofBoth));
    });
  });

  test('is missing without any source', () => {
    expect(observe({ x: {} }, []).kind).toBe('missing');
  });
});
