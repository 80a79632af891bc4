import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { Observation } from '../../src/policy/observation.ts';
import { pinRevision } from '../../src/policy/person-actions.ts';
import { accepted, endpoint, MINUTE, NOON, observe, quiet, servedV1, settling, spec, v1, v2 } from './situations.ts';

/** An upload in parts that S3 dates an hour ago, while v2 is being rolled out. */
const v3 = { ...v2, revision: 'v3', newest: NOON - 60 * MINUTE };
const settlingV3 = (...times: readonly [seenMs: number, sinceMs?: number]) => ({
  ...settling('v3', ...times),
  newest: v3.newest,
});
const updatingToV2 = { ...servedV1, rollout: accepted };
/** What an update by others leaves in the state. */
const moved = { configName: endpoint.configName, endpointModified: NOON - MINUTE };

/** A pass that comes for a new request while the endpoint is being updated. */
const during = (change: Partial<Observation> = {}) =>
  decide(
    observe({
      state: updatingToV2,
      endpoint: { ...endpoint, status: 'Updating', pendingConfigName: 'config-b', lastModified: NOON - MINUTE },
      requestedAt: NOON - 12_000,
      sources: undefined,
      ...change,
    }),
  );

/** The pass after the update. */
const afterwards = (change: Partial<Observation> = {}) =>
  decide(
    observe({
      state: { ...updatingToV2, upcoming: settlingV3(2 * MINUTE) },
      endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - 1000 },
      sources: v3,
      ...change,
    }),
  );

describe('an upload while the endpoint is being updated', () => {
  test('is looked for when a new request comes, and not by polls', () => {
    expect(during().next).toEqual({ kind: 'observe', what: 'sources' });
    expect(during({ requestedAt: undefined }).next).toMatchObject({ reason: 'EndpointBusy', seconds: 300 });
  });

  test('is not what was observed before, as what a person rolled back', () => {
    const observed = { revision: 'v3', newest: v3.newest };
    expect(during({ sources: v3, state: { ...updatingToV2, observed } }).state.upcoming).toBeUndefined();
  });

  test('is what a rollback during the update takes precedence over', () => {
    const state = {
      ...updatingToV2,
      upcoming: settlingV3(MINUTE),
      observed: { revision: 'v2', newest: v2.newest },
    };
    const { pin } = pinRevision(state, 'v1', { by: 'ada', at: NOON }).state;
    expect(pin).toMatchObject({ revision: 'v1', supersedes: 'v3', supersedesNewest: v3.newest });
    const data = { bucket: 'data', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
    const after = afterwards({ spec: { ...spec, data }, state: { ...state, pin }, slots: { a: 'v1', b: 'v2' } });
    expect(after.state.pin).toMatchObject({ supersedes: 'v3', supersedesNewest: v3.newest });
  });

  test('settles meanwhile, from when it was requested', () => {
    const { next, state } = during({ sources: v3 });
    expect(next).toMatchObject({ kind: 'requeue', reason: 'EndpointBusy', seconds: 300 });
    expect(state).toEqual({ ...updatingToV2, upcoming: { ...settlingV3(12_000), readAt: NOON } });
  });

  test('that was noted already is noted once, and one that is undone is forgotten', () => {
    const state = { ...updatingToV2, upcoming: settlingV3(MINUTE) };
    expect(during({ state, sources: v3 }).state).toBe(state);
    const again = { ...v3, newest: NOON };
    expect(during({ state, sources: again }).state.upcoming).toEqual({ ...state.upcoming, newest: NOON });
    expect(during({ state, sources: v2 }).state).toEqual(updatingToV2);
  });

  test('is no upload if it is what the endpoint is updated to, or serves while others update it', () => {
    expect(during({ sources: v2 }).state).toBe(updatingToV2);
    expect(during({ state: quiet, sources: v1 }).state).toEqual({ ...quiet, moved });
  });

  test('is no upload if it is what waits for the end of a deployment, whose stream another one continues', () => {
    const waiting = { ...servedV1, rollout: settling('v2', 30_000), moved };
    expect(during({ state: waiting, sources: v2 }).state).toBe(waiting);
    const upcoming = { ...settlingV3(12_000, 30_000), readAt: NOON, newest: NOON };
    expect(during({ state: waiting, sources: { ...v3, newest: NOON } }).state).toEqual({ ...waiting, upcoming });
  });

  test('is swapped to when the update ends, if it has settled by then', () => {
    const { next, state, events } = afterwards();
    expect(events).toMatchObject([{ type: 'succeeded', revision: 'v2' }]);
    expect(next).toMatchObject({ kind: 'swap', updating: { revision: 'v3', slot: 'a' } });
    expect(state.upcoming).toBeUndefined();
    expect(state.rollout).toEqual(settling('v3', 2 * MINUTE));
  });

  test('is what a rollback takes precedence over, also while others have the endpoint on another config', () => {
    const observed = { revision: 'v1', newest: v1.newest };
    const state = { ...quiet, upcoming: settlingV3(2 * MINUTE), observed };
    const elsewhere = { ...endpoint, configName: 'made-by-hand', lastModified: NOON - 1000 };
    const step = decide(observe({ state, endpoint: elsewhere, sources: undefined }));
    expect(step.next).toMatchObject({ reason: 'UnknownConfig' });
    const { pin } = pinRevision(step.state, 'v0', { by: 'ada', at: NOON }).state;
    expect(pin).toMatchObject({ supersedes: 'v3', supersedesNewest: v3.newest });
  });

  test('settles for what is left of waitTime when the update ends', () => {
    const state = { ...updatingToV2, upcoming: settlingV3(20_000) };
    expect(afterwards({ state }).next).toMatchObject({ kind: 'requeue', reason: 'Settling', seconds: 40 });
  });

  test('begins the stream that maxWaitTime bounds', () => {
    const bounded = { ...spec, maxWaitTime: 100 };
    const state = { ...updatingToV2, upcoming: settlingV3(30_000, 70_000) };
    const v4 = { ...v3, revision: 'v4', newest: NOON - 10_000 };
    const { next, state: written } = afterwards({ spec: bounded, state, sources: v4 });
    expect(next).toMatchObject({ reason: 'Settling', seconds: 30 });
    expect(written.rollout).toEqual(settling('v4', 0, 70_000));
  });

  test('is forgotten when something else is there, or what serves', () => {
    const state = { ...quiet, upcoming: settlingV3(2 * MINUTE) };
    const served = decide(observe({ state, sources: v1 }));
    expect(served.next).toMatchObject({ kind: 'done', reason: 'Serving' });
    expect(served.state).toEqual(quiet);
    expect(afterwards({ sources: { ...v3, revision: 'v4' } }).next).toMatchObject({ reason: 'Settling', seconds: 60 });
  });
});
