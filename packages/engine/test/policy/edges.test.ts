import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { EndpointView, Observation } from '../../src/policy/observation.ts';
import { type EndpointState, quarantine, type Updating } from '../../src/policy/state.ts';
import {
  accepted,
  endpoint,
  MINUTE,
  NOON,
  observe,
  onA,
  quiet,
  servedV1,
  spec,
  updating,
  v1,
  v2,
} from './situations.ts';

const SECOND = 1000;
const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';
const moved: EndpointView = { ...endpoint, lastModified: NOON - MINUTE };
const withIntent = (given: Updating, change: Partial<Observation> = {}) =>
  observe({ state: { ...servedV1, updating: given }, ...change });
const swapOf = (o: Observation) => {
  const { next } = decide(o);
  return next.kind === 'swap' ? next.updating : undefined;
};

describe('what is asked, and only when it is needed', () => {
  test('an endpoint that is busy needs no look at the sources, with or without an intent', () => {
    const busy: EndpointView = { ...endpoint, status: 'Updating' };
    const blind = { endpoint: busy, sources: undefined };
    expect(decide(observe(blind)).next.kind).toBe('requeue');
    expect(decide(withIntent(updating, blind)).next.kind).toBe('requeue');
  });

  test('a deployment that moved the endpoint: the sources tell what its fleet loaded', () => {
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

  test('an unknown config is waited for until five minutes are over', () => {
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

describe('a deployment made the endpoint anew, under the same config', () => {
  const prepared = { configName: 'config-a', revision: 'v2', newestSource: v2.newest };

  test('what was prepared is served', () => {
    const state = { ...servedV1, deployment: { ...prepared, endpointCreated: endpoint.created - 1 } };
    expect(decide(observe({ state })).next).toMatchObject({ kind: 'done', reason: 'Serving' });
  });

  test('the same endpoint was not moved: what was prepared no longer matters', () => {
    const state = { ...servedV1, deployment: { ...prepared, endpointCreated: endpoint.created } };
    expect(decide(observe({ state })).next.kind).toBe('swap');
  });
});

describe('a stream of uploads, with maxWaitTime', () => {
  const bounded = { ...spec, maxWaitTime: 600 };
  /** v2 was first seen so long ago, in a stream that began five minutes ago; v3 was written `written` ago. */
  const sinceOfV3 = (seen: number, written: number) => {
    const settling = { revision: 'v2', seen: NOON - seen, since: NOON - 5 * MINUTE };
    const v3 = { ...v2, revision: 'v3', newest: NOON - written };
    return decide(observe({ spec: bounded, sources: v3, state: { ...quiet, settling } })).state.settling?.since;
  };

  test('goes on with what was written before the last one had settled, however late that is seen', () => {
    expect(sinceOfV3(70 * SECOND, 20 * SECOND)).toBe(NOON - 5 * MINUTE);
  });

  test('ends when the last one had settled', () => {
    expect(sinceOfV3(70 * SECOND, 10 * SECOND)).toBe(NOON);
    expect(sinceOfV3(70 * SECOND, 10 * SECOND + 1)).toBe(NOON - 5 * MINUTE);
  });

  test('a revision without anything newly written (a file is gone) counts from its sight', () => {
    expect(sinceOfV3(70 * SECOND, 70 * SECOND)).toBe(NOON);
  });

  test('what has settled is swapped in, long before the bound', () => {
    const seen = (ago: number) => ({ revision: 'v2', seen: NOON - ago, since: NOON - 2 * MINUTE });
    const kind = (ago: number) =>
      decide(observe({ spec: bounded, state: { ...quiet, settling: seen(ago) } })).next.kind;
    expect(kind(60 * SECOND)).toBe('swap');
    expect(kind(61 * SECOND)).toBe('swap');
    expect(kind(59 * SECOND)).toBe('requeue');
  });
});

describe('an intent that was given up unseen', () => {
  test('leaves no doubt when there was none', () => {
    expect(swapOf(observe())?.ambiguous).toBeUndefined();
  });

  test('of the same revision: the fleet has it either way', () => {
    expect(swapOf(withIntent(updating))?.ambiguous).toBeUndefined();
  });

  test('of another revision: the fleet may be that one', () => {
    expect(swapOf(withIntent({ ...updating, revision: 'v0' }))?.ambiguous).toBe(true);
  });

  test('that was in doubt: still is', () => {
    expect(swapOf(withIntent({ ...updating, ambiguous: true }))?.ambiguous).toBe(true);
  });

  test('that was accepted and refused: the doubt is over', () => {
    const o = withIntent({ ...accepted, ambiguous: true }, { endpoint: moved });
    expect(swapOf(o)).toMatchObject({ revision: 'v2', ambiguous: undefined });
  });
});

describe('what became of an intent', () => {
  test('the reason of an earlier refusal is no judgement once it has been cleared', () => {
    const decision = decide(withIntent({ ...updating, failureReasonBefore: ping }, { endpoint: moved }));
    expect(decision.events).toEqual([]);
  });

  test('an accepted call that was refused within minutes is told at once, with and without a reason', () => {
    const fresh = { ...accepted, at: NOON - MINUTE };
    const told = (change: Partial<EndpointView>) =>
      decide(withIntent(fresh, { endpoint: { ...endpoint, ...change } })).events.map(({ type }) => type);
    expect(told({ lastModified: NOON - 1, failureReason: ping })).toEqual(['refused']);
    expect(told({ lastModified: NOON - 1 })).toEqual(['refused']);
    expect(told({ failureReason: ping })).toEqual(['refused']);
  });

  test('a fresh intent is no reason to wait once the endpoint shows the call, or runs its config already', () => {
    const fresh = { ...updating, at: NOON - MINUTE };
    const detailOf = (change: Partial<EndpointView>) =>
      decide(withIntent(fresh, { endpoint: { ...endpoint, ...change } })).next;
    expect(detailOf({ status: 'Updating' })).toMatchObject({ message: 'endpoint is Updating' });
    expect(detailOf({ configName: 'config-b' })).toMatchObject({ kind: 'done', reason: 'Serving' });
  });

  test('a fresh intent for a config that a deployment has replaced holds nobody up', () => {
    const fresh = { ...updating, configName: 'config-old', at: NOON - MINUTE };
    expect(decide(withIntent(fresh)).next.kind).toBe('swap');
  });

  test('only an update that is under way is adopted', () => {
    const rolling: EndpointView = { ...endpoint, status: 'RollingBack', pendingConfigName: 'config-b' };
    expect(decide(withIntent(updating, { endpoint: rolling })).events).toEqual([]);
  });

  test('a refusal says nothing about a fleet that is not known, or of another config', () => {
    const refused = { ...moved, failureReason: ping };
    const servedAfter = (serving: EndpointState['serving']) =>
      decide(observe({ state: { version: 1, serving, updating: accepted }, endpoint: refused })).state.serving;
    const other = { ...onA, configName: 'config-old' };
    expect(servedAfter(undefined)).toBeUndefined();
    expect(servedAfter(other)).toEqual(other);
  });

  test('a reason that only mentions an internal error is the model’s', () => {
    const failureReason = 'Container said: Request to service failed.';
    const decision = decide(withIntent(accepted, { endpoint: { ...moved, failureReason } }));
    expect(decision.events).toMatchObject([{ type: 'refused', retried: false }]);
  });
});

describe('a deployment', () => {
  test('without a spec goes on, whatever was about to begin', () => {
    const state = { ...servedV1, updating: { ...updating, at: NOON - MINUTE } };
    const decision = decideGate({ now: NOON, deadline: NOON, spec: undefined, state, endpoint, sources: v1 });
    expect(decision).toEqual({ state, events: [], next: { kind: 'ready' } });
  });
});

test('older refusals are remembered without their reasons', () => {
  let state: EndpointState = { version: 1 };
  for (const revision of ['r1', 'r2', 'r3', 'r4', 'r5'])
    state = quarantine(state, { revision, at: NOON, message: ping });
  expect(state.quarantine?.map(({ revision }) => revision)).toEqual(['r5', 'r4', 'r3', 'r2', 'r1']);
  expect(state.quarantine?.at(-1)).toEqual({ revision: 'r1', at: NOON, message: undefined });
});
