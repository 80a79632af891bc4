import { describe, expect, test } from 'vitest';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { EndpointStatus } from '../../src/policy/observation.ts';
import { accepted, endpoint, MINUTE, NOON, servedV1, spec, updating, v2 } from './situations.ts';

const gate = (change: Partial<Parameters<typeof decideGate>[0]> = {}) =>
  decideGate({ now: NOON, deadline: NOON + 10 * MINUTE, spec, state: servedV1, endpoint, ...change });

describe('decideGate', () => {
  test.each<EndpointStatus>(['InService', 'Failed', 'OutOfService', 'UpdateRollbackFailed'])(
    'a deployment proceeds while the endpoint is %s',
    (status) => expect(gate({ endpoint: { ...endpoint, status } }).next).toEqual({ kind: 'ready' }),
  );

  test('a deployment proceeds when there is no spec or no endpoint', () => {
    expect(gate({ spec: undefined, endpoint: 'gone' }).next).toEqual({ kind: 'ready' });
    expect(gate({ endpoint: 'gone' }).next).toEqual({ kind: 'ready' });
  });

  test.each<EndpointStatus>(['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'])(
    'a deployment waits while the endpoint is %s, and is refused at the deadline',
    (status) => {
      const busy = { endpoint: { ...endpoint, status } };
      expect(gate(busy).next).toMatchObject({ kind: 'requeue', seconds: 30 });
      expect(gate({ ...busy, now: NOON + 10 * MINUTE - 1 }).next.kind).toBe('requeue');
      expect(gate({ ...busy, now: NOON + 10 * MINUTE }).next).toEqual({
        kind: 'refuse',
        message: `Endpoint Iris stayed busy: the endpoint is ${status}. Deploy again when it is InService.`,
      });
    },
  );

  test('a deployment waits for a pass that has just recorded an update and may be about to call', () => {
    const state = { ...servedV1, rollout: { ...updating, at: NOON - MINUTE } };
    expect(gate({ state }).next.kind).toBe('requeue');
    expect(gate({ state }).state).toBe(state);
  });

  test('a deployment does not wait for an expired update, which is removed from the state', () => {
    const decision = gate({ state: { ...servedV1, rollout: { ...updating, at: NOON - 2 * MINUTE } } });
    expect(decision.next.kind).toBe('ready');
    expect(decision.state).toEqual(servedV1);
  });

  test('a deployment waits for an accepted refresh that is not visible yet', () => {
    expect(gate({ state: { ...servedV1, rollout: { ...accepted, at: NOON - MINUTE } } }).next.kind).toBe('requeue');
  });

  test('a refresh that ended in the meantime is concluded and published', () => {
    const decision = gate({
      state: { ...servedV1, rollout: accepted },
      endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE },
      sources: v2,
    });
    expect(decision.next.kind).toBe('ready');
    expect(decision.events).toMatchObject([{ type: 'succeeded', revision: 'v2' }]);
    expect(decision.state.serving).toMatchObject({ configName: 'config-b', revision: 'v2' });
  });
});
