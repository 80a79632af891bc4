import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { EndpointView, Observation } from '../../src/policy/observation.ts';
import type { Updating } from '../../src/policy/rollout.ts';
import { type EndpointState, quarantine } from '../../src/policy/state.ts';
import {
  accepted,
  endpoint,
  MINUTE,
  NOON,
  observe,
  onA,
  quiet,
  servedV1,
  settling,
  spec,
  updating,
  v1,
  v2,
} from './situations.ts';

const SECOND = 1000;
const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';
const moved: EndpointView = { ...endpoint, lastModified: NOON - MINUTE };
const withUpdate = (given: Updating, change: Partial<Observation> = {}) =>
  observe({ state: { ...servedV1, rollout: given }, ...change });
const swapOf = (o: Observation) => {
  const { next } = decide(o);
  return next.kind === 'swap' ? next.updating : undefined;
};

describe('observing only what a decision needs', () => {
  test('a busy endpoint needs no observation of the sources, with or without an update', () => {
    const busy: EndpointView = { ...endpoint, status: 'Updating' };
    const blind = { endpoint: busy, sources: undefined };
    expect(decide(observe(blind)).next.kind).toBe('requeue');
    expect(decide(withUpdate(updating, blind)).next.kind).toBe('requeue');
  });

  test('a deployment that moved the endpoint: the sources show what its fleet loaded', () => {
    const state: EndpointState = {
      ...quiet,
      deployment: { configName: 'config-b', revision: 'v2', newestSource: v2.newest },
    };
    const decision = decide(observe({ state, sources: undefined }));
    expect(decision.next).toEqual({ kind: 'observe', what: 'sources' });
    expect(decision.state).toBe(state);
  });

  test.each<Partial<EndpointView>>([{ configName: 'config-x' }, { status: 'Failed' }])(
    'endpoint with %o: the stack may explain it',
    (change) => {
      const o = observe({ endpoint: { ...endpoint, ...change }, stack: undefined });
      expect(decide(o).next).toEqual({ kind: 'observe', what: 'stack' });
    },
  );

  test('an unknown config has a grace period of five minutes', () => {
    const at = (ago: number) =>
      decide(
        observe({
          endpoint: { ...endpoint, configName: 'config-x' },
          state: { ...servedV1, unknownConfigSince: NOON - ago },
        }),
      ).next.kind;
    expect(at(5 * MINUTE - 1)).toBe('requeue');
    expect(at(5 * MINUTE)).toBe('stalled');
  });
});

describe('a deployment replaced the endpoint, under the same config', () => {
  const admitted = { configName: 'config-a', revision: 'v2', newestSource: v2.newest };

  test('what the deployment admitted is serving', () => {
    const state = { ...servedV1, deployment: { ...admitted, endpointCreated: endpoint.created - 1 } };
    expect(decide(observe({ state })).next).toMatchObject({ kind: 'done', reason: 'Serving' });
  });

  test('the same endpoint was not moved: what was admitted no longer matters', () => {
    const state = { ...servedV1, deployment: { ...admitted, endpointCreated: endpoint.created } };
    expect(decide(observe({ state })).next.kind).toBe('swap');
  });
});

describe('a stream of uploads, with maxWaitTime', () => {
  const bounded = { ...spec, maxWaitTime: 600 };
  /** v2 was first seen `seen` ms ago, in a stream that began five minutes ago; v3 was written `written` ms ago. */
  const sinceOfV3 = (seen: number, written: number) => {
    const rollout = settling('v2', seen, 5 * MINUTE);
    const v3 = { ...v2, revision: 'v3', newest: NOON - written };
    return decide(observe({ spec: bounded, sources: v3, state: { ...quiet, rollout } })).state.rollout?.since;
  };

  test('continues with what was written before the last one had settled, however late that is seen', () => {
    expect(sinceOfV3(70 * SECOND, 20 * SECOND)).toBe(NOON - 5 * MINUTE);
  });

  test('ends once the last one has settled', () => {
    expect(sinceOfV3(70 * SECOND, 10 * SECOND)).toBe(NOON);
    expect(sinceOfV3(70 * SECOND, 10 * SECOND + 1)).toBe(NOON - 5 * MINUTE);
  });

  test('ends after a quiet time without a pass', () => {
    expect(sinceOfV3(5 * MINUTE, 270 * SECOND)).toBe(NOON);
  });

  test('a revision without newer objects (a file is gone) counts from when it is seen', () => {
    expect(sinceOfV3(70 * SECOND, 70 * SECOND)).toBe(NOON);
  });

  test('a settled revision is swapped long before the bound', () => {
    const kind = (ago: number) =>
      decide(observe({ spec: bounded, state: { ...quiet, rollout: settling('v2', ago, 2 * MINUTE) } })).next.kind;
    expect(kind(60 * SECOND)).toBe('swap');
    expect(kind(61 * SECOND)).toBe('swap');
    expect(kind(59 * SECOND)).toBe('requeue');
  });
});

describe('an update after one that was never confirmed', () => {
  test('is not ambiguous without an earlier one', () => {
    expect(swapOf(observe())?.ambiguous).toBeUndefined();
  });

  test('of the same revision is not ambiguous: the fleet has it either way', () => {
    expect(swapOf(withUpdate(updating))?.ambiguous).toBeUndefined();
  });

  test('of another revision is ambiguous', () => {
    const o = withUpdate({ ...updating, revision: 'v0' }, { spec: { ...spec, waitTime: 0 } });
    expect(swapOf(o)?.ambiguous).toBe(true);
  });

  test('that was ambiguous stays ambiguous', () => {
    expect(swapOf(withUpdate({ ...updating, ambiguous: true }))?.ambiguous).toBe(true);
  });

  test('that was accepted and refused is not ambiguous', () => {
    const rolledBack = { ...moved, failureReason: 'Unable to provision requested ML compute capacity' };
    const { state } = decide(withUpdate({ ...accepted, ambiguous: true }, { endpoint: rolledBack }));
    const o = observe({ now: NOON + MINUTE, state, endpoint: rolledBack });
    expect(swapOf(o)).toMatchObject({ revision: 'v2' });
    expect(swapOf(o)).not.toHaveProperty('ambiguous');
  });
});

describe('concluding an update', () => {
  test('the FailureReason of an earlier refusal does not count after it was cleared', () => {
    const decision = decide(withUpdate({ ...updating, failureReasonBefore: ping }, { endpoint: moved }));
    expect(decision.events).toEqual([]);
  });

  test('an accepted call that was refused within minutes is published at once, with and without a reason', () => {
    const fresh = { ...accepted, at: NOON - MINUTE };
    const published = (change: Partial<EndpointView>) =>
      decide(withUpdate(fresh, { endpoint: { ...endpoint, ...change } })).events.map(({ type }) => type);
    expect(published({ lastModified: NOON - 1, failureReason: ping })).toEqual(['refused']);
    expect(published({ lastModified: NOON - 1 })).toEqual(['refused']);
    expect(published({ failureReason: ping })).toEqual(['refused']);
  });

  test('a fresh update is no reason to wait once the endpoint shows the call or runs its config', () => {
    const fresh = { ...updating, at: NOON - MINUTE };
    const nextOf = (change: Partial<EndpointView>) =>
      decide(withUpdate(fresh, { endpoint: { ...endpoint, ...change } })).next;
    expect(nextOf({ status: 'Updating' })).toMatchObject({ message: 'The endpoint is Updating.' });
    const isShown = { configName: 'config-b', lastModified: NOON };
    expect(nextOf(isShown)).toMatchObject({ kind: 'done', reason: 'Serving' });
  });

  test('a rollback that is refused with data in place is tried again in pauses', () => {
    const state = { ...servedV1, rollout: { ...accepted, revision: 'v0', trigger: 'pin' } as const };
    const refused = { ...endpoint, lastModified: NOON - MINUTE, failureReason: ping };
    expect(decide(observe({ state, endpoint: refused })).state.retries).toMatchObject({ revision: 'v0', attempts: 1 });
  });

  test('an endpoint that was on the config before the update was recorded: others moved it there', () => {
    const fresh = { ...updating, at: NOON - MINUTE };
    const movedBefore = { ...endpoint, configName: 'config-b', lastModified: NOON - 2 * MINUTE };
    const { events, next } = decide(withUpdate(fresh, { endpoint: movedBefore }));
    expect(events).toEqual([]);
    expect(next).toMatchObject({ kind: 'swap', updating: { slot: 'a' } });
    const repeated = withUpdate({ ...fresh, repeatsAt: fresh.at }, { endpoint: movedBefore });
    expect(decide(repeated).events.map(({ type }) => type)).toEqual(['succeeded']);
  });

  test('an update that is recorded again because its call may be lost is still one refresh, with one record', () => {
    const again = decide(withUpdate(updating)).next;
    if (again.kind !== 'swap') throw new Error(again.kind);
    expect(again.updating).toMatchObject({ at: NOON, repeatsAt: updating.at });
    const served = { ...endpoint, configName: 'config-b', lastModified: NOON };
    for (const update of [updating, again.updating]) {
      expect(decide(withUpdate(update, { endpoint: served })).events).toMatchObject([{ startedAt: updating.at }]);
    }
    const third = decide(withUpdate({ ...again.updating, at: NOON - 5 * MINUTE })).next;
    expect(third).toMatchObject({ updating: { repeatsAt: updating.at } });
  });

  test('a fresh update to a config that a deployment has replaced does not delay a swap', () => {
    const fresh = { ...updating, configName: 'config-old', at: NOON - MINUTE };
    expect(decide(withUpdate(fresh)).next.kind).toBe('swap');
  });

  test('only an update in progress is adopted', () => {
    const rolling: EndpointView = { ...endpoint, status: 'RollingBack', pendingConfigName: 'config-b' };
    expect(decide(withUpdate(updating, { endpoint: rolling })).events).toEqual([]);
  });

  test('a refusal does not change the record of an unknown fleet or of another config', () => {
    const refused = { ...moved, failureReason: ping };
    const servedAfter = (serving: EndpointState['serving']) =>
      decide(observe({ state: { version: 1, serving, rollout: accepted }, endpoint: refused })).state.serving;
    const other = { ...onA, configName: 'config-old' };
    expect(servedAfter(undefined)).toBeUndefined();
    expect(servedAfter(other)).toEqual(other);
  });

  test('a FailureReason that only mentions an internal error is an unknown one', () => {
    const failureReason = 'Container said: Request to service failed.';
    const decision = decide(withUpdate(accepted, { endpoint: { ...moved, failureReason } }));
    expect(decision.events).toMatchObject([{ type: 'refused', fault: 'unknown', retried: true }]);
  });
});

describe('a deployment', () => {
  test('without a spec proceeds, even if an update was about to start', () => {
    const state = { ...servedV1, rollout: { ...updating, at: NOON - MINUTE } };
    const decision = decideGate({ now: NOON, deadline: NOON, spec: undefined, state, endpoint, sources: v1 });
    expect(decision).toEqual({ state, events: [], next: { kind: 'ready' } });
  });
});

test('older quarantine entries keep their messages', () => {
  let state: EndpointState = { version: 1 };
  for (const revision of ['r1', 'r2', 'r3', 'r4', 'r5'])
    state = quarantine(state, { revision, at: NOON, message: ping });
  expect(state.quarantine?.map(({ revision }) => revision)).toEqual(['r5', 'r4', 'r3', 'r2', 'r1']);
  expect(state.quarantine?.at(-1)).toEqual({ revision: 'r1', at: NOON, message: ping });
});
