import { revisionPrefix, revisionsPrefix } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { isFunction } from '../../deployments/deployment-watch.ts';
import { KEY, type Settings } from '../../deployments/settings-app.ts';
import { etagOf } from '../../worlds/model-data.ts';
import { DeploymentRig, debug, MINUTE_MS, oneEndpoint } from './rig.ts';

const rig = new DeploymentRig();
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Keys in the revision store, without its prefix. */
async function storedKeys(): Promise<string[]> {
  const { store } = await rig.account.spec();
  const Prefix = revisionsPrefix(store);
  const { Contents = [] } = await rig.account.call('s3', 'ListObjectsV2', { Bucket: store.bucket, Prefix });
  return Contents.map(({ Key }) => Key.slice(Prefix.length)).sort();
}

/** Uploads these versions one after the other. Returns the revision of each. */
async function refreshAll(versions: readonly string[]): Promise<string[]> {
  const revisions: string[] = [];
  for (const version of versions) {
    await rig.refresh(version);
    revisions.push(await rig.servedRevision());
  }
  return revisions;
}

/** Counts what the function copies from now on. */
function countCopies(): () => number {
  let copies = 0;
  rig.account.interfere = ({ caller, operation }) => {
    if (isFunction(caller) && operation === 'CopyObject') copies += 1;
  };
  return () => copies;
}

const VERSIONS = ['v2', 'v3', 'v4', 'v5', 'v6', 'v7'];

describe('the revision store', () => {
  test.each([2, 4])('has exactly the revisions that are retained: %i', async (retainRevisions) => {
    await rig.liveOn('a', oneEndpoint({ retainRevisions }));
    const revisions = await refreshAll(VERSIONS);
    const retained = revisions.slice(-retainRevisions);
    const keys = retained.flatMap((revision) => [`${revision}/0/model.tar.gz`, `${revision}/revision.json`]);
    expect(await storedKeys()).toEqual(keys.sort());
    expect((await rig.account.state()).stored?.toSorted()).toEqual(retained.toSorted());
  });

  test('returns over many steps with one copy and one swap', async () => {
    await rig.liveOn('a', oneEndpoint({ retainRevisions: 6 }));
    const revisions = await refreshAll(VERSIONS);
    rig.account.updates.length = 0;
    const copies = countCopies();
    await rig.rollBackTo(revisions[1] ?? '');
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v3');
    expect(rig.movers()).toEqual(['controller']);
    expect(copies()).toBe(1);
    await rig.refresh('v8');
    await rig.expectServed('v8');
  });

  test('keeps the pinned revision while a deployment and its refreshes come', async () => {
    await rig.liveOn('a', oneEndpoint({ retainRevisions: 2 }));
    const [second = ''] = await refreshAll(['v2', 'v3']);
    await rig.rollBackTo(second);
    await rig.account.deploy(oneEndpoint({ ...debug, retainRevisions: 2 }));
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v2');
    expect((await storedKeys()).filter((key) => key.startsWith(second))).toHaveLength(2);
  });

  test.each([
    ['whole', /./],
    ['its data', /model\.tar\.gz$/],
    ['its record', /revision\.json$/],
  ])(
    'from which a revision was deleted (%s) ends its pin, and serves it once it is uploaded again',
    async (_, part) => {
      await rig.liveOn('a');
      const revisions = await refreshAll(['v2', 'v3', 'v4', 'v5']);
      const pinned = revisions[1] ?? '';
      const { store } = await rig.account.spec();
      const Prefix = revisionPrefix(store, pinned);
      const { Contents = [] } = await rig.account.call('s3', 'ListObjectsV2', { Bucket: store.bucket, Prefix });
      for (const { Key } of Contents.filter((object) => part.test(object.Key))) {
        await rig.account.call('s3', 'DeleteObject', { Bucket: store.bucket, Key });
      }
      rig.account.updates.length = 0;
      await rig.rollBackTo(pinned);
      await rig.account.pass(DAY_MS);
      expect(rig.movers()).toEqual([]);
      await rig.expectServed('v5');
      const { pin, quarantine } = await rig.account.state();
      expect([pin, quarantine]).toEqual([undefined, undefined]);
      expect((await rig.account.history()).at(-1)).toMatchObject({
        outcome: 'refused',
        revision: pinned,
        message: `Revision ${pinned.slice(0, 12)} is not in the data bucket any more, or lacks a source. Upload it again.`,
      });
      await rig.refresh('v3');
      await rig.expectServed('v3');
      expect(await rig.servedRevision()).toBe(pinned);
    },
  );
});

test('the same archive with another ETag, because it was uploaded in parts, causes no swap', async () => {
  await rig.liveOn('b');
  const revision = await rig.servedRevision();
  const object = { Bucket: rig.account.bucket, Key: KEY };
  const { UploadId } = await rig.account.call('s3', 'CreateMultipartUpload', object);
  const part = await rig.account.call('s3', 'UploadPart', {
    ...object,
    UploadId,
    PartNumber: 1,
    Body: Buffer.from('v2'),
  });
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
  await rig.account.call('s3', 'CompleteMultipartUpload', { ...object, UploadId, MultipartUpload });
  expect((await rig.account.call('s3', 'HeadObject', object)).ETag).not.toBe(etagOf('v2'));
  await rig.account.pass(DAY_MS);
  expect(rig.movers()).toEqual([]);
  expect(await rig.servedRevision()).toBe(revision);
  await rig.refresh('v3');
  await rig.expectServed('v3');
});

describe('data partly in place', () => {
  const MODELS = 'lora/';
  const partial: Settings = { containers: [{ key: KEY }, { models: MODELS }] };

  test('a rollback ends after one swap and stays until something newer is uploaded', async () => {
    await rig.liveOn('a', oneEndpoint(partial), { objects: { [`${MODELS}one.tar.gz`]: 'm1' } });
    expect((await rig.account.spec()).data?.partial).toBe(true);
    const first = await rig.servedRevision();
    await rig.refresh('v2');
    rig.account.updates.length = 0;
    await rig.rollBackTo(first);
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v1');
    expect(rig.movers()).toEqual(['controller']);
    await rig.refresh('v3');
    await rig.expectServed('v3');
    expect(rig.movers()).toEqual(['controller', 'controller']);
  });

  test('a rollback ends with a newer upload to the data in place', async () => {
    await rig.liveOn('a', oneEndpoint(partial), { objects: { [`${MODELS}one.tar.gz`]: 'm1' } });
    const first = await rig.servedRevision();
    await rig.refresh('v2');
    await rig.rollBackTo(first);
    await rig.account.deploy(oneEndpoint({ ...partial, role: 'Two' }));
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v1');
    rig.account.updates.length = 0;
    await rig.account.upload('m2', `${MODELS}one.tar.gz`);
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v2');
    expect(rig.movers()).toEqual(['controller']);
  });
});

describe('a bucket of the account for the data', () => {
  const NAME = 'given-data';

  test.each(['Suspended', 'Enabled', undefined] as const)('works with versions %s', async (Status) => {
    rig.useEmpty();
    await rig.account.call('s3', 'CreateBucket', { Bucket: NAME });
    if (Status) {
      const VersioningConfiguration = { Status };
      await rig.account.call('s3', 'PutBucketVersioning', { Bucket: NAME, VersioningConfiguration });
    }
    const settings: Settings = { dataBucket: NAME, retainRevisions: 3 };
    await rig.account.create(oneEndpoint(settings));
    await rig.account.settle();
    const [second = ''] = await refreshAll(['v2', 'v3', 'v4']);
    await rig.expectServed('v4');
    await rig.rollBackTo(second);
    await rig.expectServed('v2');
    await rig.account.deploy(oneEndpoint({ ...settings, ...debug }));
    await rig.account.pass(DAY_MS);
    await rig.expectServed('v2');
    await rig.refresh('v5');
    await rig.expectServed('v5');
    expect((await storedKeys()).filter((key) => key.endsWith('revision.json'))).toHaveLength(3);
  });
});
