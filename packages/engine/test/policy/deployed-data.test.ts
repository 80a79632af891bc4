import { describe, expect, test } from 'vitest';
import {
  type BeforeDeployment,
  type ChangedSources,
  dataToDeploy,
  keepAcrossSources,
  replacedBy,
} from '../../src/policy/deployed-data.ts';
import type { SourcesView } from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import { endpoint, NOON, onA, spec } from './situations.ts';

const data = { bucket: 'data', root: 'Iris/Endpoint/slots/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const other = { ...data, root: 'Iris/Endpoint/slots/2/' };
const perSlot = { ...spec, data };
const served: EndpointState = { version: 1, serving: { ...onA, revision: 'v2' } };
const onB = { ...endpoint, configName: 'config-b' };
const elsewhere = { ...endpoint, configName: 'by-hand' };
const failed = { revision: 'v2', at: NOON, failedSmokeTests: true } as const;
const before: BeforeDeployment = {
  spec: perSlot,
  state: served,
  view: endpoint,
  data,
  slots: { a: 'v2', b: 'v1' },
  isRollback: false,
};
const onBServing = { ...served.serving!, configName: 'config-b' };
const replaced = { configs: { a: 'old-a', b: 'old-b' }, root: other.root, revision: 'v2', nextRoot: data.root };

describe('a deployment', () => {
  test.each<[string, Partial<BeforeDeployment>, ReturnType<typeof dataToDeploy>]>([
    ['keeps slot A while it serves', {}, { kind: 'keep' }],
    ['puts what B serves into A', { view: onB, slots: { a: 'v1', b: 'v2' } }, { kind: 'restore', revision: 'v2' }],
    ['copies nothing if A has what B serves', { view: onB, slots: { a: 'v2', b: 'v2' } }, { kind: 'keep' }],
    [
      'stages the sources to A if the serving slot B has lost its record',
      { view: onB, slots: { a: 'v1' } },
      {
        kind: 'sources',
        slots: ['a'],
      },
    ],
    [
      'keeps what A has as the way back from failed smoke tests',
      {
        view: onB,
        slots: { a: 'v1', b: 'v2' },
        state: { version: 1, serving: onBServing, quarantine: [failed] },
      },
      { kind: 'keep' },
    ],
    [
      'of a new endpoint stages the sources to both slots',
      { spec: undefined, view: undefined, slots: {} },
      {
        kind: 'sources',
        slots: ['a', 'b'],
      },
    ],
    [
      'with other sources takes what serves from the active slot',
      { data: other, slots: {} },
      {
        kind: 'sources',
        served: { slot: 'a', root: data.root },
        slots: ['a', 'b'],
      },
    ],
    [
      'that gives slots data of their own takes it from the sources',
      { spec, slots: {} },
      {
        kind: 'sources',
        served: { slot: 'a', root: undefined },
        slots: ['a', 'b'],
      },
    ],
    ['keeps both slots if it is unknown which one serves', { view: elsewhere }, { kind: 'keep' }],
    [
      'writes no slot if it is unknown which one serves, and the endpoint was moved to B while that was staged',
      {
        view: elsewhere,
        slots: { a: 'v2' },
        state: { ...served, moved: { configName: 'config-b', endpointModified: NOON } },
      },
      { kind: 'keep' },
    ],
    [
      'writes only a slot without a revision if it is unknown which one serves',
      { view: elsewhere, slots: { a: 'v2' } },
      {
        kind: 'sources',
        slots: ['b'],
      },
    ],
  ])('%s', (_, change, expected) => {
    expect(dataToDeploy({ ...before, ...change })).toEqual(expected);
  });
});

describe('the rollback of a deployment that changed the sources', () => {
  const rollback = { ...before, data: other, isRollback: true, state: { ...served, replaced } };

  test('puts what served before into the earlier slot data, not what is at the earlier sources', () => {
    expect(dataToDeploy({ ...rollback, slots: { a: 'v0', b: 'v2' } })).toEqual({
      kind: 'restore',
      revision: 'v2',
      otherwise: { kind: 'sources', served: { slot: 'a', root: data.root }, slots: ['a'] },
    });
    expect(dataToDeploy({ ...rollback, slots: { a: 'v2' } })).toEqual({ kind: 'keep' });
  });

  test('finds the slot that serves when the endpoint has not moved yet', () => {
    const view = { ...endpoint, configName: 'old-b' };
    expect(dataToDeploy({ ...rollback, view, slots: { a: 'v0', b: 'v2' } })).toEqual({
      kind: 'restore',
      revision: 'v2',
    });
    expect(dataToDeploy({ ...rollback, view: { ...view, configName: 'old-a' }, slots: {} })).toEqual({ kind: 'keep' });
  });

  test('writes no slot that the endpoint moved to before the spec was updated', () => {
    const early = { ...rollback, spec: { ...perSlot, configs: replaced.configs }, view: elsewhere };
    const sameData = { ...replaced, root: data.root };
    const state = { ...served, replaced: sameData };
    expect(dataToDeploy({ ...early, data, state, slots: { a: 'v1', b: 'v2' } })).toEqual({ kind: 'keep' });
    expect(dataToDeploy({ ...early, slots: { a: 'v0', b: 'v2' } })).toMatchObject({ kind: 'restore', revision: 'v2' });
  });

  test('is not confused with a later deployment to the earlier sources', () => {
    expect(dataToDeploy({ ...rollback, isRollback: false, slots: { a: 'v0', b: 'v2' } })).toMatchObject({
      kind: 'sources',
      served: { slot: 'a', root: data.root },
    });
  });
});

test('a deployment records what it replaces', () => {
  const { configs } = spec;
  const nextRoot = other.root;
  expect(replacedBy(perSlot, served, other)).toEqual({ configs, root: data.root, revision: 'v2', nextRoot });
  const pin = { revision: 'v2', by: 'ann', at: NOON };
  expect(replacedBy(perSlot, { ...served, pin }, other)).toMatchObject({ pin });
  expect(replacedBy(spec, { version: 1 }, other)).toEqual({ configs, nextRoot });
  const observed = { revision: 'v2', newest: NOON };
  expect(replacedBy(spec, { version: 1, observed }, other)).toEqual({ configs, nextRoot, read: observed });
});

describe('a deployment that changes the sources', () => {
  const view = (revision: string): SourcesView => ({
    kind: 'complete',
    revision,
    newest: NOON,
    objects: 1,
    size: 1,
    files: [],
  });
  const changed: ChangedSources = { before: view('v2'), after: view('v2+'), removed: [], deployed: 'v1+' };
  const pin = { revision: 'v1', by: 'ann', at: NOON, supersedes: 'v2' };
  const quarantine = [{ revision: 'v2', at: NOON, message: 'is empty' }];
  const state: EndpointState = { version: 1, pin, quarantine };
  const carried = { revision: 'v2+', at: NOON, message: 'is empty' };
  const judged = { ...state, quarantine: [carried, ...quarantine] };
  const pinAfter = { ...pin, revision: 'v1+', supersedes: 'v2+', supersedesNewest: NOON };

  test('keeps a pin for afterwards, and what is at the sources in quarantine', () => {
    expect(keepAcrossSources(state, changed)).toEqual({ state: judged, carried, pin: pinAfter });
  });

  test('keeps a pin that no pass has seen yet', () => {
    const { supersedes: _, ...unseen } = pin;
    expect(keepAcrossSources({ version: 1, pin: unseen }, changed).pin).toEqual(pinAfter);
  });

  test('ends a pin that a newer upload has ended already', () => {
    expect(keepAcrossSources(state, { ...changed, before: view('v3') })).toEqual({ state });
  });

  test('takes what was observed last for sources that cannot be read any more', () => {
    const removed = { ...changed, before: undefined };
    const observed = { revision: 'v2', newest: NOON };
    expect(keepAcrossSources({ ...state, observed }, removed)).toEqual({
      state: { ...judged, observed },
      carried,
      pin: pinAfter,
    });
    const earlier = { ...state, observed: { ...observed, newest: NOON - 1 } };
    expect(keepAcrossSources(earlier, removed)).toEqual({ state: earlier });
    // What is newer is at a source that the deployment adds.
    expect(keepAcrossSources(earlier, { ...removed, newestKept: NOON - 1 })).toMatchObject({ carried, pin: pinAfter });
    expect(keepAcrossSources(state, removed)).toEqual({ state });
  });

  test('does not take an upload in parts that began earlier for what was observed last', () => {
    const observed = { revision: 'v2', newest: NOON };
    const serving = { ...state, observed, serving: { ...onA, revision: 'v2' } };
    const removed = { ...changed, before: undefined, unchanged: 'v2' };
    expect(keepAcrossSources(serving, removed)).toMatchObject({ pin: pinAfter });
    expect(keepAcrossSources(serving, { ...removed, unchanged: 'v3' })).toEqual({ state: serving });
    // What was observed last is not what serves: a source that the deployment removes may have had other bytes.
    const other = { ...serving, serving: onA };
    expect(keepAcrossSources(other, { ...removed, unchanged: 'v3' })).toMatchObject({ pin: pinAfter });
  });

  test('or what was noted during an update since', () => {
    const removed = { ...changed, before: undefined };
    const observed = { revision: 'v1', newest: NOON - 2 };
    const settling = { phase: 'settling', trigger: 'upload', seen: NOON, since: NOON } as const;
    const upcoming = { ...settling, revision: 'v2', newest: NOON };
    expect(keepAcrossSources({ ...state, observed, upcoming }, removed)).toMatchObject({ carried, pin: pinAfter });
    const earlier = { ...state, observed, upcoming: { ...upcoming, newest: NOON - 1 } };
    expect(keepAcrossSources(earlier, removed)).toEqual({ state: earlier });
  });

  test('keeps no quarantine that may be for what was at a source that it removes', () => {
    const removed = [{ bucket: 'models', key: 'other.tar.gz' }];
    expect(keepAcrossSources(state, { ...changed, removed })).toEqual({ state, pin: pinAfter });
    expect(keepAcrossSources(state, { ...changed, removed, unchanged: 'v2' })).toEqual({
      state: judged,
      carried,
      pin: pinAfter,
    });
  });

  test('nor one for wrong answers unless what serves passed the tests', () => {
    const removed = [{ bucket: 'models', key: 'other.tar.gz' }];
    const wrong = quarantine.map((entry) => ({ ...entry, failedSmokeTests: true as const }));
    const deployed = { ...served, quarantine: wrong };
    const carriedFrom = (before: EndpointState) =>
      keepAcrossSources(before, { ...changed, removed, unchanged: 'v2' }).carried?.revision;
    expect(carriedFrom(deployed)).toBeUndefined();
    expect(carriedFrom({ ...deployed, quarantine })).toBe('v2+');
    expect(carriedFrom({ ...deployed, serving: { ...onA, tested: true } })).toBe('v2+');
  });

  test('needs neither when it loads what is at the sources', () => {
    expect(keepAcrossSources(state, { ...changed, deployed: 'v2+' })).toEqual({ state });
  });
});
