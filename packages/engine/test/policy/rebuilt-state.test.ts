import { describe, expect, test } from 'vitest';
import type { ActionRecord, ListedRecord, RefreshRecord, StallRecord } from '../../src/policy/history.ts';
import { type Remains, rebuildState } from '../../src/policy/rebuilt-state.ts';
import type { EndpointState, Pin, Serving } from '../../src/policy/state.ts';
import { endpoint, MINUTE, NOON, onA, spec, v1, v2 } from './situations.ts';

const data = { bucket: 'data', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const perSlot = { ...spec, data };
const partial = { ...spec, data: { ...data, partial: true } as const };
const onB: Serving = { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: NOON - 5 * MINUTE };
const inB = { ...endpoint, configName: 'config-b', lastModified: onB.since };
const pin: Pin = { revision: 'v1', by: 'ada', at: NOON - 6 * MINUTE, supersedes: 'v2' };
const backOnA: Serving = { ...onA, since: NOON - 4 * MINUTE };

const record = (more: Partial<ListedRecord<RefreshRecord>>): ListedRecord<RefreshRecord> => ({
  version: 1,
  outcome: 'succeeded',
  revision: 'v1',
  slot: 'a',
  trigger: 'upload',
  at: '2026-01-01T11:00:00.000Z',
  seconds: 60,
  sources: [],
  writtenAt: Date.parse(more.at ?? '2026-01-01T11:00:00.000Z') + MINUTE,
  ...more,
});
/** What a person did, `minutes` before noon, by a clock that may be wrong. */
const action = (
  outcome: ActionRecord['outcome'],
  minutes: number,
  more: Partial<ListedRecord<ActionRecord>> = {},
): ListedRecord<ActionRecord> => {
  const at = NOON - minutes * MINUTE;
  return { version: 1, outcome, at: new Date(at).toISOString(), by: 'ada', writtenAt: at, ...more };
};
const stall = (outcome: StallRecord['outcome'], minutes: number): ListedRecord<StallRecord> => {
  const at = NOON - minutes * MINUTE;
  const reason = { reason: 'Retrying', message: 'no capacity' };
  return { version: 1, outcome, at: new Date(at).toISOString(), seconds: 1800, ...reason, writtenAt: NOON };
};
const deployedV1 = record({ outcome: 'deployed', trigger: 'deployment', serving: onA });
const servedV2 = record({ revision: 'v2', slot: 'b', serving: onB });
const pinnedV1 = record({ trigger: 'pin', serving: backOnA, pin });
const refused = (revision: string, more: Partial<RefreshRecord> = {}): ListedRecord<RefreshRecord> =>
  record({ outcome: 'refused', revision, slot: 'b', quarantined: { revision, at: NOON, message: 'bad' }, ...more });

/** A serves v1, which a deployment loaded, and v2 was uploaded. Both slots have data of their own. */
const remains = (change: Partial<Remains> = {}): Remains => ({
  spec: perSlot,
  state: { version: 1, lostAt: NOON - 2 * MINUTE },
  endpoint,
  slots: { a: 'v1' },
  revisions: [],
  sources: v2,
  history: [deployedV1],
  ...change,
});

describe('a lost state is rebuilt', () => {
  test.each<[string, Partial<Remains>, Partial<EndpointState>]>([
    ['what serves, from the history', {}, { serving: onA }],
    [
      'what serves, from the slot, where the history ends earlier',
      { history: [], sources: v1 },
      { serving: { ...onA, since: endpoint.lastModified, size: v1.size } },
    ],
    ['nothing but the slot', { history: [] }, { serving: { ...onA, newestSource: 0 } }],
    [
      'data in place, from the history',
      { spec, slots: {}, history: [servedV2, deployedV1], endpoint: inB },
      { serving: onB },
    ],
    [
      'data partly in place, from the history',
      { spec: partial, history: [record({ serving: { ...onA, revision: 'v9', slotRevision: 'v1' } })] },
      { serving: { ...onA, revision: 'v9', slotRevision: 'v1' } },
    ],
    [
      'data partly in place that was swapped since, from the slot',
      { spec: partial, slots: { a: 'v2' }, history: [record({ serving: { ...onA, slotRevision: 'v1' } })] },
      { serving: { configName: onA.configName, slotRevision: 'v2', newestSource: 0, since: endpoint.lastModified } },
    ],
    ['data in place without a history', { spec, slots: {}, history: [] }, {}],
    [
      'the quarantine, newest first',
      { history: [refused('v3'), refused('v2', { retried: false }), deployedV1] },
      {
        serving: onA,
        quarantine: [
          { revision: 'v3', at: NOON, message: 'bad' },
          { revision: 'v2', at: NOON, message: 'bad' },
        ],
      },
    ],
    [
      'no quarantine of what is tried again',
      { history: [refused('v2', { quarantined: undefined }), deployedV1] },
      { serving: onA },
    ],
    [
      'no quarantine of what served later',
      { history: [servedV2, refused('v2'), deployedV1], endpoint: inB, slots: { a: 'v1', b: 'v2' } },
      { serving: onB },
    ],
    [
      'the pin, with its time',
      {
        history: [pinnedV1, servedV2, deployedV1],
        endpoint: { ...endpoint, lastModified: backOnA.since },
        slots: { a: 'v1', b: 'v2' },
      },
      { serving: backOnA, pin },
    ],
    [
      'the pin, also after a deployment',
      { history: [{ ...deployedV1, pin }, pinnedV1, servedV2], slots: { a: 'v1', b: 'v2' } },
      { serving: onA, pin },
    ],
    [
      'no pin that an upload ended, even if that was refused',
      {
        history: [refused('v3'), pinnedV1, servedV2],
        endpoint: { ...endpoint, lastModified: backOnA.since },
        slots: { a: 'v1' },
      },
      {
        serving: backOnA,
        quarantine: [{ revision: 'v3', at: NOON, message: 'bad' }],
      },
    ],
    [
      'what a person wrote meanwhile',
      { state: { version: 1, lostAt: 1, suspension: { by: 'ada', at: 2 }, pin } },
      { serving: onA, suspension: { by: 'ada', at: 2 }, pin },
    ],
    [
      'no update after a deployment replaced the configs',
      { history: [record({ serving: { ...onA, configName: 'config-of-before' } })] },
      { serving: onA },
    ],
  ])('with %s', (_, change, expected) => {
    const { lostAt, ...rebuilt } = rebuildState(remains(change));
    expect(lostAt).toBeUndefined();
    expect(rebuilt).toEqual({ version: 1, ...expected });
  });

  test.each<[string, Partial<Remains>, object]>([
    [
      'is under way',
      { endpoint: { ...endpoint, status: 'Updating', pendingConfigName: 'config-b' } },
      { trigger: 'upload' },
    ],
    [
      'is being rolled back',
      { endpoint: { ...endpoint, status: 'RollingBack', pendingConfigName: 'config-b' } },
      { trigger: 'upload' },
    ],
    ['has ended without a record', { endpoint: inB }, { trigger: 'upload' }],
    ['was overtaken by another upload', { endpoint: inB, sources: { ...v2, revision: 'v3' } }, { trigger: 'upload' }],
  ])('with an accepted update to what slot B holds, where one %s', (_, change, expected) => {
    const { rollout } = rebuildState(remains({ slots: { a: 'v1', b: 'v2' }, ...change }));
    expect(rollout).toMatchObject({ slot: 'b', configName: 'config-b', revision: 'v2', accepted: true, ...expected });
  });

  test('with an update to slot B after a deployment without a record', () => {
    const before = record({ serving: { ...onA, configName: 'config-of-before' } });
    const { rollout } = rebuildState(remains({ history: [before], endpoint: inB, slots: { a: 'v1', b: 'v2' } }));
    expect(rollout).toMatchObject({ slot: 'b', configName: 'config-b', revision: 'v2', accepted: true });
  });

  test('with an update to the slot that served before a move by hand, where it has ended without a record', () => {
    const { rollout } = rebuildState(remains({ slots: { a: 'v2', b: 'v1' } }));
    expect(rollout).toMatchObject({ slot: 'a', configName: 'config-a', revision: 'v2', accepted: true });
  });

  test.each<[string, ListedRecord<RefreshRecord>[], string, string | undefined]>([
    ['a person’s rollback, which stays', [servedV2, deployedV1], 'pin', 'v1'],
    [
      'a move by hand during a rollback whose newer upload was never tried',
      [
        record({ revision: 'v0', slot: 'b', trigger: 'pin', serving: onB, pin: { ...pin, revision: 'v0' } }),
        deployedV1,
      ],
      'pin',
      'v1',
    ],
    [
      'a rollback after failed smoke tests',
      [refused('v2', { quarantined: { revision: 'v2', at: NOON, failedSmokeTests: true }, serving: onB }), deployedV1],
      'smoke-test',
      undefined,
    ],
  ])('with %s, where an update to earlier data is under way', (_, history, trigger, pinned) => {
    const moving = { ...inB, status: 'Updating', pendingConfigName: 'config-a' } as const;
    const state = rebuildState(remains({ history, endpoint: moving, slots: { a: 'v1', b: 'v2' } }));
    expect(state.rollout).toMatchObject({ slot: 'a', revision: 'v1', trigger });
    expect(state.pin?.revision).toBe(pinned);
    if (pinned) expect(state.pin?.supersedes).toBe('v2');
  });
});

const rollback = (minutes: number, more: Partial<ListedRecord<ActionRecord>> = {}) =>
  action('rollback', minutes, { revision: 'v1', reason: 'accuracy fell', ...more });
const at = (minutes: number) => new Date(NOON - minutes * MINUTE).toISOString();

describe('what a person did survives', () => {
  const rebuilt = (history: Remains['history']) => rebuildState(remains({ history }));
  const asked: Pin = { revision: 'v1', by: 'ada', at: NOON - 6 * MINUTE, reason: 'accuracy fell' };

  test.each<[string, Remains['history'], Pin | undefined]>([
    ['a pin that is not served yet', [rollback(6), servedV2], asked],
    ['the last of two pins', [rollback(6), rollback(9, { revision: 'v0' })], asked],
    ['a pin with what it supersedes', [record({ at: at(3), trigger: 'pin', pin }), rollback(6)], pin],
    ['a pin that was set during an update to an upload', [rollback(6), record({ revision: 'v2', at: at(7) })], asked],
    ['no pin that a later upload ended', [record({ revision: 'v3', at: at(3) }), rollback(6)], undefined],
    [
      'no pin that a later upload ended, although the person’s clock is ahead',
      [rollback(-60, { writtenAt: NOON - 6 * MINUTE }), record({ revision: 'v3', at: at(3) })],
      undefined,
    ],
    [
      'no pin of what is not retained',
      [refused('v1', { at: at(6), trigger: 'pin' }), rollback(6, { writtenAt: NOON - 5 * MINUTE })],
      undefined,
    ],
    [
      'a pin that ended with other sources, and came back with the rollback of that deployment',
      [record({ at: at(2), trigger: 'pin', pin }), record({ outcome: 'deployed', at: at(4) }), rollback(6)],
      pin,
    ],
    [
      'the pin that came back with the rollback of a deployment, during which a person set another',
      [record({ at: at(2), trigger: 'pin', pin }), record({ outcome: 'deployed', at: at(4) }), rollback(5)],
      pin,
    ],
    ['no pin that a person ended', [action('refresh', 3), rollback(6)], undefined],
  ])('%s', (_, history, expected) => {
    // Records are listed by name, which has their time.
    const listed = history.toSorted((one, other) => other.at.localeCompare(one.at));
    const { pin: found } = rebuilt(listed.map((each) => ({ ...each })));
    expect(found).toEqual(expected);
  });

  test('a pin that was set after the update which is under way', () => {
    const moving = { ...endpoint, status: 'Updating', pendingConfigName: 'config-b', lastModified: NOON - 9 * MINUTE };
    const change = { endpoint: moving, slots: { a: 'v1', b: 'v2' } } as Partial<Remains>;
    expect(rebuildState(remains({ ...change, history: [rollback(6), deployedV1] })).pin).toEqual(asked);
    expect(rebuildState(remains({ ...change, history: [rollback(12), deployedV1] })).pin).toBeUndefined();
  });

  test.each([
    ['what was there before', NOON - 3 * MINUTE, true],
    ['what was uploaded since', NOON - MINUTE, false],
  ])('a pin that was set since the loss, over %s', (_, supersedesNewest, isKept) => {
    const set: Pin = { revision: 'v1', by: 'ada', at: NOON - 60 * MINUTE, supersedes: 'v2', supersedesNewest };
    // S3 dates the record; the person's clock is behind.
    const asked = action('rollback', 60, { revision: 'v1', writtenAt: NOON - 2 * MINUTE });
    const state = { version: 1, lostAt: NOON - 4 * MINUTE, pin: set } as const;
    const { pin: found } = rebuildState(remains({ state, history: [asked, deployedV1] }));
    expect(found).toEqual(isKept ? set : undefined);
  });

  test('a suspension, until it is resumed', () => {
    const suspended = action('suspend', 9, { reason: 'audit' });
    const resumed = action('resume', 20, { ends: NOON - 9 * MINUTE });
    expect(rebuilt([suspended]).suspension).toEqual({ by: 'ada', at: NOON - 9 * MINUTE, reason: 'audit' });
    // The clock of the person who resumed is behind.
    expect(rebuilt([suspended, resumed]).suspension).toBeUndefined();
    // The state was lost when swaps were resumed.
    expect(rebuilt([suspended, action('resume', 20, { writtenAt: NOON })]).suspension).toBeUndefined();
    expect(rebuilt([suspended, action('resume', 20)]).suspension).toBeDefined();
    // A clock an hour ahead sorts what ended long ago before what holds.
    const ahead = (outcome: 'suspend' | 'resume', minutes: number) =>
      action(outcome, minutes - 60, { ends: NOON + 40 * MINUTE, writtenAt: NOON - minutes * MINUTE });
    expect(rebuilt([ahead('resume', 15), ahead('suspend', 20), suspended]).suspension).toMatchObject({
      at: NOON - 9 * MINUTE,
    });
    expect(rebuilt([action('suspend', 2), suspended, resumed]).suspension).toEqual({
      by: 'ada',
      at: NOON - 2 * MINUTE,
    });
  });

  test('a retry, but not for a later quarantine of the same revision', () => {
    const again = action('retry', 1, { revision: 'v2', ends: NOON });
    expect(rebuilt([again, refused('v2')]).quarantine).toBeUndefined();
    const later = refused('v2', { quarantined: { revision: 'v2', at: NOON + 1 } });
    expect(rebuilt([again, later, refused('v2')]).quarantine).toEqual([{ revision: 'v2', at: NOON + 1 }]);
  });
});

test('what serves without a record counts as what served last, so that the next refresh retains it', () => {
  const revisions = ['v0', 'v1', 'v2', 'v3'];
  expect(rebuildState(remains({ revisions, history: [] })).stored).toEqual(['v1', 'v0', 'v2', 'v3']);
  const history = [servedV2, deployedV1];
  expect(rebuildState(remains({ revisions, history, slots: { a: 'v3' } })).stored).toEqual(['v3', 'v2', 'v1', 'v0']);
});

test('a stall that was published survives, until its end was published, too', () => {
  const { stalled } = rebuildState(remains({ history: [stall('stalled', 40), deployedV1] }));
  expect(stalled).toEqual({
    since: NOON - 40 * MINUTE,
    reason: 'Retrying',
    message: 'no capacity',
    published: true,
    rebuilt: true,
  });
  const ended = [stall('stalled', 40), stall('recovered', 40), deployedV1];
  expect(rebuildState(remains({ history: ended })).stalled).toBeUndefined();
});

test('what others did to the endpoint shows which answers of DescribeEndpoint are from before it', () => {
  const moved = { configName: 'config-b', endpointModified: NOON - MINUTE };
  const elsewhere = { ...endpoint, configName: moved.configName, lastModified: moved.endpointModified };
  expect(rebuildState(remains({ spec, slots: {}, endpoint: elsewhere })).moved).toEqual(moved);
  expect(rebuildState(remains()).moved).toBeUndefined();
});

test('an update of what was refused, and is tried again, keeps its trigger, whatever was uploaded since', () => {
  const moving = { ...endpoint, status: 'Updating', pendingConfigName: 'config-b' } as const;
  const again = record({ outcome: 'refused', retried: true, trigger: 'pin', pin: { ...pin, supersedes: 'v0' } });
  const history = [again, record({ revision: 'v0', serving: onA }), deployedV1];
  const { rollout } = rebuildState(remains({ endpoint: moving, slots: { a: 'v0', b: 'v1' }, history }));
  expect(rollout).toMatchObject({ revision: 'v1', trigger: 'pin' });
});

test('an update that is under way is adopted even without a history', () => {
  const updating = { ...endpoint, status: 'Updating', pendingConfigName: 'config-b' } as const;
  const rebuilt = rebuildState(remains({ history: [], endpoint: updating, slots: { a: 'v1', b: 'v2' } }));
  expect(rebuilt.rollout).toMatchObject({ slot: 'b', configName: 'config-b', revision: 'v2', accepted: true });
  expect(rebuildState(remains({ history: [], slots: { a: 'v1', b: 'v2' } })).rollout).toBeUndefined();
});
