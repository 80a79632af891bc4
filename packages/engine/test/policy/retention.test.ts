import { describe, expect, test } from 'vitest';
import { isStored, retainedRevisions, servedLast, withoutStored, withStored } from '../../src/policy/retention.ts';
import { withFleet } from '../../src/policy/serving.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import { accepted, endpoint, NOON, servedV1, spec, v2 } from './situations.ts';

const serving = { configName: 'config-a', revision: 'v9', newestSource: 0, since: 0 };
const state = (stored: readonly string[], more: Partial<EndpointState> = {}): EndpointState => ({
  version: 1,
  serving,
  stored,
  ...more,
});
const pin = { revision: 'v3', by: 'ann', at: 0 };

describe('the revision store keeps', () => {
  test.each<[string, EndpointState, number | undefined, string[]]>([
    [
      'five revisions by default, the staged one included',
      state(['v9', 'v8', 'v7', 'v6', 'v5', 'v4']),
      undefined,
      ['v9', 'v8', 'v7', 'v6'],
    ],
    ['as many as the stack declares', state(['v9', 'v8', 'v7', 'v6']), 3, ['v9', 'v8']],
    ['the staged one where it is stored already', state(['v9', 'v8', 'v7', 'v10']), 3, ['v9', 'v8', 'v10']],
    ['the pinned one, however long ago it served', state(['v9', 'v8', 'v7', 'v3'], { pin }), 3, ['v9', 'v3']],
    ['the serving one, although others served later', state(['v8', 'v7', 'v9']), 2, ['v9']],
    [
      'the one whose slot data serves beside data in place',
      state(['v9', 'v8', 'v7'], { serving: { ...serving, revision: undefined, slotRevision: 'v7' } }),
      2,
      ['v7'],
    ],
    ['nothing where nothing is stored', { version: 1 }, undefined, []],
  ])('%s', (_, before, retainRevisions, kept) => {
    expect(retainedRevisions(before, 'v10', { retainRevisions })).toEqual(kept);
  });
});

describe('the stored revisions', () => {
  test('begin with the one that served last; new ones have not served', () => {
    const after = servedLast(withStored(withStored(state(['v9']), 'v10'), 'v11'), 'v11');
    expect(after.stored).toEqual(['v11', 'v9', 'v10']);
    expect(servedLast(after, 'v0')).toBe(after);
    expect(servedLast(after, undefined)).toBe(after);
    expect(withStored(after, 'v9')).toBe(after);
  });

  test('have what a slot served, although the pass that filled it died before it recorded that', () => {
    const data = { bucket: 'data', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
    const before = { ...servedV1, stored: ['v1'] };
    const served = (change: Partial<typeof spec>) => {
      const o = { now: NOON, spec: { ...spec, ...change }, state: before, endpoint, sources: v2 };
      return withFleet(o, accepted).stored;
    };
    expect(served({ data })).toEqual(['v2', 'v1']);
    expect(served({})).toEqual(['v1']);
  });

  test('are those that the state names', () => {
    expect(isStored(state(['v9']), 'v9')).toBe(true);
    expect(isStored({ version: 1 }, 'v9')).toBe(false);
    expect(withoutStored(state(['v9', 'v8']), 'v9').stored).toEqual(['v8']);
  });
});
