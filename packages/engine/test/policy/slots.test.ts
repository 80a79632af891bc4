import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decidePrepare } from '../../src/policy/deployment-gate.ts';
import type { Next } from '../../src/policy/next.ts';
import type { Observation } from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import { called, endpoint, intent, MINUTE, NOON, observe, onA, quiet, servedV1, spec, v1, v2 } from './situations.ts';

const data = { bucket: 'copies', root: 'Iris/Endpoint/12345678/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const own: EndpointSpec = { ...spec, data };
const tested: EndpointSpec = { ...own, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
const filling = { slot: 'b', revision: 'v2', at: NOON } as const;
const reason = 'Smoke test 1 of 1 failed';
const onB = { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: NOON - MINUTE, size: v2.size };
const inB = { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE };
const condemned: EndpointState = {
  version: 1,
  served: onB,
  quarantine: [{ revision: 'v2', at: NOON, reason, condemned: true }],
};
const wantsV0 = { revision: 'v0', by: 'ada', at: NOON - MINUTE } as const;
const seen = { unsettled: { revision: 'v2', seen: NOON - 9 * MINUTE, since: NOON - 9 * MINUTE } };
const missing = { kind: 'missing', uris: ['s3://models/b'], revision: 'v2-', newest: v2.newest } as const;

/** In service on A with v1 in its own place; v2 lies settled at the sources; B's place holds v0. */
const own1 = (change: Partial<Observation> = {}) => observe({ spec: own, slots: { a: 'v1', b: 'v0' }, ...change });

interface Situation {
  readonly o: Observation;
  readonly next: Partial<Next> & Pick<Next, 'kind'>;
  /** Part of it. */
  readonly state?: object;
  readonly tell?: readonly object[];
}

const situations: Record<string, Situation> = {
  // Filling.
  'what the slots hold is looked at before a swap': {
    o: own1({ slots: undefined }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'the slot that is not active is filled first': {
    o: own1(),
    next: { kind: 'fill', because: 'newer-revision', filling, from: 'sources' } as Next,
  },
  'from B it is A': {
    o: own1({ endpoint: inB, state: { ...servedV1, served: { ...onB, revision: 'v1' } } }),
    next: { kind: 'fill', filling: { ...filling, slot: 'a' } } as Next,
  },
  'a slot that holds it already is swapped to, unread': {
    o: own1({ slots: { a: 'v1', b: 'v2' }, check: undefined }),
    next: { kind: 'swap', intent: { ...intent, at: NOON } } as Next,
  },
  'a slot is not filled before the upload has settled': {
    o: own1({ sources: { ...v2, newest: NOON - 5000 } }),
    next: { kind: 'wait', because: 'settling' },
  },
  'a slot is not filled while the stack is being deployed': {
    o: own1({ stack: { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } }),
    next: { kind: 'wait', because: 'stack-busy' },
  },
  'a slot is not filled while the endpoint is held': {
    o: own1({ state: { ...servedV1, hold: { by: 'ada', at: NOON } } }),
    next: { kind: 'wait', because: 'held' },
  },
  'a slot that somebody fills is neither filled nor swapped to before they are surely gone': {
    o: own1({ state: { ...servedV1, filling: { ...filling, at: NOON - MINUTE } }, slots: { a: 'v1', b: 'v2' } }),
    next: { kind: 'wait', because: 'endpoint-busy', seconds: 60 },
  },
  'whoever fills it is gone: begun again, unread': {
    o: own1({ state: { ...servedV1, filling: { ...filling, at: NOON - 2 * MINUTE } }, check: undefined }),
    next: { kind: 'fill', filling } as Next,
  },
  'whoever fills it has paused: gone on at once, where it stopped': {
    o: own1({
      state: {
        ...servedV1,
        filling: {
          ...filling,
          at: NOON - 1000,
          paused: true,
          warning: 'odd',
          upload: { key: 'k', uploadId: 'u', etag: 'e' },
        },
      },
      check: undefined,
    }),
    next: {
      kind: 'fill',
      filling: { ...filling, warning: 'odd', upload: { key: 'k', uploadId: 'u', etag: 'e' } },
    } as Next,
  },
  'another revision does not go on with an upload of the one before': {
    o: own1({
      state: {
        ...servedV1,
        filling: { ...filling, revision: 'v9', paused: true, upload: { key: 'k', uploadId: 'u', etag: 'e' } },
      },
    }),
    next: { kind: 'fill', filling: { slot: 'b', revision: 'v2', at: NOON } } as Next,
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
    o: own1({ check: { kind: 'refused', reason: 'is empty' } }),
    next: { kind: 'keep', because: 'quarantined', detail: 'is empty' },
    state: { quarantine: [{ revision: 'v2', at: NOON, reason: 'is empty' }], unsettled: undefined },
    tell: [
      {
        what: 'refused',
        revision: 'v2',
        slot: 'b',
        configName: 'config-b',
        reason: 'is empty',
        retried: false,
        by: 'upload',
        begun: NOON - 9 * MINUTE,
        sources: v2.files,
      },
    ],
  },
  'written while it was read: looked at again': {
    o: own1({ check: { kind: 'changed' } }),
    next: { kind: 'wait', because: 'settling', seconds: 5 },
  },
  'one of several sources missing: refused once that has settled': {
    o: own1({
      sources: missing,
      state: { ...quiet, unsettled: { revision: 'v2-', seen: NOON - 9 * MINUTE, since: NOON - 9 * MINUTE } },
    }),
    next: {
      kind: 'keep',
      because: 'quarantined',
      detail: expect.stringContaining('no object at s3://models/b'),
    } as Next,
    tell: [expect.objectContaining({ what: 'refused', revision: 'v2-' })],
  },
  'one of several sources missing, and the upload may still go on: wait': {
    o: own1({ sources: { ...missing, newest: NOON - 1000 }, state: quiet }),
    next: { kind: 'wait', because: 'settling' },
  },
  'nothing at any source is no upload': {
    o: own1({ sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'wait', because: 'source-missing' },
  },
  'far smaller than what is served: said, and swapped': {
    o: observe({ sources: { ...v2, size: 1000 }, state: { ...servedV1, served: { ...onA, size: 4_000_000 } } }),
    next: {
      kind: 'swap',
      intent: expect.objectContaining({ warning: expect.any(String), size: 1000 }),
    } as unknown as Next,
  },
  'what was odd is said with the swap that follows the filling': {
    o: own1({ slots: { a: 'v1', b: 'v2' }, filled: { ...filling, warning: 'odd' } }),
    next: { kind: 'swap', intent: expect.objectContaining({ warning: 'odd' }) } as unknown as Next,
  },

  // What is loaded is the loop's own.
  'served from its own place: known, whatever was written at the sources meanwhile': {
    o: own1({
      state: { version: 1, intent: called },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'wait', because: 'settling' },
    state: { served: expect.objectContaining({ revision: 'v2' }) },
    tell: [expect.objectContaining({ what: 'succeeded', revision: 'v2' })],
  },
  'some models load sources themselves: then it is not known': {
    o: own1({
      spec: { ...own, data: { ...data, partial: true } },
      state: { version: 1, intent: called },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'wait', because: 'settling' },
    state: { served: expect.objectContaining({ revision: undefined }) },
    tell: [expect.anything()],
  },
  'the same bytes again, and the fleet scaled meanwhile: still served': {
    o: own1({
      state: quiet,
      sources: { ...v1, newest: NOON - 1000 },
      endpoint: { ...endpoint, lastModified: NOON },
    }),
    next: { kind: 'keep', because: 'served' },
  },
  'a deployment loaded what was put in its place, whatever was written at the sources meanwhile': {
    o: own1({
      state: { version: 1, prepared: { configName: 'config-b', revision: 'v1', newestSource: v1.newest } },
      sources: { ...v2, newest: NOON - 1000 },
    }),
    next: { kind: 'wait', because: 'settling' },
    state: { served: { ...onA, revision: 'v1' }, prepared: undefined },
    tell: [expect.objectContaining({ what: 'deployed', revision: 'v1', slot: 'a' })],
  },

  // Smoke tests.
  'in service where the refresh wanted it: the tests are sent': {
    o: own1({ spec: tested, state: { ...quiet, intent: called }, endpoint: inB }),
    next: { kind: 'test', nth: 1 },
  },
  'answered as expected: a success': {
    o: own1({
      spec: tested,
      state: { ...quiet, intent: { ...called, tests: 1 } },
      endpoint: inB,
      tests: { kind: 'passed' },
    }),
    next: { kind: 'keep', because: 'served' },
    state: { served: expect.objectContaining({ revision: 'v2' }) },
    tell: [expect.objectContaining({ what: 'succeeded' })],
  },
  'answered wrongly: condemned, and left at once for what the other slot holds': {
    o: own1({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: { ...quiet, intent: { ...called, tests: 1 } },
      endpoint: inB,
      tests: { kind: 'failed', reason },
    }),
    next: {
      kind: 'swap',
      because: 'condemned',
      intent: expect.objectContaining({ slot: 'a', configName: 'config-a', revision: 'v1', by: 'smoke-test' }),
    } as unknown as Next,
    state: { served: expect.objectContaining({ revision: 'v2' }), quarantine: condemned.quarantine },
    tell: [expect.objectContaining({ what: 'refused', revision: 'v2', reason, retried: false })],
  },
  'answered, and the loop crashed: not asked again': {
    o: own1({
      spec: tested,
      state: { ...quiet, intent: { ...called, tests: 3, verdict: { kind: 'passed' } } },
      endpoint: inB,
    }),
    next: { kind: 'keep', because: 'served' },
    tell: [expect.objectContaining({ what: 'succeeded' })],
  },
  'not answered: asked again': {
    o: own1({
      spec: tested,
      state: { ...quiet, intent: { ...called, tests: 2 } },
      endpoint: inB,
      tests: { kind: 'unanswered', reason },
    }),
    next: { kind: 'wait', because: 'testing', seconds: 30 },
  },
  'not answered three times: condemned': {
    o: own1({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: { ...quiet, intent: { ...called, tests: 3 } },
      endpoint: inB,
      tests: { kind: 'unanswered', reason },
    }),
    next: { kind: 'swap', because: 'condemned' },
    tell: [expect.objectContaining({ what: 'refused' })],
  },
  'tests that never came to an end are told by their number': {
    o: own1({ spec: tested, state: { ...quiet, intent: { ...called, tests: 3 } }, endpoint: inB }),
    next: { kind: 'test', nth: 4 },
  },
  'a way back is not tested': {
    o: own1({ spec: tested, state: { ...quiet, intent: { ...called, by: 'person' } }, endpoint: inB }),
    next: { kind: 'keep', because: 'served' },
    tell: [expect.objectContaining({ what: 'succeeded', by: 'person' })],
  },
  'condemned, and the loop crashed: left when it looks again': {
    o: own1({ spec: tested, slots: { a: 'v1', b: 'v2' }, state: condemned, endpoint: inB }),
    next: { kind: 'swap', because: 'condemned' },
  },
  'condemned, and nothing newer: what the other slot holds is looked at first': {
    o: own1({ slots: undefined, state: condemned, endpoint: inB }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'condemned, and the other slot holds the same, or nothing: it stays': {
    o: own1({ slots: { a: 'v2', b: 'v2' }, state: condemned, endpoint: inB }),
    next: { kind: 'keep', because: 'quarantined' },
  },
  'condemned, and the other slot holds what was refused: it stays': {
    o: own1({
      slots: { a: 'v1', b: 'v2' },
      state: { ...condemned, quarantine: [...condemned.quarantine!, { revision: 'v1', at: 1 }] },
      endpoint: inB,
    }),
    next: { kind: 'keep', because: 'quarantined' },
  },
  'condemned, and held: it stays until the release': {
    o: own1({ slots: { a: 'v1', b: 'v2' }, state: { ...condemned, hold: { by: 'ada', at: NOON } }, endpoint: inB }),
    next: { kind: 'wait', because: 'held' },
  },
  'refused before it served is not condemned': {
    o: own1({
      slots: { a: 'v1', b: 'v2' },
      state: { ...condemned, quarantine: [{ revision: 'v2', at: NOON }] },
      endpoint: inB,
    }),
    next: { kind: 'keep', because: 'served' },
  },

  // Going back.
  'a person wants what the other slot holds: swapped at once, unsettled and unread': {
    o: own1({ state: { ...quiet, wanted: wantsV0 }, check: undefined }),
    next: {
      kind: 'swap',
      because: 'wanted',
      intent: expect.objectContaining({ slot: 'b', revision: 'v0', by: 'person' }),
    } as unknown as Next,
    state: { wanted: { ...wantsV0, instead: 'v2' } },
  },
  'a person wants what no slot holds: filled from what is retained': {
    o: own1({ state: { ...quiet, wanted: wantsV0 }, slots: { a: 'v1' } }),
    next: { kind: 'fill', because: 'wanted', filling: { ...filling, revision: 'v0' }, from: 'retained' } as Next,
  },
  'a person wants the newest: filled from the sources': {
    o: own1({ state: { ...quiet, wanted: { ...wantsV0, revision: 'v2' } } }),
    next: { kind: 'fill', because: 'wanted', from: 'sources' },
  },
  'a person wants what serves: it stays, and the newer upload is passed over': {
    o: own1({ state: { ...servedV1, wanted: { ...wantsV0, revision: 'v1' } } }),
    next: { kind: 'keep', because: 'served', revision: 'v1' },
    state: { wanted: { ...wantsV0, revision: 'v1', instead: 'v2' } },
  },
  'what was left is not taken again by itself': {
    o: own1({ state: { ...quiet, wanted: { ...wantsV0, revision: 'v1', instead: 'v2' } } }),
    next: { kind: 'keep', because: 'served', revision: 'v1' },
  },
  'a newer upload ends the person’s word': {
    o: own1({ state: { ...servedV1, wanted: { ...wantsV0, revision: 'v1', instead: 'v1.5' } } }),
    next: { kind: 'fill', because: 'newer-revision', filling } as Next,
    state: { wanted: undefined },
  },
  'an upload after the person’s word, before the loop heard of it, ends it too': {
    o: own1({ state: { ...quiet, wanted: { ...wantsV0, at: NOON - 15 * MINUTE }, ...seen } }),
    next: { kind: 'fill', because: 'newer-revision' },
    state: { wanted: undefined },
  },
  'going back does not need the sources': {
    o: own1({ state: { ...quiet, wanted: wantsV0 }, sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'swap', because: 'wanted' },
  },
  'a person’s word is stronger than an older quarantine': {
    o: own1({ state: { ...quiet, wanted: wantsV0, quarantine: [{ revision: 'v0', at: NOON - 2 * MINUTE }] } }),
    next: { kind: 'swap', because: 'wanted' },
  },
  'and weaker than a newer one': {
    o: own1({ state: { ...quiet, wanted: wantsV0, quarantine: [{ revision: 'v0', at: NOON }] } }),
    next: { kind: 'keep', because: 'quarantined' },
  },
  'going back waits for the update under way': {
    o: own1({ state: { ...quiet, wanted: wantsV0 }, endpoint: { ...endpoint, status: 'Updating' } }),
    next: { kind: 'wait', because: 'endpoint-busy' },
  },
  'going back waits for the release of a hold': {
    o: own1({ state: { ...quiet, wanted: wantsV0, hold: { by: 'bob', at: NOON } } }),
    next: { kind: 'wait', because: 'held' },
  },
  'a revision that serves again by a person’s word is quarantined no more': {
    o: own1({
      state: {
        ...quiet,
        intent: { ...called, by: 'person' },
        quarantine: [
          { revision: 'v2', at: 1 },
          { revision: 'v0', at: 1 },
        ],
      },
      endpoint: inB,
    }),
    next: { kind: 'keep', because: 'served' },
    state: { quarantine: [{ revision: 'v0', at: 1 }] },
    tell: [expect.objectContaining({ what: 'succeeded' })],
  },
  'data in place knows no way back': {
    o: observe({ state: { ...servedV1, wanted: wantsV0 } }),
    next: { kind: 'swap', because: 'newer-revision' },
    state: { wanted: undefined },
  },
};

describe('data per slot', () => {
  test.each(Object.entries(situations))('%s', (_, { o, next, state, tell }) => {
    const before = structuredClone(o);
    const decision = decide(o);
    expect(decision.next).toMatchObject(next);
    expect(decision.tell).toEqual(tell ?? []);
    if (state) expect(decision.state).toMatchObject(state);
    expect(o).toEqual(before);
  });
});

describe('a deployment', () => {
  const prepared = (state: EndpointState, change = {}) =>
    decidePrepare({ now: NOON, deadline: NOON + 1, spec: tested, state, endpoint: inB, sources: v2, ...change }).next;

  test('waits for the smoke tests of what serves', () => {
    expect(prepared({ ...quiet, intent: called })).toMatchObject({ kind: 'wait', detail: 'smoke tests are under way' });
  });

  test('concludes what the smoke tests came to', () => {
    const verdict = { kind: 'failed', reason } as const;
    const { state, next } = decidePrepare({
      ...{ now: NOON, deadline: NOON + 1, spec: tested, endpoint: inB, sources: v2 },
      state: { ...quiet, intent: { ...called, verdict } },
    });
    expect(next).toMatchObject({ kind: 'ready' });
    expect(state.quarantine).toMatchObject([{ revision: 'v2', reason, condemned: true }]);
  });

  test('waits while a slot is being filled, and not for whoever is gone or has paused', () => {
    expect(prepared({ ...quiet, filling: { ...filling, at: NOON - MINUTE } })).toMatchObject({ kind: 'wait' });
    expect(prepared({ ...quiet, filling: { ...filling, at: NOON - 2 * MINUTE } })).toMatchObject({ kind: 'ready' });
    expect(prepared({ ...quiet, filling: { ...filling, paused: true } })).toMatchObject({ kind: 'ready' });
  });
});
