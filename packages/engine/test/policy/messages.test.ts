import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import { parseState } from '../../src/policy/state.ts';
import { accepted, endpoint, MINUTE, NOON, observe, quiet, servedV1, spec, updating, v1, v2 } from './situations.ts';

const deploying = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } as const;
const onUnknownConfig = { ...endpoint, configName: 'config-x' };
const failed = { ...endpoint, status: 'Failed' } as const;

describe('messages for people', () => {
  test.each([
    ['Endpoint Iris does not exist.', observe({ endpoint: 'gone' })],
    [
      'UpdateEndpoint was accepted, but DescribeEndpoint does not show it yet.',
      observe({ state: { ...servedV1, rollout: { ...accepted, at: NOON - MINUTE } } }),
    ],
    ['A refresh is about to start.', observe({ state: { ...servedV1, rollout: { ...updating, at: NOON - MINUTE } } })],
    ['The endpoint is Updating.', observe({ endpoint: { ...endpoint, status: 'Updating' } })],
    [
      'There is no object at s3://models/a, s3://models/b.',
      observe({ sources: { kind: 'missing', uris: ['s3://models/a', 's3://models/b'] } }),
    ],
    ['Slot A serves this revision.', observe({ state: quiet, sources: v1 })],
    [
      'The endpoint rejected this revision.',
      observe({ state: { ...servedV1, quarantine: [{ revision: 'v2', at: NOON }] } }),
    ],
    ['The newest source must be 60 s old.', observe({ state: quiet })],
    ['The stack is UPDATE_IN_PROGRESS.', observe({ stack: deploying })],
    ['The stack does not exist.', observe({ stack: { kind: 'gone', status: 'DELETE_COMPLETE' } })],
    [
      'Endpoint Iris runs endpoint config config-x, expected config-a or config-b. The stack is UPDATE_IN_PROGRESS.',
      observe({ endpoint: onUnknownConfig, stack: deploying }),
    ],
    [
      'The endpoint is Failed: no FailureReason. The stack is UPDATE_IN_PROGRESS.',
      observe({ endpoint: failed, stack: deploying }),
    ],
    [
      'The endpoint is UpdateRollbackFailed: no FailureReason. Restore a single endpoint config manually.',
      observe({ endpoint: { ...endpoint, status: 'UpdateRollbackFailed' } }),
    ],
    [
      'The endpoint is Failed: No capacity. Delete the endpoint and deploy the stack again.',
      observe({ endpoint: { ...endpoint, status: 'Failed', failureReason: 'No capacity.' } }),
    ],
  ])('%s', (message, observation) => {
    expect(decide(observation).next).toMatchObject({ message });
  });

  test('a swap has a reason', () => {
    expect(decide(observe()).next).toMatchObject({ kind: 'swap', reason: 'NewRevision' });
  });

  test.each([
    ['a refresh is about to start', { ...updating, at: NOON - MINUTE }],
    ['an accepted refresh is not visible yet', { ...accepted, at: NOON - MINUTE }],
  ])('a refused deployment: %s', (message, given) => {
    const state = { ...servedV1, rollout: given };
    const decision = decideGate({ now: NOON, deadline: NOON, spec, state, endpoint, sources: v2 });
    expect(decision.events).toEqual([]);
    expect(decision.next).toEqual({
      kind: 'refuse',
      message: `Endpoint Iris stayed busy: ${message}. Deploy again when it is InService.`,
    });
  });

  test.each(['null', '5', '{"version":2}', `"${'x'.repeat(100)}"`])('a value that is not a state: %s', (value) => {
    const shown = value.slice(0, 80);
    const error = new TypeError(`expected a JSON object with "version": 1, got: ${shown}`);
    expect(() => parseState(value)).toThrow(error);
  });
});
