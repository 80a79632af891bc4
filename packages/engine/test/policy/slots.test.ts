import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { Next } from '../../src/policy/next.ts';
import type { Observation } from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
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

const data = { bucket: 'copies', root: 'Iris/Endpoint/12345678/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const own: EndpointSpec = { ...spec, data };
const tested: EndpointSpec = { ...own, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
const staging = { slot: 'b', revision: 'v2', at: NOON } as const;
const message = 'Smoke test 1 of 1 failed';
const onB = { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: NOON - MINUTE, size: v2.size };
const inB = { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE };
const rejected: EndpointState = {
  version: 1,
  serving: onB,
  quarantine: [{ revision: 'v2', at: NOON, message, failedSmokeTests: true }],
};
const wantsV0 = { revision: 'v0', by: 'ada', at: NOON - MINUTE } as const;
const seen = { settling: { revision: 'v2', seen: NOON - 9 * MINUTE, since: NOON - 9 * MINUTE } };
const missing = { kind: 'missing', uris: ['s3://models/b'], revision: 'v2-', newest: v2.newest } as const;

/** In service on A with v1 in its own place; v2 lies settled at the sources; B's place holds v0. */
const own1 = (change: Partial<Observation> = {}) => observe({ spec: own, slots: { a: 'v1', b: 'v0' }, ...change });

interface Situation {
  readonly o: Observation;
  readonly next: Partial<Next> & Pick<Next, 'kind'>;
  /** Part of it. */
  readonly state?: object;
  readonly events?: readonly object[];
}

const situations: Record<string, Situation> = {
  // Filling.
  'what the slots hold is looked at before a swap': {
    o: own1({ slots: undefined }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'the slot that is not active is filled first': {
    o: own1(),
    next: { kind: 'stage', reason: 'NewRevision', staging, from: 'sources' } as Next,
  },
  'from B it is A': {
    o: own1({ endpoint: inB, state: { ...servedV1, serving: { ...onB, revision: 'v1' } } }),
    next: { kind: 'stage', staging: { ...staging, slot: 'a' } } as Next,
  },
  'a slot that holds it already is swapped to, unread': {
    o: own1({ slots: { a: 'v1', b: 'v2' }, check: undefined }),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
  },
  'a slot is not filled before the upload has settled': {
    o: own1({ sources: { ...v2, newest: NOON - 5000 } }),
    next: { kind: 'requeue', reason: 'Settling' },
  },
  'a slot is not filled while the stack is being deployed': {
    o: own1({ stack: { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } }),
    next: { kind: 'requeue', reason: 'StackBusy' },
  },
  'a slot is not filled while the endpoint is held': {
    o: own1({ state: { ...servedV1, suspension: { by: 'ada', at: NOON } } }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'a slot that somebody fills is neither filled nor swapped to before they are surely gone': {
    o: own1({ state: { ...servedV1, staging: { ...staging, at: NOON - MINUTE } }, slots: { a: 'v1', b: 'v2' } }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 60 },
  },
  'whoever fills it is gone: begun again, unread': {
    o: own1({ state: { ...servedV1, staging: { ...staging, at: NOON - 2 * MINUTE } }, check: undefined }),
    next: { kind: 'stage', staging } as Next,
  },
  'whoever fills it has paused: gone on at once, where it stopped': {
    o: own1({
      state: {
        ...servedV1,
        staging: {
          ...staging,
          at: NOON - 1000,
          paused: true,
          warning: 'odd',
          partialCopy: { key: 'k', uploadId: 'u', etag: 'e' },
        },
      },
      check: undefined,
    }),
    next: {
      kind: 'stage',
      staging: { ...staging, warning: 'odd', partialCopy: { key: 'k', uploadId: 'u', etag: 'e' } },
    } as Next,
  },
  'another revision does not go on with an upload of the one before': {
    o: own1({
      state: {
        ...servedV1,
        staging: { ...staging, revision: 'v9', paused: true, partialCopy: { key: 'k', uploadId: 'u', etag: 'e' } },
      },
    }),
    next: { kind: 'stage', staging: { slot: 'b', revision: 'v2', at: NOON } } as Next,
  },

  // Checks.
  'archives are read before they are copied': {
    o: own1({ check: undefined }),
    next: { kind: 'observe', what: 'check' } as Next,
  },
  'archives are read before a fleet is asked to load them where they lie': {
    o: observe({ check: undefined }),
    next: { kind: 'observe', what: 'check' } as Next,
  },
  'what is hopeless is refused unasked': {
    o: own1({ check: { kind: 'refused', message: 'is empty' } }),
    next: { kind: 'done', reason: 'Quarantined', message: 'is empty' },
    state: { quarantine: [{ revision: 'v2', at: NOON, message: 'is empty' }], settling: undefined },
    events: [
      {
        type: 'refused',
        revision: 'v2',
        slot: 'b',
        configName: 'config-b',
        message: 'is empty',
        retried: false,
        trigger: 'upload',
        startedAt: NOON - 9 * MINUTE,
        sources: v2.files,
      },
    ],
  },
  'written while it was read: looked at again': {
    o: own1({ check: { kind: 'changed' } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 5 },
  },
  'one of several sources missing: refused once that has settled': {
    o: own1({
      sources: missing,
      state: { ...quiet, settling: { revision: 'v2-', seen: NOON - 9 * MINUTE, since: NOON - 9 * MINUTE } },
    }),
    next: {
      kind: 'done',
      reason: 'Quarantined',
      message: expect.stringContaining('no object at s3://models/b'),
    } as Next,
    events: [expect.objectContaining({ type: 'refused', revision: 'v2-' })],
  },
  'one of several sources missing, and the upload may still go on: wait': {
    o: own1({ sources: { ...missing, newest: NOON - 1000 }, state: quiet }),
    next: { kind: 'requeue', reason: 'Settling' },
  },
  'nothing at any source is no upload': {
    o: own1({ sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'requeue', reason: 'SourceMissing' },
  },
  'far smaller than what is served: said, and swapped': {
    o: observe({ sources: { ...v2, size: 1000 }, state: { ...servedV1, serving: { ...onA, size: 4_000_000 } } }),
    next: {
      kind: 'swap',
      updating: expect.objectContaining({ warning: expect.any(String), size: 1000 }),
    } as unknown as Next,
  },
  'what was odd is said with the swap that follows the filling': {
    o: own1({ slots: { a: 'v1', b: 'v2' }, staged: { ...staging, warning: 'odd' } }),
    next: { kind: 'swap', updating: expect.objectContaining({ warning: 'odd' }) } as unknown as Next,
  },

  // What is loaded is the loop's own.
  'served from its own place: known, whatever was written at the sources meanwhile': {
    o: own1({
      state: { version: 1, updating: accepted },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: 'v2' }) },
    events: [expect.objectContaining({ type: 'succeeded', revision: 'v2' })],
  },
  'some models load sources themselves: then it is not known': {
    o: own1({
      spec: { ...own, data: { ...data, partial: true } },
      state: { version: 1, updating: accepted },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: undefined }) },
    events: [expect.anything()],
  },
  'the same bytes again, and the fleet scaled meanwhile: still served': {
    o: own1({
      state: quiet,
      sources: { ...v1, newest: NOON - 1000 },
      endpoint: { ...endpoint, lastModified: NOON },
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a deployment loaded what was put in its place, whatever was written at the sources meanwhile': {
    o: own1({
      state: { version: 1, deployment: { configName: 'config-b', revision: 'v1', newestSource: v1.newest } },
      sources: { ...v2, newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: { ...onA, revision: 'v1' }, deployment: undefined },
    events: [expect.objectContaining({ type: 'deployed', revision: 'v1', slot: 'a' })],
  },

  // Smoke tests.
  'in service where the refresh wanted it: the tests are sent': {
    o: own1({ spec: tested, state: { ...quiet, updating: accepted }, endpoint: inB }),
    next: { kind: 'test', nth: 1 },
  },
  'answered as expected: a success': {
    o: own1({
      spec: tested,
      state: { ...quiet, updating: { ...accepted, testAttempts: 1 } },
      endpoint: inB,
      tests: { kind: 'passed' },
    }),
    next: { kind: 'done', reason: 'Serving' },
    state: { serving: expect.objectContaining({ revision: 'v2' }) },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'answered wrongly: condemned, and left at once for what the other slot holds': {
    o: own1({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: { ...quiet, updating: { ...accepted, testAttempts: 1 } },
      endpoint: inB,
      tests: { kind: 'failed', message },
    }),
    next: {
      kind: 'swap',
      reason: 'SmokeTestFailed',
      updating: expect.objectContaining({ slot: 'a', configName: 'config-a', revision: 'v1', trigger: 'smoke-test' }),
    } as unknown as Next,
    state: { serving: expect.objectContaining({ revision: 'v2' }), quarantine: rejected.quarantine },
    events: [expect.objectContaining({ type: 'refused', revision: 'v2', message: message, retried: false })],
  },
  'answered, and the loop crashed: not asked again': {
    o: own1({
      spec: tested,
      state: { ...quiet, updating: { ...accepted, testAttempts: 3, verdict: { kind: 'passed' } } },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'not answered: asked again': {
    o: own1({
      spec: tested,
      state: { ...quiet, updating: { ...accepted, testAttempts: 2 } },
      endpoint: inB,
      tests: { kind: 'unanswered', message },
    }),
    next: { kind: 'requeue', reason: 'Testing', seconds: 30 },
  },
  'not answered three times: condemned': {
    o: own1({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: { ...quiet, updating: { ...accepted, testAttempts: 3 } },
      endpoint: inB,
      tests: { kind: 'unanswered', message },
    }),
    next: { kind: 'swap', reason: 'SmokeTestFailed' },
    events: [expect.objectContaining({ type: 'refused' })],
  },
  'tests that never came to an end are told by their number': {
    o: own1({ spec: tested, state: { ...quiet, updating: { ...accepted, testAttempts: 3 } }, endpoint: inB }),
    next: { kind: 'test', nth: 4 },
  },
  'a way back is not tested': {
    o: own1({ spec: tested, state: { ...quiet, updating: { ...accepted, trigger: 'pin' } }, endpoint: inB }),
    next: { kind: 'done', reason: 'Serving' },
    events: [expect.objectContaining({ type: 'succeeded', trigger: 'pin' })],
  },
  'condemned, and the loop crashed: left when it looks again': {
    o: own1({ spec: tested, slots: { a: 'v1', b: 'v2' }, state: rejected, endpoint: inB }),
    next: { kind: 'swap', reason: 'SmokeTestFailed' },
  },
  'condemned, and nothing newer: what the other slot holds is looked at first': {
    o: own1({ slots: undefined, state: rejected, endpoint: inB }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'condemned, and the other slot holds the same, or nothing: it stays': {
    o: own1({ slots: { a: 'v2', b: 'v2' }, state: rejected, endpoint: inB }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'condemned, and the other slot holds what was refused: it stays': {
    o: own1({
      slots: { a: 'v1', b: 'v2' },
      state: { ...rejected, quarantine: [...rejected.quarantine!, { revision: 'v1', at: 1 }] },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'condemned, and held: it stays until the release': {
    o: own1({
      slots: { a: 'v1', b: 'v2' },
      state: { ...rejected, suspension: { by: 'ada', at: NOON } },
      endpoint: inB,
    }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'refused before it served is not condemned': {
    o: own1({
      slots: { a: 'v1', b: 'v2' },
      state: { ...rejected, quarantine: [{ revision: 'v2', at: NOON }] },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
  },

  // Going back.
  'a person wants what the other slot holds: swapped at once, unsettled and unread': {
    o: own1({ state: { ...quiet, pin: wantsV0 }, check: undefined }),
    next: {
      kind: 'swap',
      reason: 'Pinned',
      updating: expect.objectContaining({ slot: 'b', revision: 'v0', trigger: 'pin' }),
    } as unknown as Next,
    state: { pin: { ...wantsV0, supersedes: 'v2' } },
  },
  'a person wants what no slot holds: filled from what is retained': {
    o: own1({ state: { ...quiet, pin: wantsV0 }, slots: { a: 'v1' } }),
    next: { kind: 'stage', reason: 'Pinned', staging: { ...staging, revision: 'v0' }, from: 'retained' } as Next,
  },
  'a person wants the newest: filled from the sources': {
    o: own1({ state: { ...quiet, pin: { ...wantsV0, revision: 'v2' } } }),
    next: { kind: 'stage', reason: 'Pinned', from: 'sources' },
  },
  'a person wants what serves: it stays, and the newer upload is passed over': {
    o: own1({ state: { ...servedV1, pin: { ...wantsV0, revision: 'v1' } } }),
    next: { kind: 'done', reason: 'Serving', revision: 'v1' },
    state: { pin: { ...wantsV0, revision: 'v1', supersedes: 'v2' } },
  },
  'what was left is not taken again by itself': {
    o: own1({ state: { ...quiet, pin: { ...wantsV0, revision: 'v1', supersedes: 'v2' } } }),
    next: { kind: 'done', reason: 'Serving', revision: 'v1' },
  },
  'a newer upload ends the person’s word': {
    o: own1({ state: { ...servedV1, pin: { ...wantsV0, revision: 'v1', supersedes: 'v1.5' } } }),
    next: { kind: 'stage', reason: 'NewRevision', staging } as Next,
    state: { pin: undefined },
  },
  'an upload after the person’s word, before the loop heard of it, ends it too': {
    o: own1({ state: { ...quiet, pin: { ...wantsV0, at: NOON - 15 * MINUTE }, ...seen } }),
    next: { kind: 'stage', reason: 'NewRevision' },
    state: { pin: undefined },
  },
  'going back does not need the sources': {
    o: own1({ state: { ...quiet, pin: wantsV0 }, sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'swap', reason: 'Pinned' },
  },
  'a person’s word is stronger than an older quarantine': {
    o: own1({ state: { ...quiet, pin: wantsV0, quarantine: [{ revision: 'v0', at: NOON - 2 * MINUTE }] } }),
    next: { kind: 'swap', reason: 'Pinned' },
  },
  'and weaker than a newer one': {
    o: own1({ state: { ...quiet, pin: wantsV0, quarantine: [{ revision: 'v0', at: NOON }] } }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'going back waits for the update under way': {
    o: own1({ state: { ...quiet, pin: wantsV0 }, endpoint: { ...endpoint, status: 'Updating' } }),
    next: { kind: 'requeue', reason: 'EndpointBusy' },
  },
  'going back waits for the release of a hold': {
    o: own1({ state: { ...quiet, pin: wantsV0, suspension: { by: 'bob', at: NOON } } }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'a revision that serves again by a person’s word is quarantined no more': {
    o: own1({
      state: {
        ...quiet,
        updating: { ...accepted, trigger: 'pin' },
        quarantine: [
          { revision: 'v2', at: 1 },
          { revision: 'v0', at: 1 },
        ],
      },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
    state: { quarantine: [{ revision: 'v0', at: 1 }] },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'data in place knows no way back': {
    o: observe({ state: { ...servedV1, pin: wantsV0 } }),
    next: { kind: 'swap', reason: 'NewRevision' },
    state: { pin: undefined },
  },
};

describe('data per slot', () => {
  test.each(Object.entries(situations))('%s', (_, { o, next, state, events }) => {
    const before = structuredClone(o);
    const decision = decide(o);
    expect(decision.next).toMatchObject(next);
    expect(decision.events).toEqual(events ?? []);
    if (state) expect(decision.state).toMatchObject(state);
    expect(o).toEqual(before);
  });
});

describe('a deployment', () => {
  const prepared = (state: EndpointState, change = {}) =>
    decideGate({ now: NOON, deadline: NOON + 1, spec: tested, state, endpoint: inB, sources: v2, ...change }).next;

  test('waits for the smoke tests of what serves', () => {
    expect(prepared({ ...quiet, updating: accepted })).toMatchObject({
      kind: 'requeue',
      message: 'smoke tests are under way',
    });
  });

  test('concludes what the smoke tests came to', () => {
    const verdict = { kind: 'failed', message } as const;
    const { state, next } = decideGate({
      ...{ now: NOON, deadline: NOON + 1, spec: tested, endpoint: inB, sources: v2 },
      state: { ...quiet, updating: { ...accepted, verdict } },
    });
    expect(next).toMatchObject({ kind: 'ready' });
    expect(state.quarantine).toMatchObject([{ revision: 'v2', message, failedSmokeTests: true }]);
  });

  test('waits while a slot is being filled, and not for whoever is gone or has paused', () => {
    expect(prepared({ ...quiet, staging: { ...staging, at: NOON - MINUTE } })).toMatchObject({ kind: 'requeue' });
    expect(prepared({ ...quiet, staging: { ...staging, at: NOON - 2 * MINUTE } })).toMatchObject({ kind: 'ready' });
    expect(prepared({ ...quiet, staging: { ...staging, paused: true } })).toMatchObject({ kind: 'ready' });
  });
});
