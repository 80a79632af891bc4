import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { Next } from '../../src/policy/next.ts';
import type { EndpointStatus, Observation } from '../../src/policy/observation.ts';
import { type EndpointState, parseState, quarantine } from '../../src/policy/state.ts';
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

interface Situation {
  readonly o: Observation;
  /** What the next step must look like. */
  readonly next: Partial<Next> & Pick<Next, 'kind'>;
  /** What the state must be afterwards. Default: the same object. */
  readonly state?: EndpointState;
  /** What is told. Default: nothing. */
  readonly events?: readonly object[];
}

const held = { by: 'ada', at: NOON - MINUTE };
const busy = (status: EndpointStatus, change = {}) => observe({ endpoint: { ...endpoint, status, ...change } });
const withIntent = (given: typeof updating, change: Partial<typeof endpoint>, state: EndpointState = servedV1) =>
  observe({ state: { ...state, updating: given }, endpoint: { ...endpoint, ...change } });
const afterUpdate = { lastModified: NOON - MINUTE };
const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';
const internal = 'Request to service failed. If failure persists after retry, contact customer support.';
const deploying = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } as const;

const onB = {
  configName: 'config-b',
  revision: 'v2',
  newestSource: v2.newest,
  since: NOON - MINUTE,
  size: v2.size,
};
/** A refused update touched the endpoint a minute ago, not its fleet. */
const stillOnA = (state: EndpointState): EndpointState => ({ ...state, serving: { ...onA, since: NOON - MINUTE } });
const quietOnB: EndpointState = { version: 1, serving: onB };
const seen = (revision: string, ago: number, since = ago) => ({ revision, seen: NOON - ago, since: NOON - since });
const deployment = { configName: 'config-b', revision: 'v2', newestSource: v2.newest };
const succeeded = { type: 'succeeded', revision: 'v2', slot: 'b', configName: 'config-b', secondsFromUpload: 540 };
const refused = { type: 'refused', revision: 'v2', slot: 'b', configName: 'config-b' };

const situations: Record<string, Situation> = {
  // Contract 4: swap only when …
  'a settled newer revision is swapped in': {
    o: observe(),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
  },
  'from B it is swapped to A': {
    o: observe({ endpoint: { ...endpoint, configName: 'config-b' } }),
    next: { kind: 'swap', updating: { ...updating, slot: 'a', configName: 'config-a', at: NOON } } as Next,
  },
  'endpoint Creating: wait': { o: busy('Creating'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 } },
  'endpoint Updating: wait': { o: busy('Updating'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 } },
  'endpoint SystemUpdating: wait': {
    o: busy('SystemUpdating'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'endpoint RollingBack: wait': {
    o: busy('RollingBack'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'endpoint OutOfService: wait': {
    o: busy('OutOfService'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'endpoint Deleting: wait': { o: busy('Deleting'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 } },
  'endpoint Failed: a person is needed': {
    o: busy('Failed', { failureReason: 'no capacity' }),
    next: {
      kind: 'stalled',
      reason: 'EndpointFailed',
      message: 'endpoint is Failed: no capacity. Delete the endpoint and deploy the stack again.',
    },
  },
  'endpoint Failed while the stack is deployed: wait': {
    o: { ...busy('Failed'), stack: deploying },
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'endpoint UpdateRollbackFailed: a person is needed': {
    o: busy('UpdateRollbackFailed'),
    next: { kind: 'stalled', reason: 'EndpointFailed' },
  },
  'endpoint gone: nothing left to promise': {
    o: observe({ endpoint: 'gone' }),
    next: { kind: 'done', reason: 'EndpointGone' },
  },
  'stack being deployed: wait': {
    o: observe({ stack: deploying }),
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'stack gone: nothing left to promise': {
    o: observe({ stack: { kind: 'gone', status: 'DELETE_COMPLETE' } }),
    next: { kind: 'done', reason: 'StackGone' },
  },
  'the stack is asked only when all else speaks for a swap': {
    o: observe({ stack: undefined }),
    next: { kind: 'observe', what: 'stack' },
  },
  'the sources are asked only when the endpoint is in service': {
    o: observe({ sources: undefined }),
    next: { kind: 'observe', what: 'sources' },
  },
  'held by a person: wait, with a pause that grows': {
    o: observe({ state: { ...servedV1, suspension: held } }),
    next: { kind: 'requeue', reason: 'Suspended', message: 'held by ada' },
  },
  'held by a person, but served already: kept': {
    o: observe({ state: { ...quiet, suspension: held }, sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a source is missing: wait, with a pause that grows': {
    o: observe({ sources: { kind: 'missing', uris: ['s3://models/model.tar.gz'] } }),
    next: {
      kind: 'requeue',
      reason: 'SourceMissing',
      message: 'no object at s3://models/model.tar.gz',
    },
  },
  'repeated bytes: served already': {
    o: observe({ sources: { ...v1, newest: NOON - MINUTE } }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  'quarantined: kept with its reason': {
    o: observe({ state: { ...servedV1, quarantine: [{ revision: 'v2', at: NOON, message: ping }] } }),
    next: { kind: 'done', reason: 'Quarantined', message: ping },
    state: { ...quiet, quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
  },
  'another revision is quarantined: swap': {
    o: observe({ state: { ...servedV1, quarantine: [{ revision: 'v3', at: NOON, message: ping }] } }),
    next: { kind: 'swap' },
  },
  // Contract 3: settle first
  'seen for the first time: waits waitTime, whatever LastModified says (S3 dates a multipart upload by its beginning)':
    {
      o: observe({ state: quiet }),
      next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
      state: { ...quiet, settling: seen('v2', 0) },
    },
  'uploaded and seen 20 s ago: wait the other 40 s': {
    o: observe({ sources: { ...v2, newest: NOON - 20_000 }, state: { ...quiet, settling: seen('v2', 20_000) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 40 },
  },
  'seen before it was uploaded (skewed clocks): counts from the upload': {
    o: observe({ sources: { ...v2, newest: NOON - 20_000 } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 40 },
  },
  'another file of the upload: counts anew': {
    o: observe({ state: { ...quiet, settling: seen('v1.5', 50_000) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, settling: seen('v2', 0, 50_000) },
  },
  'exactly waitTime old: settled': {
    o: observe({ sources: { ...v2, newest: NOON - MINUTE }, state: { ...quiet, settling: seen('v2', MINUTE) } }),
    next: { kind: 'swap' },
  },
  'a fraction of a second left: never a pause of 0': {
    o: observe({ state: { ...quiet, settling: seen('v2', 59_900) } }),
    next: { kind: 'requeue', seconds: 1 },
  },
  'uploaded in the future (skewed clocks): not longer than waitTime at a time': {
    o: observe({ sources: { ...v2, newest: NOON + 30_000 } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
  },
  'waitTime 0: at once': {
    o: observe({ spec: { ...spec, waitTime: 0 }, sources: { ...v2, newest: NOON }, state: quiet }),
    next: { kind: 'swap' },
  },
  'endless uploads: the wait is cut to what is left of maxWaitTime': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, settling: seen('v1.9', 10_000, 280_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 20 },
    state: { ...quiet, settling: seen('v2', 0, 280_000) },
  },
  'endless uploads: after maxWaitTime it is swapped unsettled': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, settling: seen('v1.9', 10_000, 300_000) },
    }),
    next: { kind: 'swap' },
  },
  'a settled revision that could not be swapped ends the stream: the next one settles by itself': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, settling: seen('v1.9', 200_000, 400_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, settling: seen('v2', 0) },
  },
  'a settled revision that could not be swapped loses a file, of which S3 has no time: the stream ends too': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      state: { ...quiet, settling: seen('v1.9', 200_000, 400_000) },
      sources: { ...v2, newest: NOON - 600_000 },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, settling: seen('v2', 0) },
  },
  'a settled revision that could not be swapped is written again: it settles again': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, settling: seen('v2', 400_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 50 },
  },
  'served at last: maxWaitTime counts from the start next time': {
    o: observe({ sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  // What the active slot serves
  'never looked at, no deployment on record: it is not known what it loaded': {
    o: observe({ state: { version: 1, settling: seen('v1', 2 * MINUTE) }, sources: v1 }),
    next: { kind: 'swap' },
  },
  'a record of another config does not count': {
    o: observe({
      spec: { ...spec, configs: { a: 'config-a2', b: 'config-b2' } },
      endpoint: { ...endpoint, configName: 'config-a2' },
      sources: v1,
      state: { ...quiet, settling: seen('v1', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
  },
  'same bytes written again after the endpoint was touched: a fleet may have loaded what was there in between': {
    o: observe({
      sources: { ...v1, newest: NOON - 5 * MINUTE },
      endpoint: { ...endpoint, lastModified: NOON - 10 * MINUTE },
      state: { ...quiet, settling: seen('v1', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
  },
  'the endpoint was touched, and nothing was written since: served': {
    o: observe({ sources: v1, endpoint: { ...endpoint, lastModified: NOON - 10 * MINUTE }, state: quiet }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a fleet of which it is not known what it loaded serves nothing': {
    o: observe({
      sources: v1,
      state: { version: 1, serving: { ...onA, revision: undefined }, settling: seen('v1', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
  },
  // Deployments
  'a deployment moved the endpoint: it serves what the deployment loaded': {
    o: observe({ state: { ...quiet, deployment } }),
    next: { kind: 'done', reason: 'Serving' },
    state: { version: 1, serving: { ...onA, revision: 'v2', newestSource: v2.newest } },
    events: [{ type: 'deployed', revision: 'v2', slot: 'a', configName: 'config-a' }],
  },
  'a first deployment is on record: nothing to swap': {
    o: observe({ state: { version: 1, deployment: { ...deployment, configName: undefined } } }),
    next: { kind: 'done', reason: 'Serving' },
    state: { version: 1, serving: { ...onA, revision: 'v2', newestSource: v2.newest } },
    events: [{ type: 'deployed', revision: 'v2', slot: 'a', configName: 'config-a' }],
  },
  'written again while the deployment loaded it: it is not known what it serves': {
    o: observe({
      state: { version: 1, deployment, settling: seen('v2', 2 * MINUTE) },
      sources: { ...v2, newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: v2.newest },
      settling: seen('v2', 2 * MINUTE),
    },
  },
  'uploaded while the deployment ran: swapped in afterwards': {
    o: observe({
      state: { version: 1, deployment, settling: seen('v3', 2 * MINUTE) },
      sources: { ...v2, revision: 'v3', newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: v2.newest },
      settling: seen('v3', 2 * MINUTE),
    },
  },
  'a deployment could not read what it loaded: swapped once more': {
    o: observe({
      state: { version: 1, deployment: { configName: 'config-b', newestSource: 0 }, settling: seen('v2', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: 0 },
      settling: seen('v2', 2 * MINUTE),
    },
  },
  'a deployment is let through but has not moved the endpoint yet: what was served still is': {
    o: observe({
      state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } },
      sources: v1,
      stack: deploying,
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a deployment ended without moving the endpoint: forgotten': {
    o: observe({ state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } }, sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  'whether a deployment still runs is asked before it is forgotten': {
    o: observe({ state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } }, stack: undefined }),
    next: { kind: 'observe', what: 'stack' },
  },
  // Contract 9: unknown config
  'moved by hand, stack idle: waits for what may explain it': {
    o: observe({ endpoint: { ...endpoint, configName: 'mine' } }),
    next: { kind: 'requeue', reason: 'UnknownConfig', seconds: 30 },
    state: { ...servedV1, unknownConfigSince: NOON },
  },
  'moved by hand, stack deploying: wait': {
    o: observe({ endpoint: { ...endpoint, configName: 'mine' }, stack: deploying }),
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'moved by hand for five minutes: a clear error': {
    o: observe({
      endpoint: { ...endpoint, configName: 'mine' },
      state: { ...servedV1, unknownConfigSince: NOON - 5 * MINUTE },
    }),
    next: {
      kind: 'stalled',
      reason: 'UnknownConfig',
      message:
        'endpoint Iris runs endpoint config mine, expected config-a or config-b. Move it back with UpdateEndpoint, or deploy the stack with a changed setting.',
    },
  },
  'moved by hand and back: forgotten': {
    o: observe({ sources: v1, state: { ...quiet, unknownConfigSince: NOON - MINUTE } }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  // Contract 5: success and refusals
  'InService on the requested config: success': {
    o: { ...withIntent(accepted, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'done', reason: 'Serving' },
    state: quietOnB,
    events: [succeeded],
  },
  'upload during the update: success, then the newer one settles': {
    o: { ...withIntent(accepted, { configName: 'config-b', ...afterUpdate }), sources: { ...v2, revision: 'v3' } },
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { version: 1, serving: { ...onB, revision: undefined }, settling: seen('v3', 0) },
    events: [succeeded],
  },
  'written again during the update: success, and the fleet may hold what was there in between': {
    o: {
      ...withIntent(accepted, { configName: 'config-b', ...afterUpdate }),
      sources: { ...v2, newest: NOON - 2 * MINUTE },
    },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { version: 1, serving: { ...onB, revision: undefined }, settling: seen('v2', 0) },
    events: [succeeded],
  },
  'an update that ended is concluded with the sources in sight': {
    o: { ...withIntent(accepted, { configName: 'config-b', ...afterUpdate }), sources: undefined },
    next: { kind: 'observe', what: 'sources' },
  },
  'two uploads during the update: the last one alone is swapped in': {
    o: observe({
      state: { ...quietOnB, settling: seen('v4', MINUTE) },
      endpoint: { ...endpoint, configName: 'config-b', ...afterUpdate },
      sources: { ...v2, revision: 'v4', newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap', updating: expect.objectContaining({ slot: 'a', revision: 'v4' }) },
  },
  'refused with a reason: quarantined at once': {
    o: withIntent(accepted, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined', message: ping },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, retried: false }],
  },
  'upload during an update that is refused with a reason: nobody knows whose fault it was, the newer one settles': {
    o: { ...withIntent(accepted, { ...afterUpdate, failureReason: ping }), sources: { ...v2, revision: 'v3' } },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { ...stillOnA(quiet), settling: seen('v3', 0) },
    events: [{ ...refused, message: ping, retried: true }],
  },
  'refused with the same reason as the refusal before: quarantined at once': {
    o: withIntent({ ...accepted, failureReasonBefore: ping }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, retried: false }],
  },
  'refused without a reason: tried again': {
    o: withIntent(accepted, afterUpdate),
    next: { kind: 'swap' },
    state: { ...servedV1, retries: { revision: 'v2', count: 1 } },
    events: [
      {
        ...refused,
        message: 'SageMaker went back to the old endpoint config without giving a reason',
        retried: true,
      },
    ],
  },
  'refused for an internal error: tried again': {
    o: withIntent(accepted, { ...afterUpdate, failureReason: internal }),
    next: { kind: 'swap' },
    state: { ...stillOnA(servedV1), retries: { revision: 'v2', count: 1 } },
    events: [{ ...refused, message: internal, retried: true }],
  },
  'refused without a judgement the second time: tried again': {
    o: withIntent(accepted, afterUpdate, { ...servedV1, retries: { revision: 'v2', count: 1 } }),
    next: { kind: 'swap' },
    state: { ...servedV1, retries: { revision: 'v2', count: 2 } },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'refused without a judgement the third time: quarantined': {
    o: withIntent(
      accepted,
      { ...afterUpdate, failureReason: internal },
      { ...servedV1, retries: { revision: 'v2', count: 2 } },
    ),
    next: { kind: 'done', reason: 'Quarantined' },
    state: {
      ...stillOnA(quiet),
      quarantine: [{ revision: 'v2', at: NOON, message: `${internal} (3 tries)` }],
    },
    events: [{ ...refused, message: `${internal} (3 tries)`, retried: false }],
  },
  'the tries of another revision do not count': {
    o: withIntent(accepted, afterUpdate, { ...servedV1, retries: { revision: 'v0', count: 2 } }),
    next: { kind: 'swap' },
    state: { ...servedV1, retries: { revision: 'v2', count: 1 } },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'repeated bytes after a refused update: served still': {
    o: observe({
      state: stillOnA(quiet),
      endpoint: { ...endpoint, ...afterUpdate, failureReason: ping },
      sources: { ...v1, newest: NOON - 1000 },
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'touched by somebody else before the refused update: who knows what its instances loaded': {
    o: withIntent(
      { ...accepted, endpointModified: endpoint.lastModified + 1 },
      { ...afterUpdate, failureReason: ping },
    ),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...quiet, quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, retried: false }],
  },
  // Contract 7: crashes around UpdateEndpoint
  'an intent just written: its writer may be about to call, so nobody takes it away': {
    o: withIntent({ ...updating, at: NOON - MINUTE }, {}),
    next: { kind: 'requeue', reason: 'EndpointBusy', message: 'a refresh is about to begin' },
  },
  'an intent just written, and refused already: concluded': {
    o: withIntent({ ...updating, at: NOON - MINUTE }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, retried: false }],
  },
  'crash before the call: decided anew': {
    o: withIntent(updating, {}),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
    state: servedV1,
  },
  'crash before the call, newer upload since: the new intent knows that the fleet may be the old one’s': {
    o: {
      ...withIntent(updating, {}, { ...quiet, settling: seen('v3', 2 * MINUTE) }),
      sources: { ...v2, revision: 'v3' },
    },
    next: { kind: 'swap', updating: { ...updating, revision: 'v3', at: NOON, ambiguous: true } } as Next,
    state: { ...quiet, settling: seen('v3', 2 * MINUTE) },
  },
  'crash before the call, capacity changed since: not a refusal': {
    o: withIntent(updating, afterUpdate),
    next: { kind: 'swap' },
    state: servedV1,
  },
  'crash before the call, an old FailureReason still shown: not a refusal': {
    o: withIntent({ ...updating, failureReasonBefore: ping }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'swap' },
    state: servedV1,
  },
  'crash after the call, update under way: adopted': {
    o: withIntent(updating, { status: 'Updating', pendingConfigName: 'config-b', ...afterUpdate }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
    state: { ...servedV1, updating: accepted },
    events: [{ type: 'started', revision: 'v2', slot: 'b', configName: 'config-b' }],
  },
  'crash before the call, a capacity update under way: not adopted': {
    o: withIntent(updating, { status: 'Updating', ...afterUpdate }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'crash after the call, found served: success': {
    o: { ...withIntent(updating, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'done', reason: 'Serving' },
    state: quietOnB,
    events: [succeeded],
  },
  'crash after the call, found refused with a reason: quarantined': {
    o: withIntent(updating, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, retried: false }],
  },
  'an ambiguous intent that is found served: it is not known which bytes, so once more': {
    o: { ...withIntent({ ...updating, ambiguous: true }, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { version: 1, serving: { ...onB, revision: undefined }, settling: seen('v2', 0) },
    events: [succeeded],
  },
  'accepted, but DescribeEndpoint is stale: wait': {
    o: withIntent({ ...accepted, at: NOON - MINUTE }, {}),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'accepted, and DescribeEndpoint shows nothing for five minutes: refused without a reason': {
    o: withIntent(accepted, {}),
    next: { kind: 'swap' },
    state: { ...servedV1, retries: { revision: 'v2', count: 1 } },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'update still running: the intent stays': {
    o: withIntent(accepted, { status: 'Updating', pendingConfigName: 'config-b' }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
  },
  'a deployment gave the slots other configs: the intent is forgotten': {
    o: {
      ...withIntent(accepted, { configName: 'config-a2' }),
      spec: { ...spec, configs: { a: 'config-a2', b: 'config-b2' } },
    },
    next: { kind: 'swap', updating: { ...updating, configName: 'config-b2', at: NOON } } as Next,
    state: servedV1,
  },
};

describe('decide', () => {
  test.each(Object.entries(situations))('%s', (_, { o, next, state, events }) => {
    const decision = decide(o);
    expect(decision.next).toMatchObject(next);
    // Whose intent it was, and since when, is looked at in a test of its own.
    expect(decision.events.map(({ trigger: _, startedAt: __, ...rest }) => rest)).toEqual(events ?? []);
    if (state) expect(decision.state).toEqual(state);
    else expect(decision.state).toBe(o.state);
  });

  test('tells of each outcome what set it off, and since when', () => {
    const failed = withIntent({ ...accepted, trigger: 'pin' }, { ...afterUpdate, failureReason: ping });
    expect(decide(failed).events).toMatchObject([{ type: 'refused', trigger: 'pin', startedAt: accepted.at }]);
  });

  test('never swaps while the endpoint has any status but InService', () => {
    const statuses: EndpointStatus[] = [
      'OutOfService',
      'Creating',
      'Updating',
      'SystemUpdating',
      'RollingBack',
      'Deleting',
      'Failed',
      'UpdateRollbackFailed',
    ];
    for (const status of statuses) expect(decide(busy(status)).next.kind, status).not.toBe('swap');
  });

  test('is pure: the observation is not touched', () => {
    const o = withIntent(accepted, { ...afterUpdate, failureReason: ping });
    const before = structuredClone(o);
    decide(o);
    expect(o).toEqual(before);
  });
});

describe('state', () => {
  test('a quarantine of any length and with any reasons fits an SSM parameter of 4 KB', () => {
    let state: EndpointState = servedV1;
    for (let i = 0; i < 100; i++)
      state = quarantine(state, { revision: `${i}`.padStart(64, '0'), at: NOON, message: 'x'.repeat(2000) });
    const full: EndpointState = {
      ...state,
      updating: { ...accepted, failureReasonBefore: 'x'.repeat(300), revision: 'f'.repeat(64) },
    };
    expect(JSON.stringify(full).length).toBeLessThan(4096);
    expect(state.quarantine?.[0]?.revision).toBe('99'.padStart(64, '0'));
    expect(state.quarantine?.length).toBeGreaterThanOrEqual(10);
  });

  test('a revision quarantined again stands once, with the newest reason', () => {
    const state = [1, 2].reduce(
      (before, at) => quarantine(before, { revision: 'v2', at, message: `the ${at}.` }),
      servedV1,
    );
    expect(state.quarantine).toEqual([{ revision: 'v2', at: 2, message: 'the 2.' }]);
  });

  test.each(['', 'null', '[]', '{"version":2}', '{'])('what is no state is not taken for one: %j', (value) => {
    expect(() => parseState(value)).toThrow();
  });
});
