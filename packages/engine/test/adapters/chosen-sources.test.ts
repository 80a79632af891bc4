import { type SlotData, slotDataKey, storePrefix } from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3RevisionStore } from '../../src/adapters/s3-revision-store.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { archivesOf } from '../../src/controller/archives.ts';
import type { SourcesView } from '../../src/policy/observation.ts';

const SECOND_MS = 1000;
const data = {
  bucket: 'copies',
  root: 'Iris/Endpoint/slots/1/',
  files: [{ bucket: 'models', newestBelow: 'jobs/', suffix: '/model.tgz' }],
} satisfies SlotData;
const store = { bucket: 'copies', prefix: storePrefix('Iris/Endpoint') };
const slotKey = (slot: 'a' | 'b') => slotDataKey(data.root, slot, 0);

let s3: ReturnType<typeof s3InMemory>;

beforeEach(async () => {
  s3 = s3InMemory();
  for (const Bucket of ['models', 'copies']) await s3.call('CreateBucket', { Bucket });
});

async function upload(job: string): Promise<void> {
  await s3.clock.advance(SECOND_MS);
  await s3.put('models', `jobs/${job}/model.tgz`, job);
}

async function observe(instead = {}): Promise<SourcesView & { readonly kind: 'complete' }> {
  const view = await s3Sources(s3.client).observe(data.files, { isTimeUp: () => false, ...instead });
  if (view.kind !== 'complete') throw new Error(`expected a complete view, got ${view.kind}`);
  return view;
}

const stage = async (slot: 'a' | 'b', { revision, files }: { revision: string; files?: SourcesView & object }) => {
  const sources = files?.kind === 'complete' ? files.files.map((source) => ({ source })) : undefined;
  const job = { store, data, slot, revision, ...(sources && { files: sources }) };
  return s3RevisionStore(s3.client, () => slot).stage(job, { isTimeUp: () => false, begun: async () => undefined });
};

describe('the newest archive below a prefix', () => {
  test('is copied to a slot; an older one is restored from the revision store', async () => {
    await upload('zebra');
    const first = await observe();
    expect(await stage('a', { revision: first.revision, files: first })).toEqual({ kind: 'staged' });
    await upload('ant');
    const second = await observe();
    expect(second.files).toMatchObject([{ key: 'jobs/ant/model.tgz', checksum: expect.any(String) }]);
    expect(await stage('b', { revision: second.revision, files: second })).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', slotKey('b'))).toBe('ant');
    expect(await s3.get('copies', slotKey('a'))).toBe('zebra');

    await s3.call('DeleteObject', { Bucket: 'models', Key: 'jobs/zebra/model.tgz' });
    expect(await stage('b', { revision: first.revision })).toEqual({ kind: 'staged' });
    expect(await s3.get('copies', slotKey('b'))).toBe('zebra');
    const contents = await s3RevisionStore(s3.client, () => '').contents(data, 'b');
    expect(contents).toMatchObject([{ source: { bucket: 'models', key: 'jobs/zebra/model.tgz' } }]);
  });

  test('is checked as an archive, whatever its suffix', async () => {
    await upload('ant');
    expect(archivesOf(data, (await observe()).files)).toHaveLength(1);
  });

  test('is the one that serves, where a deployment keeps what serves', async () => {
    await upload('first');
    const first = await observe();
    await upload('second');
    const instead = first.files.map((file) => ({ ...file, lastModified: 1 }));
    expect(await observe({ instead })).toMatchObject({ revision: first.revision, files: first.files });
  });
});

describe('a pointer', () => {
  const source = { bucket: 'models', pointer: 'current.txt', targets: ['models'] };
  const uri = 's3://models/current.txt';

  async function point(text: string): Promise<SourcesView> {
    await s3.clock.advance(SECOND_MS);
    await s3.put('models', 'current.txt', text);
    return follow();
  }
  async function follow(): Promise<SourcesView> {
    const view = await s3Sources(s3.client).observe([source], { isTimeUp: () => false });
    if (view.kind === 'unfinished') throw new Error('nothing is listed');
    return view;
  }

  test('is the archive that it names, as new as the newer of the two', async () => {
    await upload('one');
    await upload('two');
    const archiveTime = s3.clock.now();
    const one = await point('s3://models/jobs/one/model.tgz');
    expect(one).toMatchObject({ kind: 'complete', files: [{ key: 'jobs/one/model.tgz', chosenBy: uri }], size: 3 });
    expect(one.newest).toBe(s3.clock.now());
    expect(one.newest).toBeGreaterThan(archiveTime);
    const two = await point('s3://models/jobs/two/model.tgz');
    expect(two.revision).not.toBe(one.revision);
    expect(await point('{"uri":"s3://models/jobs/one/model.tgz"}')).toMatchObject({ revision: one.revision });
    await upload('one');
    expect(await follow()).toMatchObject({ newest: s3.clock.now() });
  });

  test.each([
    ['is empty', '', 'contains ""'],
    ['names another bucket', 's3://secrets/m', 'names an object in the bucket secrets'],
    ['is an archive', 'x'.repeat(100_000), 'is larger than 4096 bytes'],
    [
      'names no object',
      's3://models/jobs/none/model.tgz',
      'names s3://models/jobs/none/model.tgz, where there is no object',
    ],
  ])('that %s is a revision that cannot be served, with the reason', async (_, text, message) => {
    const view = await point(text);
    expect(view).toMatchObject({ kind: 'missing', uris: [], revision: expect.any(String), newest: s3.clock.now() });
    expect(view).toHaveProperty('faults', [expect.stringContaining(message)]);
    expect(s3.sent).not.toContain('ListObjectsV2');
    const read = await s3.get('models', 'current.txt');
    expect(read).toBe(text);
  });

  test('is another revision once the object that it names exists', async () => {
    const dangling = await point('s3://models/jobs/late/model.tgz');
    await upload('late');
    const complete = await follow();
    expect(complete.kind).toBe('complete');
    expect(complete.revision).not.toBe(dangling.revision);
  });

  test('that does not exist is missing', async () => {
    expect(await follow()).toEqual({ kind: 'missing', uris: [uri] });
  });
});

describe('a marker', () => {
  const sources = [
    { bucket: 'models', prefix: 'jobs/' },
    { bucket: 'models', marker: 'jobs/_SUCCESS' },
  ];
  const view = () => s3Sources(s3.client).observe(sources, { isTimeUp: () => false });

  test('is seen with its time, and is no part of the revision', async () => {
    await upload('one');
    const before = await view();
    expect(before).toMatchObject({ kind: 'complete', objects: 1, marker: { uri: 's3://models/jobs/_SUCCESS' } });
    await s3.clock.advance(SECOND_MS);
    await s3.put('models', 'jobs/_SUCCESS', '');
    const marker = { uri: 's3://models/jobs/_SUCCESS', lastModified: s3.clock.now() };
    expect(await view()).toEqual({ ...before, marker });
  });

  test('is read before the sources, so it never stands for what was read before it was written', async () => {
    await upload('one');
    s3.hooks.before = async (operation) => {
      if (operation !== 'ListObjectsV2') return;
      s3.hooks.before = undefined;
      await s3.put('models', 'jobs/_SUCCESS', '');
    };
    expect(await view()).toMatchObject({ marker: { uri: 's3://models/jobs/_SUCCESS' } });
    expect(await view()).toMatchObject({ marker: { lastModified: s3.clock.now() } });
  });
});
