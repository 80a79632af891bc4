import { type SlotData, type SourceSpec, slotDataFolder, slotDataKey, slotRecordKey } from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3RevisionStore } from '../../src/adapters/s3-revision-store.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { archivesOf } from '../../src/controller/archives.ts';
import type { SourceFile, SourcesView } from '../../src/policy/observation.ts';
import type { SourceObject } from '../../src/policy/source-object.ts';

const folder = { bucket: 'models', folder: 'llm/' };
const archive = { bucket: 'models', key: 'c.tar.gz' };
const data: SlotData = { bucket: 'copies', root: 'Iris/Endpoint/slots/1/', files: [archive, folder] };
const place = { bucket: 'copies', prefix: 'Iris/Endpoint/' };
const slotFolder = (slot: 'a' | 'b') => slotDataFolder(data.root, slot, 1);

let s3: ReturnType<typeof s3InMemory>;
let ids = 0;
const store = () => s3RevisionStore(s3.client, () => String(++ids));
const options = (change = {}) => ({ isTimeUp: () => false, begun: async () => undefined, ...change });

async function observe(sources: readonly SourceSpec[], instead: readonly SourceObject[] = []) {
  const view = await s3Sources(s3.client).observe(sources, { isTimeUp: () => false, instead });
  if (view.kind === 'unfinished') throw new Error('expected a finished listing');
  return view;
}
const revisionOf = ({ revision }: SourcesView) => revision;
const filesOf = (view: SourcesView) => (view.kind === 'complete' ? view.files : []);
const job = (slot: 'a' | 'b', revision: string, files: readonly SourceFile[]) => ({
  store: place,
  data,
  slot,
  revision,
  files: files.map((source) => ({ source })),
});
const stage = async (slot: 'a' | 'b', revision: string, change = {}) =>
  store().stage(job(slot, revision, filesOf(await observe(data.files))), options(change));
const restore = (slot: 'a' | 'b', revision: string) => store().stage({ store: place, data, slot, revision }, options());
const remove = (Bucket: string, Key: string) => s3.call('DeleteObject', { Bucket, Key });
const inFolder = async (slot: 'a' | 'b'): Promise<string[]> => {
  const { Contents = [] } = await s3.call('ListObjectsV2', { Bucket: 'copies', Prefix: slotFolder(slot) });
  return Contents.map(({ Key }: { Key: string }) => Key.slice(slotFolder(slot).length));
};

beforeEach(async () => {
  s3 = s3InMemory();
  for (const Bucket of ['models', 'copies']) await s3.call('CreateBucket', { Bucket });
  await s3.put('models', 'c.tar.gz', 'archive');
  await s3.put('models', 'llm/weights/1.bin', 'one');
  await s3.put('models', 'llm/config.json', '{}');
  await s3.put('models', 'llm-other/1.bin', 'other');
});

describe('the files of a folder', () => {
  test('are copied one by one, under the same paths, with the archives of the model', async () => {
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await inFolder('b')).toEqual(['config.json', 'weights/1.bin']);
    expect(await s3.get('copies', `${slotFolder('b')}weights/1.bin`)).toBe('one');
    expect(await s3.get('copies', slotDataKey(data.root, 'b', 0))).toBe('archive');
    expect(await store().observe(data)).toEqual({ b: 'v1' });
  });

  test('in a slot are exactly those of the revision: those of another are removed, and come back with it', async () => {
    await stage('b', 'v1');
    await remove('models', 'llm/config.json');
    await s3.put('models', 'llm/weights/2.bin', 'two');
    expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    expect(await inFolder('b')).toEqual(['weights/1.bin', 'weights/2.bin']);
    expect(await store().observe(data)).toEqual({ b: 'v2' });
    expect(await restore('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await inFolder('b')).toEqual(['config.json', 'weights/1.bin']);
    expect(await s3.get('copies', slotDataKey(data.root, 'b', 0))).toBe('archive');
  });

  test.each<[string, () => Promise<unknown>]>([
    ['deleted', () => remove('copies', `${slotFolder('b')}config.json`)],
    ['replaced by bytes of the same size', () => s3.put('copies', `${slotFolder('b')}config.json`, '[]')],
    ['added', () => s3.put('copies', `${slotFolder('b')}more`, '')],
  ])('hold no revision once one was %s, until they are staged again', async (_, change) => {
    await stage('b', 'v1');
    await change();
    expect(await store().observe(data)).toEqual({});
    expect(await restore('b', 'v1')).toEqual({ kind: 'staged' });
    expect(await store().observe(data)).toEqual({ b: 'v1' });
    expect(await s3.get('copies', `${slotFolder('b')}config.json`)).toBe('{}');
  });

  test('are copied as they were listed: a change since is detected', async () => {
    const seen = filesOf(await observe(data.files));
    await s3.put('models', 'llm/config.json', '[]');
    expect(await store().stage(job('b', 'v1', seen), options())).toEqual({ kind: 'changed' });
    expect(await store().observe(data)).toEqual({});
  });

  test('are those that a slot has, where a deployment keeps what serves', async () => {
    const before = await observe([folder]);
    await stage('b', 'v1');
    await s3.put('models', 'llm/config.json', '[]');
    const copies = (await store().contents(data, 'b')).filter(({ source }) => source.chosenBy !== undefined);
    const kept = copies.map(({ source }) => ({ ...source, lastModified: 1 }));
    const after = await observe([folder], kept);
    expect(after).toMatchObject({ kind: 'complete', newest: 1, revision: revisionOf(before) });
    const next = { ...data, root: 'Iris/Endpoint/slots/2/', files: [folder] };
    const restaged = { store: place, data: next, slot: 'a', revision: 'v1b', files: copies } as const;
    expect(await store().stage(restaged, options())).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', `${slotDataFolder(next.root, 'a', 0)}config.json`)).toBe('{}');
  });

  test('that another writer stages at the same time are not removed', async () => {
    await s3.put('models', 'llm/old', '');
    await stage('b', 'v1');
    await remove('models', 'llm/old');
    const late = filesOf(await observe(data.files));
    let reads = 0;
    s3.hooks.before = async (operation, { Key }) => {
      // The late writer is about to prune: another one takes the slot.
      if (operation !== 'GetObject' || Key !== slotRecordKey(data.root, 'b') || ++reads !== 2) return;
      s3.hooks.before = undefined;
      await s3.put('models', 'llm/new', '');
      await stage('b', 'v3');
    };
    expect(await store().stage(job('b', 'v2', late), options())).toEqual({ kind: 'changed' });
    expect(await inFolder('b')).toEqual(['config.json', 'new', 'weights/1.bin']);
    expect(await store().observe(data)).toEqual({ b: 'v3' });
  });

  test('keep their keys, however odd', async () => {
    const odd = ['llm/', 'llm//double', 'llm/folder/', 'llm/./dot', 'llm/ü &?#%2F+', 'llm/...'];
    for (const key of odd) await s3.put('models', key, key);
    expect(await stage('b', 'v1')).toEqual({ kind: 'staged' });
    for (const key of odd) expect(await s3.get('copies', `${slotFolder('b')}${key.slice(4)}`)).toBe(key);
    expect(await store().observe(data)).toEqual({ b: 'v1' });
  });

  test('are staged in several passes if they are many, and removed across pages', async () => {
    for (let n = 0; n < 1100; n++) await s3.put('models', `llm/${n}`, String(n));
    let copies = 0;
    s3.hooks.before = (operation) => {
      if (operation === 'CopyObject') copies += 1;
    };
    let passes = 0;
    for (let outcome = 'unfinished'; outcome === 'unfinished'; passes++) {
      const before = copies;
      outcome = (await stage('b', 'v1', { isTimeUp: () => copies - before > 500 })).kind;
    }
    expect(passes).toBeGreaterThan(2);
    expect(copies).toBe(2 * 1103);
    for (let n = 0; n < 1100; n++) await remove('models', `llm/${n}`);
    expect(await stage('b', 'v2')).toEqual({ kind: 'staged' });
    expect(await inFolder('b')).toEqual(['config.json', 'weights/1.bin']);
  });

  test('are not checked as archives, whatever their names', async () => {
    await s3.put('models', 'llm/data.tar.gz', 'no archive');
    expect(archivesOf(data, filesOf(await observe(data.files)))).toMatchObject([archive]);
  });
});

describe('a folder that shares objects with other sources', () => {
  const both = { ...data, files: [{ bucket: 'models', key: 'llm/config.json' }, folder] };

  test('has a copy of its own of each', async () => {
    const files = filesOf(await observe(both.files));
    expect(await store().stage({ ...job('b', 'v1', files), data: both }, options())).toEqual({ kind: 'staged' });
    expect(await inFolder('b')).toEqual(['config.json', 'weights/1.bin']);
    expect(await s3.get('copies', slotDataKey(data.root, 'b', 0))).toBe('{}');
  });

  test('does not have the marker and pointers, which may change without another revision', async () => {
    const sources: readonly SourceSpec[] = [folder, { bucket: 'models', marker: 'llm/_SUCCESS' }];
    const before = await observe(sources);
    await s3.put('models', 'llm/_SUCCESS', '');
    const after = await observe(sources);
    expect([revisionOf(after), filesOf(after)]).toEqual([revisionOf(before), filesOf(before)]);
    for (const key of ['llm/config.json', 'llm/weights/1.bin']) await remove('models', key);
    expect(await observe(sources)).toMatchObject({ kind: 'missing', uris: ['s3://models/llm/*'] });
  });

  test('counts what another source chooses from', async () => {
    const sources = [folder, { bucket: 'models', newestBelow: 'llm/', suffix: '.tgz' }];
    await s3.put('models', 'llm/1.tgz', 'old');
    await s3.clock.advance(1000);
    await s3.put('models', 'llm/2.tgz', 'new');
    const before = await observe(sources);
    await remove('models', 'llm/1.tgz');
    expect(revisionOf(await observe(sources))).not.toBe(revisionOf(before));
  });

  test('counts each object once, also below the prefix of a bucket event', async () => {
    const sources = [folder, { bucket: 'models', prefix: 'l' }];
    expect(await observe(sources)).toMatchObject({ objects: 3, size: 'one{}other'.length });
    expect(filesOf(await observe(sources)).map(({ key }) => key)).toEqual(['llm/config.json', 'llm/weights/1.bin']);
  });
});
