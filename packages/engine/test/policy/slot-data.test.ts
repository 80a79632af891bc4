import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import { decideGate } from '../../src/policy/deployment-gate.ts';
import type { Next } from '../../src/policy/next.ts';
import type { Observation } from '../../src/policy/observation.ts';
import { pinRevision } from '../../src/policy/person-actions.ts';
import type { Staging } from '../../src/policy/rollout.ts';
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
  settling,
  spec,
  testing,
  updating,
  v1,
  v2,
} from './situations.ts';

const data = { bucket: 'copies', root: 'Iris/Endpoint/12345678/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const perSlot: EndpointSpec = { ...spec, data };
const tested: EndpointSpec = { ...perSlot, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
const lease = { slot: 'b', revision: 'v2', at: NOON } as const;
const partialCopy = { key: 'k', uploadId: 'u' };
const staging: Staging = { ...settling('v2', 9 * MINUTE), phase: 'staging', slot: 'b' };
const message = 'Smoke test 1 of 1 failed';
const onB = { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: NOON - MINUTE, size: v2.size };
const inB = { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE };
const failedTests: EndpointState = {
  version: 1,
  serving: onB,
  quarantine: [{ revision: 'v2', at: NOON, message, failedSmokeTests: true }],
};
const untested: EndpointState = { version: 1, serving: { ...onB, untested: true } };
const pinOfV0 = { revision: 'v0', by: 'ada', at: NOON - MINUTE } as const;
/** Pinned by a clock that is an hour ahead, when the sources were at v1 and v0 had failed. */
const pinnedAtV1 = pinRevision(
  {
    ...quiet,
    observed: { revision: 'v1', newest: v2.newest + MINUTE },
    quarantine: [{ revision: 'v0', at: NOON - 2 * MINUTE, message: 'no ping' }],
    retries: {
      revision: 'v0',
      attempts: 1,
      at: NOON,
      nextAt: NOON + MINUTE,
      stage: 'update',
      fault: 'capacity',
      message: 'no capacity',
    },
  },
  'v0',
  { by: 'ada', at: NOON + 60 * MINUTE },
).state;
const pinOver = (supersedesNewest: number) => ({ ...pinOfV0, revision: 'v1', supersedes: 'v2', supersedesNewest });
const seen = { rollout: settling('v2', 9 * MINUTE) };
const missing = { kind: 'missing', uris: ['s3://models/b'], revision: 'v2-', newest: v2.newest } as const;

/** In service on A, which holds v1; the sources hold v2, settled; B holds v0. */
const observePerSlot = (change: Partial<Observation> = {}) =>
  observe({ spec: perSlot, slots: { a: 'v1', b: 'v0' }, ...change });

interface Situation {
  readonly o: Observation;
  readonly next: Partial<Next> & Pick<Next, 'kind'>;
  /** A part of it. */
  readonly state?: object;
  readonly events?: readonly object[];
}

const situations: Record<string, Situation> = {
  // Staging
  'the slots are observed before a swap': {
    o: observePerSlot({ slots: undefined }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'the inactive slot is staged first': {
    o: observePerSlot(),
    next: { kind: 'stage', reason: 'NewRevision', lease } as Next,
    state: { rollout: staging },
  },
  'B is active: A is staged': {
    o: observePerSlot({ endpoint: inB, state: { ...servedV1, serving: { ...onB, revision: 'v1' } } }),
    next: { kind: 'stage', lease: { ...lease, slot: 'a' } } as Next,
  },
  'a slot that already holds the revision: swap without a check': {
    o: observePerSlot({ slots: { a: 'v1', b: 'v2' }, check: undefined }),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
  },
  'a slot is not staged before the upload has settled': {
    o: observePerSlot({ sources: { ...v2, newest: NOON - 5000 } }),
    next: { kind: 'requeue', reason: 'Settling' },
  },
  'a slot is not staged while the stack is deploying': {
    o: observePerSlot({ stack: { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } }),
    next: { kind: 'requeue', reason: 'StackBusy' },
  },
  'a slot is not staged while swaps are suspended': {
    o: observePerSlot({ state: { ...servedV1, suspension: { by: 'ada', at: NOON } } }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'a leased slot is neither staged nor swapped to until the lease expires': {
    o: observePerSlot({
      state: { ...servedV1, lease: { ...lease, at: NOON - MINUTE } },
      slots: { a: 'v1', b: 'v2' },
    }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 60 },
  },
  'an expired lease: staged again without a check': {
    o: observePerSlot({
      state: { ...quiet, rollout: staging, lease: { ...lease, at: NOON - 2 * MINUTE } },
      check: undefined,
    }),
    next: { kind: 'stage', lease } as Next,
  },
  'a paused lease: the copy is resumed at once': {
    o: observePerSlot({
      state: {
        ...quiet,
        rollout: { ...staging, warning: 'Odd.' },
        lease: { ...lease, at: NOON - 1000, paused: true, partialCopy },
      },
      check: undefined,
    }),
    next: { kind: 'stage', lease: { ...lease, partialCopy } } as Next,
    state: { rollout: { ...staging, warning: 'Odd.' } },
  },
  'another revision does not resume the copy of the previous one': {
    o: observePerSlot({
      state: {
        ...servedV1,
        lease: { ...lease, revision: 'v9', paused: true, partialCopy },
      },
    }),
    next: { kind: 'stage', lease: { slot: 'b', revision: 'v2', at: NOON } } as Next,
  },
  'overtaken by a newer upload: that one settles, and the lease stays until it expires': {
    o: observePerSlot({
      state: { ...quiet, rollout: staging, lease },
      sources: { ...v2, revision: 'v3', newest: NOON },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { rollout: settling('v3', 0), lease },
  },
  'overtaken by a pin: a rollback begins': {
    o: observePerSlot({ state: { ...quiet, rollout: staging, pin: pinOfV0, stored: ['v0'] }, slots: { a: 'v1' } }),
    next: { kind: 'stage', reason: 'Pinned' },
    state: { rollout: { phase: 'staging', revision: 'v0', trigger: 'pin', slot: 'b', seen: NOON, since: NOON } },
  },
  'interrupted in an endless stream of uploads: maxWaitTime still counts from its beginning': {
    o: observePerSlot({
      spec: { ...perSlot, maxWaitTime: 600 },
      state: { ...quiet, rollout: { ...staging, ...settling('v2', 50_000, 500_000), phase: 'staging' } },
      sources: { ...v2, revision: 'v3', newest: NOON },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { rollout: settling('v3', 0, 500_000) },
  },
  'a rollback overtaken by an upload: the stream of uploads begins with that one': {
    o: observePerSlot({
      spec: { ...perSlot, maxWaitTime: 600 },
      state: { ...quiet, rollout: { ...staging, trigger: 'pin', revision: 'v0', seen: NOON - 50_000 } },
      sources: { ...v2, revision: 'v3', newest: NOON },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { rollout: settling('v3', 0) },
  },
  'an update that was withdrawn: the upload does not wait again, and keeps its times': {
    o: observePerSlot({ state: { ...quiet, rollout: updating } }),
    next: { kind: 'stage', lease } as Next,
    state: { rollout: staging },
  },
  'a rollback whose update was withdrawn begins anew': {
    o: observePerSlot({
      state: {
        ...quiet,
        rollout: { ...updating, trigger: 'pin', revision: 'v0' },
        pin: pinOfV0,
        suspension: { by: 'bob', at: NOON },
      },
    }),
    next: { kind: 'requeue', reason: 'Suspended' },
    state: { rollout: undefined },
  },

  // Checks
  'archives are checked before they are copied': {
    o: observePerSlot({ check: undefined }),
    next: { kind: 'observe', what: 'check' } as Next,
  },
  'archives are checked before a fleet loads them in place': {
    o: observe({ check: undefined }),
    next: { kind: 'observe', what: 'check' } as Next,
  },
  'an archive that cannot be loaded is refused before the endpoint is touched': {
    o: observePerSlot({ check: { kind: 'refused', message: 'The archive is empty.' } }),
    next: { kind: 'done', reason: 'Quarantined', message: 'The archive is empty.' },
    state: { quarantine: [{ revision: 'v2', at: NOON, message: 'The archive is empty.' }], rollout: undefined },
    events: [
      {
        type: 'refused',
        revision: 'v2',
        slot: 'b',
        configName: 'config-b',
        message: 'The archive is empty.',
        retried: false,
        trigger: 'upload',
        startedAt: NOON - 9 * MINUTE,
        sources: v2.files,
      },
    ],
  },
  'written while it was checked: observed again': {
    o: observePerSlot({ check: { kind: 'changed' } }),
    next: { kind: 'requeue', reason: 'SourceChanged', seconds: 5 },
  },
  'one of several sources missing: refused once settled': {
    o: observePerSlot({
      sources: missing,
      state: { ...quiet, rollout: settling('v2-', 9 * MINUTE) },
    }),
    next: {
      kind: 'done',
      reason: 'Quarantined',
      message: expect.stringContaining('no object at s3://models/b'),
    } as Next,
    events: [expect.objectContaining({ type: 'refused', revision: 'v2-' })],
  },
  'one of several sources missing while the upload may still continue: wait': {
    o: observePerSlot({ sources: { ...missing, newest: NOON - 1000 }, state: quiet }),
    next: { kind: 'requeue', reason: 'Settling' },
  },
  'no source has an object: not an upload': {
    o: observePerSlot({ sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'requeue', reason: 'SourceMissing' },
  },
  'far smaller than what is served: swap with a warning': {
    o: observe({ sources: { ...v2, size: 1000 }, state: { ...servedV1, serving: { ...onA, size: 4_000_000 } } }),
    next: {
      kind: 'swap',
      updating: expect.objectContaining({ warning: expect.any(String), size: 1000 }),
    } as unknown as Next,
  },
  'the warning of the check is kept for the swap after staging': {
    o: observePerSlot({ slots: { a: 'v1', b: 'v2' }, state: { ...quiet, rollout: { ...staging, warning: 'Odd.' } } }),
    next: { kind: 'swap', updating: expect.objectContaining({ warning: 'Odd.' }) } as unknown as Next,
  },

  // What the fleet loads is the controller's own
  'served from slot data: known, even if the sources were written since': {
    o: observePerSlot({
      state: { version: 1, rollout: accepted },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: 'v2' }) },
    events: [expect.objectContaining({ type: 'succeeded', revision: 'v2' })],
  },
  'some models load the sources themselves: unknown if the sources were written since': {
    o: observePerSlot({
      spec: { ...perSlot, data: { ...data, partial: true } },
      state: { version: 1, rollout: accepted },
      endpoint: { ...inB, lastModified: NOON },
      sources: { ...v2, revision: 'v3', newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: undefined }) },
    events: [expect.anything()],
  },
  'the same bytes uploaded again, and the fleet scaled since: still serving': {
    o: observePerSlot({
      state: quiet,
      sources: { ...v1, newest: NOON - 1000 },
      endpoint: { ...endpoint, lastModified: NOON },
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a deployment loaded what was staged for it, even if the sources were written since': {
    o: observePerSlot({
      state: { version: 1, deployment: { configName: 'config-b', revision: 'v1', newestSource: v1.newest } },
      sources: { ...v2, newest: NOON - 1000 },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: { ...onA, revision: 'v1' }, deployment: undefined },
    events: [expect.objectContaining({ type: 'deployed', revision: 'v1', slot: 'a' })],
  },

  // Smoke tests
  'InService on the requested config: the tests are sent': {
    o: observePerSlot({ spec: tested, state: { ...quiet, rollout: accepted }, endpoint: inB }),
    next: { kind: 'test', attempt: 1 },
  },
  'answered as expected: success': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(1, { verdict: { kind: 'passed' } }) },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
    state: { serving: expect.objectContaining({ revision: 'v2' }) },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'a wrong answer: quarantined, and rolled back to the other slot at once': {
    o: observePerSlot({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: { ...quiet, rollout: testing(1, { verdict: { kind: 'failed', message } }) },
      endpoint: inB,
    }),
    next: {
      kind: 'swap',
      reason: 'SmokeTestFailed',
      updating: expect.objectContaining({ slot: 'a', configName: 'config-a', revision: 'v1', trigger: 'smoke-test' }),
    } as unknown as Next,
    state: { serving: expect.objectContaining({ revision: 'v2' }), quarantine: failedTests.quarantine },
    events: [expect.objectContaining({ type: 'refused', revision: 'v2', message: message, retried: false })],
  },
  'a wrong answer, and the other slot has the newest upload: no way back, but tried as any other': {
    o: observePerSlot({
      spec: tested,
      slots: { a: 'v3', b: 'v2' },
      state: { ...failedTests, rollout: settling('v3', 2 * MINUTE) },
      endpoint: inB,
      sources: { ...v2, revision: 'v3' },
    }),
    next: {
      kind: 'swap',
      reason: 'NewRevision',
      updating: expect.objectContaining({ slot: 'a', revision: 'v3', trigger: 'upload' }),
    } as unknown as Next,
  },
  'answered before a crash: not sent again': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(3, { verdict: { kind: 'passed' } }) },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'sent by another pass a moment ago: not sent at the same time': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(2, { nextTestAt: NOON + 2 * MINUTE }) },
      endpoint: inB,
    }),
    next: { kind: 'requeue', reason: 'Testing', seconds: 30 },
  },
  'sent by a pass that ended two minutes ago: sent again': {
    o: observePerSlot({ spec: tested, state: { ...quiet, rollout: testing(2) }, endpoint: inB }),
    next: { kind: 'test', attempt: 3 },
  },
  'not answered: sent again after the pause': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(2, { nextTestAt: NOON + 5 * MINUTE, unanswered: message }) },
      endpoint: inB,
    }),
    next: { kind: 'requeue', reason: 'Testing', seconds: 300, message },
  },
  'not answered for the hundredth time: sent again': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(99, { unanswered: message }) },
      endpoint: inB,
    }),
    next: { kind: 'test', attempt: 100 },
  },
  'not answered, and a deployment is under way: they wait for its end, which no event announces': {
    o: observePerSlot({
      spec: tested,
      state: {
        ...quiet,
        rollout: testing(2, { unanswered: message }),
        deployment: { configName: 'config-b', newestSource: v2.newest },
      },
      endpoint: inB,
      stack: { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' },
    }),
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'not answered, and something newer was uploaded: it serves untested until that has settled': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(2, { nextTestAt: NOON + 5 * MINUTE, unanswered: message }) },
      endpoint: inB,
      sources: { ...v2, revision: 'v3' },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: 'v2', untested: true }) },
    events: [expect.objectContaining({ type: 'succeeded', warning: `Not tested: ${message}` })],
  },
  'sent by a pass that ended before they did, and something newer was uploaded: it serves untested': {
    o: observePerSlot({
      spec: tested,
      state: { ...quiet, rollout: testing(2, { nextTestAt: NOON }) },
      endpoint: inB,
      sources: { ...v2, revision: 'v3' },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: 'v2', untested: true }) },
    events: [expect.objectContaining({ warning: 'Not tested: the smoke tests did not end.' })],
  },
  'served untested, and uploaded again: rolled out anew, to be tested': {
    o: observePerSlot({ spec: tested, state: { ...untested, ...seen }, endpoint: inB, slots: { a: 'v2', b: 'v2' } }),
    next: { kind: 'swap', reason: 'NewRevision' },
  },
  'served untested, and the tests were removed: it serves': {
    o: observePerSlot({ state: untested, endpoint: inB }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'served untested, and pinned: it serves': {
    o: observePerSlot({
      spec: tested,
      state: { ...untested, pin: { revision: 'v2', by: 'ada', at: NOON, supersedes: 'v2' } },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'not answered, and another revision is pinned: that one is served': {
    o: observePerSlot({
      spec: tested,
      slots: { a: 'v1', b: 'v2' },
      state: {
        ...quiet,
        rollout: testing(2, { nextTestAt: NOON + 5 * MINUTE, unanswered: message }),
        pin: { revision: 'v1', by: 'ada', at: NOON, supersedes: 'v2' },
      },
      endpoint: inB,
    }),
    next: { kind: 'swap', reason: 'Pinned' },
    events: [expect.objectContaining({ type: 'succeeded' })],
  },
  'not answered, pinned itself, and something newer was uploaded since: the pin has ended': {
    o: observePerSlot({
      spec: tested,
      state: {
        ...quiet,
        rollout: testing(2, { nextTestAt: NOON + 5 * MINUTE, unanswered: message }),
        pin: { revision: 'v2', by: 'ada', at: NOON, supersedes: 'v2' },
      },
      endpoint: inB,
      sources: { ...v2, revision: 'v3' },
    }),
    next: { kind: 'requeue', reason: 'Settling' },
    state: { serving: expect.objectContaining({ revision: 'v2' }) },
    events: [expect.objectContaining({ type: 'succeeded', warning: `Not tested: ${message}` })],
  },
  'a rollback is not tested': {
    o: observePerSlot({ spec: tested, state: { ...quiet, rollout: { ...accepted, trigger: 'pin' } }, endpoint: inB }),
    next: { kind: 'done', reason: 'Serving' },
    events: [expect.objectContaining({ type: 'succeeded', trigger: 'pin' })],
  },
  'failed tests, then a crash: rolled back by the next pass': {
    o: observePerSlot({ spec: tested, slots: { a: 'v1', b: 'v2' }, state: failedTests, endpoint: inB }),
    next: { kind: 'swap', reason: 'SmokeTestFailed' },
  },
  'failed tests, and nothing newer: the slots are observed first': {
    o: observePerSlot({ slots: undefined, state: failedTests, endpoint: inB }),
    next: { kind: 'observe', what: 'slots' } as Next,
  },
  'failed tests, and the other slot holds the same revision: it keeps serving': {
    o: observePerSlot({ slots: { a: 'v2', b: 'v2' }, state: failedTests, endpoint: inB }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'failed tests, and the other slot holds nothing: what served before is restored from the revision store': {
    o: observePerSlot({
      slots: { b: 'v2' },
      state: { ...failedTests, stored: ['v2', 'v1', 'v0'] },
      endpoint: inB,
    }),
    next: { kind: 'stage', reason: 'SmokeTestFailed', lease: { slot: 'a', revision: 'v1' } } as Next,
  },
  'failed tests, and the other slot holds a quarantined revision: it keeps serving': {
    o: observePerSlot({
      slots: { a: 'v1', b: 'v2' },
      state: { ...failedTests, quarantine: [...failedTests.quarantine!, { revision: 'v1', at: 1 }] },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'failed tests while suspended: it keeps serving until resumed': {
    o: observePerSlot({
      slots: { a: 'v1', b: 'v2' },
      state: { ...failedTests, suspension: { by: 'ada', at: NOON } },
      endpoint: inB,
    }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'quarantined before it served: not rolled back': {
    o: observePerSlot({
      slots: { a: 'v1', b: 'v2' },
      state: { ...failedTests, quarantine: [{ revision: 'v2', at: NOON }] },
      endpoint: inB,
    }),
    next: { kind: 'done', reason: 'Serving' },
  },

  // Pins
  'a pin of what the other slot holds: swap at once, without settling or a check': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0 }, check: undefined }),
    next: {
      kind: 'swap',
      reason: 'Pinned',
      updating: expect.objectContaining({ slot: 'b', revision: 'v0', trigger: 'pin' }),
    } as unknown as Next,
    state: { pin: { ...pinOfV0, supersedes: 'v2', supersedesNewest: v2.newest } },
  },
  'a pin of what no slot holds: staged from the revision store, which keeps it and what serves': {
    o: observePerSlot({
      state: { ...quiet, pin: pinOfV0, stored: ['v1', 'v1.5', 'v0.5', 'v0'] },
      slots: { a: 'v1' },
      spec: { ...perSlot, retainRevisions: 2 },
    }),
    next: { kind: 'stage', reason: 'Pinned', lease: { ...lease, revision: 'v0' } } as Next,
    state: { stored: ['v1', 'v0'] },
  },
  'a pin of the newest revision: staged from the sources': {
    o: observePerSlot({ state: { ...quiet, pin: { ...pinOfV0, revision: 'v2' } } }),
    next: { kind: 'stage', reason: 'Pinned', lease: { revision: 'v2' } } as Next,
  },
  'a pin of what is nowhere any more: refused, and what serves stays pinned instead of the newest': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0 }, slots: { a: 'v1' } }),
    next: { kind: 'requeue', reason: 'Pinned' },
    state: { pin: { ...pinOfV0, revision: 'v1', supersedes: 'v2' } },
    events: [
      expect.objectContaining({
        type: 'refused',
        revision: 'v0',
        retried: false,
        message: 'Revision v0 is not in the data bucket any more, or lacks a source. Upload it again.',
      }),
    ],
  },
  'a pin of what is nowhere any more, while the newest serves: no pin remains': {
    o: observePerSlot({
      state: { ...quiet, serving: { ...onA, revision: 'v2' }, pin: pinOfV0 },
      slots: { a: 'v2' },
    }),
    next: { kind: 'requeue', reason: 'Pinned' },
    state: { pin: undefined },
    events: [expect.objectContaining({ type: 'refused' })],
  },
  'a rollback with some data in place is done after one swap': {
    o: observePerSlot({
      spec: { ...perSlot, data: { ...data, partial: true } },
      state: {
        ...quiet,
        serving: { ...onA, revision: undefined, slotRevision: 'v0' },
        pin: { ...pinOfV0, supersedes: 'v2' },
      },
      slots: { a: 'v0', b: 'v2' },
    }),
    next: { kind: 'done', reason: 'Serving', revision: 'v0' },
  },
  'a pin of what serves: it keeps serving, and takes precedence over the newer upload': {
    o: observePerSlot({ state: { ...servedV1, pin: { ...pinOfV0, revision: 'v1' } } }),
    next: { kind: 'done', reason: 'Serving', revision: 'v1' },
    state: { pin: { ...pinOfV0, revision: 'v1', supersedes: 'v2', supersedesNewest: v2.newest } },
  },
  'a superseded revision is not rolled out again automatically': {
    o: observePerSlot({ state: { ...quiet, pin: { ...pinOfV0, revision: 'v1', supersedes: 'v2' } } }),
    next: { kind: 'done', reason: 'Serving', revision: 'v1' },
  },
  'the revision that was rolled back is uploaded again: it is passed over, and that is published': {
    o: observePerSlot({
      state: { ...quiet, pin: pinOver(v2.newest) },
      sources: { ...v2, newest: NOON - MINUTE },
    }),
    next: { kind: 'done', reason: 'Serving', revision: 'v1' },
    state: { pin: { ...pinOver(NOON - MINUTE), passedOver: true } },
    events: [
      expect.objectContaining({
        type: 'passedOver',
        revision: 'v2',
        startedAt: NOON - MINUTE,
        message:
          'Revision v2 was uploaded again, but ada rolled it back to v1. Upload other bytes, or run ' +
          '`freshpoint rollback --to v2`.',
      }),
    ],
  },
  'the revision that was rolled back is uploaded again while the stack is being deployed: published once, too': {
    o: observePerSlot({
      state: { ...quiet, pin: { ...pinOver(v2.newest), revision: 'v0' } },
      sources: { ...v2, newest: NOON - MINUTE },
      stack: { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' },
    }),
    next: { kind: 'requeue', reason: 'StackBusy' },
    state: { pin: { ...pinOver(NOON - MINUTE), revision: 'v0', passedOver: true } },
    events: [expect.objectContaining({ type: 'passedOver' })],
  },
  'that upload is published once': {
    o: observePerSlot({
      state: { ...quiet, pin: pinOver(NOON - MINUTE) },
      sources: { ...v2, newest: NOON - MINUTE },
    }),
    next: { kind: 'done', reason: 'Serving' },
    events: [],
  },
  'a newer upload ends the pin': {
    o: observePerSlot({ state: { ...servedV1, pin: { ...pinOfV0, revision: 'v1', supersedes: 'v1.5' } } }),
    next: { kind: 'stage', reason: 'NewRevision', lease } as Next,
    state: { pin: undefined },
  },
  'an upload after the pin, before the controller read it, ends it too, whatever its date and the clocks say': {
    o: observePerSlot({ state: { ...pinnedAtV1, ...seen } }),
    next: { kind: 'stage', reason: 'NewRevision' },
    state: { pin: undefined },
  },
  'a pin does not need the sources': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0 }, sources: { kind: 'missing', uris: ['s3://models/a'] } }),
    next: { kind: 'swap', reason: 'Pinned' },
  },
  'a pin takes its revision out of quarantine, and ends the pause before its next attempt': {
    o: observePerSlot({ state: pinnedAtV1, sources: { ...v2, revision: 'v1' } }),
    next: { kind: 'swap', reason: 'Pinned' },
  },
  'a pinned revision that was quarantined since is not tried again': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0, quarantine: [{ revision: 'v0', at: NOON }] } }),
    next: { kind: 'done', reason: 'Quarantined' },
  },
  'a pin waits for the update in progress': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0 }, endpoint: { ...endpoint, status: 'Updating' } }),
    next: { kind: 'requeue', reason: 'EndpointBusy' },
  },
  'a pin waits until swaps are resumed': {
    o: observePerSlot({ state: { ...quiet, pin: pinOfV0, suspension: { by: 'bob', at: NOON } } }),
    next: { kind: 'requeue', reason: 'Suspended' },
  },
  'a pinned revision that serves again leaves the quarantine': {
    o: observePerSlot({
      state: {
        ...quiet,
        rollout: { ...accepted, trigger: 'pin' },
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
  'data in place cannot be pinned': {
    o: observe({ state: { ...servedV1, pin: pinOfV0 } }),
    next: { kind: 'swap', reason: 'NewRevision' },
    state: { pin: undefined },
  },
};

describe('data per slot', () => {
  test.each(Object.entries(situations))('%s', (name, { o, next, state, events }) => {
    const before = structuredClone(o);
    const decision = decide(o);
    expect(decision.next).toMatchObject(next);
    expect(decision.events).toEqual(events ?? []);
    if (state) expect(decision.state).toMatchObject(state);
    if (name.includes('nowhere')) expect(decision.state.quarantine).toBeUndefined();
    expect(o).toEqual(before);
  });
});

describe('a deployment', () => {
  const gate = (state: EndpointState, change = {}) =>
    decideGate({ now: NOON, deadline: NOON + 1, spec: tested, state, endpoint: inB, sources: v2, ...change }).next;

  test('waits for the smoke tests of the serving revision', () => {
    expect(gate({ ...quiet, rollout: accepted })).toMatchObject({
      kind: 'requeue',
      message: 'Endpoint Iris is busy: smoke tests are running.',
    });
  });

  test('concludes failed smoke tests', () => {
    const verdict = { kind: 'failed', message } as const;
    const { state, next } = decideGate({
      ...{ now: NOON, deadline: NOON + 1, spec: tested, endpoint: inB, sources: v2 },
      state: { ...quiet, rollout: testing(1, { verdict }) },
    });
    expect(next).toMatchObject({ kind: 'ready' });
    expect(state.quarantine).toMatchObject([{ revision: 'v2', message, failedSmokeTests: true }]);
  });

  test('waits for a staging lease, but not for one that is expired or paused', () => {
    expect(gate({ ...quiet, lease: { ...lease, at: NOON - MINUTE } })).toMatchObject({ kind: 'requeue' });
    expect(gate({ ...quiet, lease: { ...lease, at: NOON - 2 * MINUTE } })).toMatchObject({ kind: 'ready' });
    expect(gate({ ...quiet, lease: { ...lease, paused: true } })).toMatchObject({ kind: 'ready' });
  });
});
