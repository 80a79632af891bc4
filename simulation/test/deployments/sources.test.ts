import { describe, expect, test } from 'vitest';
import { type AppSettings, KEY, OTHER_KEY, type Settings, VARIANT } from '../../deployments/settings-app.ts';
import { DeploymentRig, MINUTE_MS, oneEndpoint, SLOTS } from './rig.ts';

const rig = new DeploymentRig();
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Longer than a deployment takes. */
const WAIT_SECONDS = 600;
const THIRD_KEY = 'iris/third.tar.gz';

/** Sources, and what the containers load while this version is at `KEY`. */
interface Sources {
  readonly containers: NonNullable<Settings['containers']>;
  readonly loaded: (version: string) => readonly string[];
}

const one: Sources = { containers: [{ key: KEY }], loaded: (version) => [version] };
const other: Sources = { containers: [{ key: OTHER_KEY }], loaded: () => ['other'] };
const both: Sources = { containers: [{ key: KEY }, { key: OTHER_KEY }], loaded: (version) => [version, 'other'] };
const reversed: Sources = { containers: both.containers.toReversed(), loaded: (version) => ['other', version] };
const OBJECTS = { [OTHER_KEY]: 'other', [THIRD_KEY]: 'third' };

const ANOTHER = { of: 'another source', before: one, after: other } as const;
const CHANGES = [
  { of: 'one source more', before: one, after: both },
  { of: 'one source less', before: both, after: one },
  { of: 'the same sources in another order', before: both, after: reversed },
] as const;

const endpointWith = ({ containers }: Sources, settings: Settings = {}) => oneEndpoint({ ...settings, containers });

interface Failure {
  readonly when: string;
  readonly failing: (sources: Sources) => AppSettings;
  /** Who updates the endpoint. */
  readonly moves: readonly string[];
}

const FAILURES: readonly Failure[] = [
  {
    when: 'after the endpoint has moved',
    failing: (sources) => ({ ...endpointWith(sources), fails: true }),
    moves: ['stack', 'stack'],
  },
  {
    when: 'before the endpoint moves',
    failing: (sources) => endpointWith(sources, { variants: [{ ...VARIANT, initialInstanceCount: -1 }] }),
    moves: [],
  },
];

describe.each([ANOTHER, ...CHANGES])('a deployment with $of', ({ before, after }) => {
  describe.each(FAILURES)('that fails $when', ({ failing, moves }) => {
    test.each(SLOTS)('leaves what served, although a refused upload is at the old source; live: %s', async (slot) => {
      const served = await rig.liveOn(slot, endpointWith(before), { objects: OBJECTS });
      const first = (await rig.account.state()).stored?.at(-1) ?? '';
      await rig.account.uploadBroken('bad');
      await rig.account.settle();
      rig.account.updates.length = 0;
      await expect(rig.account.deploy(failing(after))).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
      await rig.expectLoaded(before.loaded(served));
      await rig.account.pass(2 * HOUR_MS);
      await rig.expectLoaded(before.loaded(served));
      expect(rig.movers()).toEqual(moves);
      rig.account.updates.length = 0;

      await rig.refresh('v3');
      await rig.expectLoaded(before.loaded('v3'));
      await rig.rollBackTo(first);
      await rig.expectLoaded(before.loaded('v1'));
      expect(rig.movers()).toEqual(['controller', 'controller']);
    });

    test('leaves what a person rolled back, and ends the pin only for a newer upload', async () => {
      await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
      await rig.rollBackTo((await rig.account.state()).stored?.at(-1) ?? '');
      await rig.expectLoaded(before.loaded('v1'));
      rig.account.updates.length = 0;
      await expect(rig.account.deploy(failing(after))).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
      await rig.account.pass(DAY_MS);
      await rig.expectLoaded(before.loaded('v1'));
      await rig.refresh('v2');
      await rig.expectLoaded(before.loaded('v1'));
      expect(rig.movers()).toEqual(moves);
      await rig.refresh('v3');
      await rig.expectLoaded(before.loaded('v3'));
    });
  });
});

describe.each(CHANGES)('a deployment with $of', ({ before, after }) => {
  test('that fails late leaves what served, also if that has expired in the data bucket', async () => {
    const served = await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
    const { store, data } = await rig.account.spec();
    rig.expireBeforeRollback([`${store.prefix}revisions/`, data?.root ?? '']);
    await expect(rig.account.deploy({ ...endpointWith(after), fails: true })).rejects.toThrow(
      /UPDATE_ROLLBACK_COMPLETE/,
    );
    await rig.account.pass(DAY_MS);
    await rig.expectLoaded(before.loaded(served));
    await rig.refresh('v3');
    await rig.expectLoaded(before.loaded('v3'));
  });

  test('keeps a pin until something newer is uploaded', async () => {
    await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
    await rig.rollBackTo((await rig.account.state()).stored?.at(-1) ?? '');
    await rig.expectLoaded(before.loaded('v1'));
    rig.account.updates.length = 0;
    await rig.account.deploy(endpointWith(after));
    await rig.account.pass(DAY_MS);
    await rig.expectLoaded(after.loaded('v1'));
    await rig.refresh('v2');
    await rig.expectLoaded(after.loaded('v1'));
    expect(rig.movers()).toEqual(['stack']);
    await rig.refresh('v3');
    await rig.expectLoaded(after.loaded('v3'));
  });

  test.each([
    ['the fleet refused', () => rig.account.uploadBroken('bad')],
    ['the checks refused', () => rig.account.upload('junk bad')],
  ])('does not try again what %s, nor once its state is lost', async (_, uploadRefused) => {
    await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
    await uploadRefused();
    await rig.account.settle();
    rig.account.updates.length = 0;
    await rig.account.deploy(endpointWith(after));
    await rig.account.pass(DAY_MS);
    await uploadRefused();
    await rig.account.settle();
    await rig.expectLoaded(after.loaded('v2'));
    expect(rig.movers()).toEqual(['stack']);
    await rig.account.replaceState();
    await rig.account.pass(DAY_MS);
    expect(rig.movers()).toEqual(['stack']);
    // One of the refresh, and one under the digest that the changed sources give it.
    const refusals = (await rig.account.history()).filter(({ outcome }) => outcome === 'refused');
    expect(refusals).toMatchObject([{ trigger: 'upload' }, { trigger: 'deployment', seconds: 0 }]);
    await rig.refresh('v3');
    await rig.expectLoaded(after.loaded('v3'));
  });

  test('does not try again what the fleet refused, although S3 fails when the gate reads the sources', async () => {
    await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
    await rig.account.uploadBroken('bad');
    await rig.account.settle();
    rig.account.updates.length = 0;
    rig.failReadsAfterStaging('b');
    await rig.account.deploy(endpointWith(after));
    await rig.account.pass(DAY_MS);
    await rig.expectLoaded(after.loaded('v2'));
    expect(rig.movers()).toEqual(['stack']);
  });

  test.each(SLOTS)('loads what serves, and a refresh brings what has not settled yet; live: %s', async (slot) => {
    const served = await rig.liveOn(slot, endpointWith(before, { waitTime: WAIT_SECONDS }), { objects: OBJECTS });
    await rig.account.upload('v3');
    await rig.account.deploy(endpointWith(after, { waitTime: WAIT_SECONDS }));
    await rig.expectLoaded(after.loaded(served));
    await rig.account.settle();
    await rig.expectLoaded(after.loaded('v3'));
    expect(rig.movers()).toEqual(['stack', 'controller']);
  });

  test('keeps each source with its own data in the next deployment', async () => {
    await rig.liveOn('b', endpointWith(before), { objects: OBJECTS });
    await rig.account.deploy(endpointWith(after));
    await rig.account.settle();
    await rig.account.uploadBroken('bad');
    await rig.account.settle();
    await rig.account.deploy(oneEndpoint({ containers: [...after.containers, { key: THIRD_KEY }] }));
    await rig.account.settle();
    await rig.expectLoaded([...after.loaded('v2'), 'third']);
  });
});

test('a rollback to a revision that lacks a source ends, and what serves stays', async () => {
  await rig.liveOn('b', endpointWith(one), { objects: OBJECTS });
  const before = await rig.servedRevision();
  await rig.account.deploy(endpointWith(both));
  await rig.account.settle();
  await rig.refresh('v3');
  rig.account.updates.length = 0;
  await rig.rollBackTo(before);
  await rig.account.pass(DAY_MS);
  await rig.expectLoaded(both.loaded('v3'));
  expect(rig.movers()).toEqual([]);
  const { pin, quarantine, stored } = await rig.account.state();
  expect([pin, quarantine]).toEqual([undefined, undefined]);
  // One swap returns to what the other slot holds.
  await rig.rollBackTo(stored?.[1] ?? '');
  await rig.expectLoaded(both.loaded('v2'));
});

test('a rollback to a revision that has a source more returns to the part that is left', async () => {
  await rig.liveOn('b', endpointWith(both), { objects: OBJECTS });
  const first = (await rig.account.state()).stored?.at(-1) ?? '';
  await rig.account.deploy(endpointWith(one));
  await rig.account.settle();
  await rig.rollBackTo(first);
  await rig.account.pass(DAY_MS);
  await rig.expectLoaded(one.loaded('v1'));
  // The next deployment knows whose data the slot has.
  await rig.account.deploy(endpointWith(reversed));
  await rig.account.settle();
  await rig.expectLoaded(reversed.loaded('v1'));
});
