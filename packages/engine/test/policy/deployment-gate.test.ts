import { describe, expect, test } from 'vitest';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { EndpointStatus } from '../../src/policy/observation.ts';
import { accepted, endpoint, MINUTE, NOON, servedV1, spec, updating, v2 } from './situations.ts';

const look = (change: Partial<Parameters<typeof decideGate>[0]> = {}) =>
  decideGate({ now: NOON, deadline: NOON + 10 * MINUTE, spec, state: servedV1, endpoint, ...change });

describe('decidePrepare', () => {
  test.each<EndpointStatus>(['InService', 'Failed', 'OutOfService', 'UpdateRollbackFailed'])(
    'a deployment goes on while the endpoint is %s',
    (status) => expect(look({ endpoint: { ...endpoint, status } }).next).toEqual({ kind: 'ready' }),
  );

  test('a deployment goes on when there is no spec or no endpoint', () => {
    expect(look({ spec: undefined, endpoint: 'gone' }).next).toEqual({ kind: 'ready' });
    expect(look({ endpoint: 'gone' }).next).toEqual({ kind: 'ready' });
  });

  test.each<EndpointStatus>(['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'])(
    'a deployment waits while the endpoint is %s, and is refused at the deadline',
    (status) => {
      const busy = { endpoint: { ...endpoint, status } };
      expect(look(busy).next).toMatchObject({ kind: 'requeue', seconds: 30 });
      expect(look({ ...busy, now: NOON + 10 * MINUTE - 1 }).next.kind).toBe('requeue');
      expect(look({ ...busy, now: NOON + 10 * MINUTE }).next).toEqual({
        kind: 'refuse',
        message: `Endpoint Iris stayed busy: the endpoint is ${status}. Deploy again when it is InService.`,
      });
    },
  );

  test('a loop that has just written its intent may be about to call: the deployment waits', () => {
    const state = { ...servedV1, updating: { ...updating, at: NOON - MINUTE } };
    expect(look({ state }).next.kind).toBe('requeue');
    expect(look({ state }).state).toBe(state);
  });

  test('an intent that nobody will carry out any more does not hold the deployment, and is taken away', () => {
    const decision = look({ state: { ...servedV1, updating: { ...updating, at: NOON - 2 * MINUTE } } });
    expect(decision.next.kind).toBe('ready');
    expect(decision.state.updating).toBeUndefined();
  });

  test('an accepted refresh that is not visible yet holds the deployment', () => {
    expect(look({ state: { ...servedV1, updating: { ...accepted, at: NOON - MINUTE } } }).next.kind).toBe('requeue');
  });

  test('a refresh that ended meanwhile is concluded and told', () => {
    const decision = look({
      state: { ...servedV1, updating: accepted },
      endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE },
      sources: v2,
    });
    expect(decision.next.kind).toBe('ready');
    expect(decision.events).toMatchObject([{ type: 'succeeded', revision: 'v2' }]);
    expect(decision.state.serving).toMatchObject({ configName: 'config-b', revision: 'v2' });
  });
});
