import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { EndpointStatus } from '../../src/policy/observation.ts';
import type { Testing } from '../../src/policy/rollout.ts';
import { accepted, endpoint, MINUTE, NOON, observe, servedV1, spec, testing, updating, v2 } from './situations.ts';

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

  test('a deployment that no pass has recorded is concluded by the next one, with the pin that it brought', () => {
    const pin = { by: 'person', at: NOON - MINUTE, revision: 'v1', supersedes: 'v2' };
    const deployment = {
      configName: 'earlier',
      endpointCreated: endpoint.created,
      revision: 'v2',
      newestSource: v2.newest,
      pin,
    };
    const decision = gate({ state: { ...servedV1, deployment }, endpoint, sources: v2 });
    expect(decision.next.kind).toBe('ready');
    expect(decision.events).toMatchObject([{ type: 'deployed', revision: 'v2' }]);
    expect(decision.state).toMatchObject({ serving: { configName: endpoint.configName, revision: 'v2' }, pin });
    expect(decision.state.deployment).toBeUndefined();
  });

  test('a deployment that did not move the endpoint brings nothing', () => {
    const pin = { by: 'person', at: NOON - MINUTE, revision: 'v1', supersedes: 'v2' };
    const { configName, created } = endpoint;
    const deployment = { configName, endpointCreated: created, revision: 'v2', newestSource: 0, pin };
    const decision = gate({ state: { ...servedV1, deployment }, endpoint, sources: v2 });
    expect(decision.events).toEqual([]);
    expect(decision.state).toMatchObject({ serving: servedV1.serving });
    expect(decision.state.pin).toBeUndefined();
  });
});

describe('smoke tests without an answer', () => {
  const data = { bucket: 'data', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
  const unanswered = 'Smoke test 1 of 1 was not answered: no answer within 10 s.';
  const rollout = testing(2, { nextTestAt: NOON + MINUTE, unanswered });
  const untested = {
    spec: { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] },
    data,
    state: { ...servedV1, rollout },
    endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE },
    sources: v2,
  };

  test('do not keep a deployment waiting, and are neither forgotten nor published as not tested', () => {
    const { next, events, state } = gate(untested);
    expect([next.kind, events]).toEqual(['ready', []]);
    expect(state.rollout).toEqual(rollout);
    expect(state.serving).toMatchObject({ configName: 'config-b', revision: 'v2', newestSource: v2.newest });
  });

  test('keep it waiting while they are sent again', () => {
    const running = testing(3, { nextTestAt: NOON + MINUTE });
    expect(gate({ ...untested, state: { ...servedV1, rollout: running } }).next.kind).toBe('requeue');
  });

  test('do not keep it waiting if the pass that sent them has ended with the function', () => {
    const ended = testing(3, { nextTestAt: NOON });
    const { next, state } = gate({ ...untested, state: { ...servedV1, rollout: ended } });
    expect(next.kind).toBe('ready');
    expect(state.rollout).toEqual(ended);
  });

  test.each([
    ['something newer was uploaded', { sources: { ...v2, revision: 'v3' } }],
    ['the deployment loads other slot data', { data: { ...data, root: 'Iris/Endpoint/2/' } }],
    ['the deployment loads the sources in place', { data: undefined }],
  ])('end with the deployment, which is published, if %s', (_, change) => {
    const { next, events, state } = gate({ ...untested, ...change });
    expect(next.kind).toBe('ready');
    expect(events).toMatchObject([{ type: 'succeeded', revision: 'v2', warning: `Not tested: ${unanswered}` }]);
    expect(state.rollout).toBeUndefined();
  });

  const deployment = { configName: 'config-b', endpointCreated: endpoint.created, revision: 'v2', newestSource: 1 };
  const serving = { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: NOON - 2 * MINUTE };
  const deploying = observe({ ...untested, state: { version: 1, serving, rollout, deployment } });
  const configs = { a: 'new-a', b: 'new-b' };

  test('are not sent during the deployment, and nothing is rolled out before them', () => {
    const stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } as const;
    const due = { ...deploying.state, rollout: { ...rollout, nextTestAt: NOON } };
    for (const sources of [v2, { ...v2, revision: 'v3' }]) {
      const { next, state } = decide({ ...deploying, state: due, stack, sources });
      expect(next).toMatchObject({ kind: 'requeue', reason: 'StackBusy' });
      expect(state).toBe(due);
    }
  });

  test('are sent to the fleet of the deployment, if it loaded the same revision', () => {
    const moved = { ...untested.endpoint, configName: 'new-a', lastModified: NOON };
    const { next, events, state } = decide({ ...deploying, spec: { ...untested.spec, configs }, endpoint: moved });
    expect(next).toMatchObject({ kind: 'requeue', reason: 'Testing', message: unanswered, seconds: 1 });
    expect(events).toMatchObject([{ type: 'deployed', revision: 'v2', slot: 'a' }]);
    expect(state).toMatchObject({
      deployment: undefined,
      serving: { configName: 'new-a', revision: 'v2' },
      rollout: { ...rollout, slot: 'a', configName: 'new-a', endpointModified: NOON },
    });
    const answered = { ...state, rollout: { ...(state.rollout as Testing), verdict: { kind: 'passed' } as const } };
    const concluded = decide({ ...deploying, spec: { ...untested.spec, configs }, endpoint: moved, state: answered });
    const secondsFromUpload = (serving.since - v2.newest) / 1000;
    expect(concluded.events).toMatchObject([{ type: 'succeeded', slot: 'a', secondsFromUpload }]);
    expect(concluded.events[0]).not.toHaveProperty('warning');
    expect(concluded.next).toMatchObject({ kind: 'done', reason: 'Serving' });
  });

  test('are sent to the old fleet, if the deployment ended without moving the endpoint', () => {
    const { next, events, state } = decide(deploying);
    expect(next).toMatchObject({ kind: 'requeue', reason: 'Testing' });
    expect([events, state.deployment, state.rollout]).toEqual([[], undefined, rollout]);
  });

  test('are over if the deployment loaded another revision: the tested one is rolled out again', () => {
    const other = { ...deploying.state, deployment: { ...deployment, revision: 'v1' } };
    const moved = { ...untested.endpoint, configName: 'new-a', lastModified: NOON };
    const spec = { ...untested.spec, configs };
    const { next, state } = decide({ ...deploying, spec, endpoint: moved, state: other, slots: { a: 'v1', b: 'v2' } });
    expect(next).toMatchObject({ kind: 'swap', updating: { revision: 'v2' } });
    expect(state.serving).toMatchObject({ configName: 'new-a', revision: 'v1' });
  });
});
