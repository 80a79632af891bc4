import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { Observation } from '../../src/policy/observation.ts';
import type { Rollout } from '../../src/policy/rollout.ts';
import { MINUTE, NOON, observe, quiet, settling, spec, v2 } from './situations.ts';

/** The rollout after a pass that finds v2, which S3 dates an hour ago: an upload in parts that has just ended. */
function rolloutAfter(rollout: Rollout | undefined, change: Partial<Observation>): Rollout | undefined {
  const sources = { ...v2, newest: NOON - 60 * MINUTE };
  return decide(observe({ state: { ...quiet, rollout }, sources, ...change })).state.rollout;
}

const read = (ago: number, sightAgo: number): Rollout => ({ ...settling('v2', sightAgo), readAt: NOON - ago });

describe('a revision that S3 dates too early was first seen', () => {
  test('when it was requested, so that the batching window is part of waitTime', () => {
    const requestedAt = NOON - 12_000;
    expect(rolloutAfter(undefined, { requestedAt })).toEqual({ ...settling('v2', 12_000), readAt: NOON });
    const { next } = decide(observe({ state: quiet, sources: { ...v2, newest: NOON - 60 * MINUTE }, requestedAt }));
    expect(next).toMatchObject({ kind: 'requeue', reason: 'Settling', seconds: 48 });
  });

  test('by the pass that reads it, if no request led to it', () => {
    expect(rolloutAfter(undefined, {})).toEqual(settling('v2', 0));
  });

  test('not before another revision was read', () => {
    const before = { ...settling('v1.9', 30_000), readAt: NOON - 5_000 };
    expect(rolloutAfter(before, { requestedAt: NOON - 12_000 })).toMatchObject({ revision: 'v2', seen: NOON - 5_000 });
    const at = settling('v1.9', 3_000);
    expect(rolloutAfter(at, { requestedAt: NOON - 12_000 })).toMatchObject({ revision: 'v2', seen: NOON - 3_000 });
  });

  test('at most half of waitTime ago, should requests be late', () => {
    expect(rolloutAfter(undefined, { requestedAt: NOON - 10 * MINUTE })).toMatchObject({ seen: NOON - 30_000 });
    const short = { ...spec, waitTime: 2 };
    expect(rolloutAfter(undefined, { requestedAt: NOON - 12_000, spec: short })).toMatchObject({ seen: NOON - 1000 });
  });

  test('but a stream does not begin with a request that was sent for something else, before the upload', () => {
    const sources = { ...v2, newest: NOON - 2_000 };
    const early = { requestedAt: NOON - 12_000 };
    expect(rolloutAfter(undefined, { ...early, sources })).toMatchObject({ since: NOON - 2_000 });
    expect(rolloutAfter(undefined, early)).toMatchObject({ since: NOON - 12_000 });
  });

  test('not in the future, where the clock of SQS is ahead', () => {
    expect(rolloutAfter(undefined, { requestedAt: NOON + 3_000 })).toEqual(settling('v2', 0));
  });

  test('when it was requested again, if that was before it was first read: it may have changed in between', () => {
    expect(rolloutAfter(read(10_000, 20_000), { requestedAt: NOON - 12_000 })).toMatchObject({ seen: NOON - 12_000 });
  });

  test('when it was read, if a request followed within seconds: its change may have been read', () => {
    expect(rolloutAfter(read(10_000, 20_000), { requestedAt: NOON - 5_000 })).toMatchObject({ seen: NOON - 10_000 });
  });

  test('no later because of a request for something else', () => {
    expect(rolloutAfter(read(10_000, 20_000), { requestedAt: NOON - 4_999 })).toEqual(read(10_000, 20_000));
    expect(rolloutAfter(read(10_000, 20_000), {})).toEqual(read(10_000, 20_000));
  });
});
