import { INITIAL_STATE } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import { parseState } from '../../src/policy/state.ts';
import { accepted, endpoint, MINUTE, NOON, observe, quiet, servedV1, spec, updating, v1, v2 } from './situations.ts';

const deploying = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } as const;
const elsewhere = { ...endpoint, configName: 'config-x' };
const failed = { ...endpoint, status: 'Failed' } as const;

describe('what a person reads', () => {
  test.each([
    ['endpoint Iris is gone', observe({ endpoint: 'gone' })],
    [
      'UpdateEndpoint was accepted but is not visible yet',
      observe({ state: { ...servedV1, updating: { ...accepted, at: NOON - MINUTE } } }),
    ],
    ['a refresh is about to begin', observe({ state: { ...servedV1, updating: { ...updating, at: NOON - MINUTE } } })],
    ['endpoint is Updating', observe({ endpoint: { ...endpoint, status: 'Updating' } })],
    [
      'no object at s3://models/a, s3://models/b',
      observe({ sources: { kind: 'missing', uris: ['s3://models/a', 's3://models/b'] } }),
    ],
    ['slot A serves it', observe({ state: quiet, sources: v1 })],
    ['refused by the endpoint', observe({ state: { ...servedV1, quarantine: [{ revision: 'v2', at: NOON }] } })],
    ['newest source must be 60 s old', observe({ state: quiet })],
    ['stack is UPDATE_IN_PROGRESS', observe({ stack: deploying })],
    ['stack is gone', observe({ stack: { kind: 'gone', status: 'DELETE_COMPLETE' } })],
    [
      'endpoint Iris runs endpoint config config-x, expected config-a or config-b; stack is UPDATE_IN_PROGRESS',
      observe({ endpoint: elsewhere, stack: deploying }),
    ],
    [
      'endpoint is Failed: no FailureReason; stack is UPDATE_IN_PROGRESS',
      observe({ endpoint: failed, stack: deploying }),
    ],
    [
      'endpoint is UpdateRollbackFailed: no FailureReason. Bring it back to one endpoint config by hand.',
      observe({ endpoint: { ...endpoint, status: 'UpdateRollbackFailed' } }),
    ],
  ])('%s', (message, observation) => {
    expect(decide(observation).next).toMatchObject({ message });
  });

  test('a swap says why', () => {
    expect(decide(observe()).next).toMatchObject({ kind: 'swap', reason: 'NewRevision' });
  });

  test.each([
    ['a refresh is about to begin', { ...updating, at: NOON - MINUTE }],
    ['a refresh was accepted but is not visible yet', { ...accepted, at: NOON - MINUTE }],
  ])('a deployment that is refused: %s', (message, given) => {
    const state = { ...servedV1, updating: given };
    const decision = decideGate({ now: NOON, deadline: NOON, spec, state, endpoint, sources: v2 });
    expect(decision.events).toEqual([]);
    expect(decision.next).toEqual({
      kind: 'refuse',
      message: `Endpoint Iris stayed busy: ${message}. Deploy again when it is InService.`,
    });
  });

  test('the state that the stack begins with is one', () => {
    expect(parseState(INITIAL_STATE)).toEqual({ version: 1 });
  });

  test.each(['null', '5', '{"version":2}', `"${'x'.repeat(100)}"`])('a state that is none: %s', (value) => {
    const shown = value.slice(0, 80);
    const error = new TypeError(`expected a JSON object with "version": 1, got: ${shown}`);
    expect(() => parseState(value)).toThrow(error);
  });
});
