import { describe, expect, test } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { Next } from '../../src/policy/next.ts';
import type { EndpointStatus, Observation } from '../../src/policy/observation.ts';
import type { Testing, Updating } from '../../src/policy/rollout.ts';
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
  settling,
  spec,
  testing,
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
  /** What is published. Default: nothing. */
  readonly events?: readonly object[];
}

const marker = (lastModified: number) => ({ uri: 's3://models/_SUCCESS', lastModified });
const partlyMissing = { kind: 'missing', uris: ['s3://models/b'], revision: 'v2', newest: v2.newest } as const;
const refusedUntried = (message: string) => ({
  next: { kind: 'done', reason: 'Quarantined', message } as const,
  events: [{ type: 'refused', revision: 'v2', slot: 'b', configName: 'config-b', message, retried: false } as const],
  state: { ...quiet, quarantine: [{ revision: 'v2', at: NOON, message }] },
});
const suspension = { by: 'ada', at: NOON - MINUTE };
const busy = (status: EndpointStatus, change = {}) => observe({ endpoint: { ...endpoint, status, ...change } });
const tested = {
  ...spec,
  data: { bucket: 'data', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] },
  smokeTests: [{ payload: '1', contentType: 'text/csv' }],
};
const withUpdate = (given: Updating | Testing, change: Partial<typeof endpoint>, state: EndpointState = servedV1) =>
  observe({ state: { ...state, rollout: given }, endpoint: { ...endpoint, ...change } });
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
/** A refused update touched the endpoint a minute ago, but not its fleet. */
const stillOnA = (state: EndpointState): EndpointState => ({ ...state, serving: { ...onA, since: NOON - MINUTE } });
/** What shows answers of DescribeEndpoint from before the update. */
const movedBack = { configName: 'config-a', endpointModified: NOON - MINUTE };
/** The newest source was as new when the active fleet was read. */
const stillOnAWith = (newestSource: number): EndpointState => ({ ...servedV1, serving: { ...onA, newestSource } });
const quietOnB: EndpointState = { version: 1, serving: onB };
const deployment = { configName: 'config-b', revision: 'v2', newestSource: v2.newest };
const succeeded = { type: 'succeeded', revision: 'v2', slot: 'b', configName: 'config-b', secondsFromUpload: 540 };
const silent = 'SageMaker rolled back to the previous endpoint config without giving a reason.';
const blameless = { revision: 'v2', at: NOON, stage: 'update', fault: 'sagemaker', message: internal } as const;
const unexplained = (attempts: number, minutes: number) =>
  ({
    revision: 'v2',
    attempts,
    unexplained: attempts,
    at: NOON,
    nextAt: NOON + minutes * MINUTE,
    stage: 'update',
    fault: 'unknown',
    message: silent,
  }) as const;
const untestedThenMovedOn = {
  next: { kind: 'requeue', reason: 'UnknownConfig' } as const,
  state: {
    ...quiet,
    stored: ['v2'],
    serving: { ...onB, since: NOON, untested: true as const },
    moved: { configName: 'config-x', endpointModified: NOON },
    unknownConfigSince: NOON,
  },
  events: [{ ...succeeded, secondsFromUpload: undefined, warning: 'Not tested: others have updated the endpoint.' }],
};
const refused = { type: 'refused', revision: 'v2', slot: 'b', configName: 'config-b' };

const situations: Record<string, Situation> = {
  // Conditions of a swap
  'a settled newer revision: swap': {
    o: observe(),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
  },
  'B is active: swap to A': {
    o: observe({ endpoint: { ...endpoint, configName: 'config-b' } }),
    next: { kind: 'swap', updating: { ...updating, slot: 'a', configName: 'config-a', at: NOON } } as Next,
    state: { ...servedV1, moved: { configName: 'config-b', endpointModified: endpoint.lastModified } },
  },
  'endpoint Creating: wait': { o: busy('Creating'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 } },
  'endpoint Updating: wait': { o: busy('Updating'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 } },
  'endpoint SystemUpdating: wait': {
    o: busy('SystemUpdating'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
  },
  'endpoint RollingBack: wait': {
    o: busy('RollingBack'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
  },
  'endpoint OutOfService: wait': {
    o: busy('OutOfService'),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
  },
  'endpoint Deleting: wait': { o: busy('Deleting'), next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 } },
  'endpoint Failed: stalled until a person acts': {
    o: busy('Failed', { failureReason: 'no capacity' }),
    next: {
      kind: 'stalled',
      reason: 'EndpointFailed',
      message: 'The endpoint is Failed: no capacity. Delete the endpoint and deploy the stack again.',
    },
  },
  'endpoint Failed while the stack is deploying: wait': {
    o: { ...busy('Failed'), stack: deploying },
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'endpoint UpdateRollbackFailed: stalled until a person acts': {
    o: busy('UpdateRollbackFailed'),
    next: { kind: 'stalled', reason: 'EndpointFailed' },
  },
  'endpoint gone: done': {
    o: observe({ endpoint: 'gone' }),
    next: { kind: 'done', reason: 'EndpointGone' },
  },
  'stack deploying: wait': {
    o: observe({ stack: deploying }),
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'stack gone: done': {
    o: observe({ stack: { kind: 'gone', status: 'DELETE_COMPLETE' } }),
    next: { kind: 'done', reason: 'StackGone' },
  },
  'all other conditions of a swap hold: observe the stack': {
    o: observe({ stack: undefined }),
    next: { kind: 'observe', what: 'stack' },
  },
  'endpoint in service: observe the sources': {
    o: observe({ sources: undefined }),
    next: { kind: 'observe', what: 'sources' },
  },
  'suspended by a person: requeue with a growing pause': {
    o: observe({ state: { ...servedV1, suspension } }),
    next: { kind: 'requeue', reason: 'Suspended', message: 'Suspended by ada.' },
  },
  'suspended by a person, but already serving: done': {
    o: observe({ state: { ...quiet, suspension }, sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a source is missing: requeue with a growing pause': {
    o: observe({ sources: { kind: 'missing', uris: ['s3://models/model.tar.gz'] } }),
    next: {
      kind: 'requeue',
      reason: 'SourceMissing',
      message: 'There is no object at s3://models/model.tar.gz.',
    },
  },
  'the same bytes uploaded again: already serving': {
    o: observe({ sources: { ...v1, newest: NOON - MINUTE } }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  'quarantined: done, with its message': {
    o: observe({ state: { ...servedV1, quarantine: [{ revision: 'v2', at: NOON, message: ping }] } }),
    next: { kind: 'done', reason: 'Quarantined', message: ping },
    state: { ...quiet, quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
  },
  'another revision is quarantined: swap': {
    o: observe({ state: { ...servedV1, quarantine: [{ revision: 'v3', at: NOON, message: ping }] } }),
    next: { kind: 'swap' },
  },
  // Settling
  'seen for the first time: waits for waitTime, however old LastModified is': {
    o: observe({ state: quiet }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, rollout: settling('v2', 0) },
  },
  'uploaded and seen 20 s ago: wait for another 40 s': {
    o: observe({ sources: { ...v2, newest: NOON - 20_000 }, state: { ...quiet, rollout: settling('v2', 20_000) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 40 },
  },
  'seen before it was uploaded (clock skew): the wait counts from the upload': {
    o: observe({ sources: { ...v2, newest: NOON - 20_000 } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 40 },
  },
  'another file of the upload: the wait starts again': {
    o: observe({ state: { ...quiet, rollout: settling('v1.5', 50_000) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, rollout: settling('v2', 0, 50_000) },
  },
  'exactly waitTime old: settled': {
    o: observe({ sources: { ...v2, newest: NOON - MINUTE }, state: { ...quiet, rollout: settling('v2', MINUTE) } }),
    next: { kind: 'swap' },
  },
  'exactly waitTime old, but read before smoke tests of ten seconds: not settled': {
    o: observe({ readAt: NOON - 10_000, state: { ...quiet, rollout: settling('v2', MINUTE) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 10 },
  },
  'a fraction of a second left: the pause is never 0': {
    o: observe({ state: { ...quiet, rollout: settling('v2', 59_900) } }),
    next: { kind: 'requeue', seconds: 1 },
  },
  'no marker: settled, but not swapped': {
    o: observe({ sources: { ...v2, marker: { uri: 's3://models/_SUCCESS' } } }),
    next: {
      kind: 'requeue',
      reason: 'MarkerMissing',
      message: 'There is no marker at s3://models/_SUCCESS. Upload it after the other objects.',
    },
  },
  'the marker of the upload before: settled, but not swapped': {
    o: observe({ sources: { ...v2, marker: marker(v2.newest - 1) } }),
    next: {
      kind: 'requeue',
      reason: 'MarkerMissing',
      message: 'The marker s3://models/_SUCCESS is older than the newest source. Upload it after the others.',
    },
  },
  'the marker as new as the newest source: swap': {
    o: observe({ sources: { ...v2, marker: marker(v2.newest) } }),
    next: { kind: 'swap' },
  },
  'the marker of an upload that has not settled: waits for waitTime': {
    o: observe({ sources: { ...v2, newest: NOON - 20_000, marker: marker(NOON - 10_000) } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 40 },
  },
  'no marker, and maxWaitTime is over: not swapped': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000, marker: marker(NOON - 20_000) },
      state: { ...quiet, rollout: settling('v1.9', 10_000, 300_000) },
    }),
    next: { kind: 'requeue', reason: 'MarkerMissing' },
    state: { ...quiet, rollout: settling('v2', 0, 300_000) },
  },
  'some sources are missing, and the marker: not quarantined': {
    o: observe({ sources: { ...partlyMissing, marker: marker(v1.newest) } }),
    next: { kind: 'requeue', reason: 'MarkerMissing' },
  },
  'some sources are missing in spite of the marker: quarantined': {
    o: observe({ sources: { ...partlyMissing, marker: marker(v2.newest) } }),
    ...refusedUntried('1 of 1 sources is missing: there is no object at s3://models/b. Upload the missing objects.'),
  },
  'the marker was written during a listing of several passes: list again': {
    o: observe({ sources: { ...v2, resumed: { since: NOON - 5_000 }, marker: marker(NOON - 1000) } }),
    next: { kind: 'requeue', reason: 'MarkerMissing' },
  },
  'no package is approved, and nothing else is there: not quarantined': {
    o: observe({ sources: { kind: 'missing', uris: ['model-package-group/iris'] } }),
    next: {
      kind: 'requeue',
      reason: 'SourceMissing',
      message: 'There is no approved package in model-package-group/iris: approve one.',
    },
  },
  'a pointer that names nothing: quarantined with what is wrong with it': {
    o: observe({ sources: { ...partlyMissing, uris: [], faults: ['The pointer s3://models/p contains "x".'] } }),
    ...refusedUntried('The pointer s3://models/p contains "x".'),
  },
  'uploaded in the future (clock skew): each pause is at most waitTime': {
    o: observe({ sources: { ...v2, newest: NOON + 30_000 } }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
  },
  'waitTime 0: swap at once': {
    o: observe({ spec: { ...spec, waitTime: 0 }, sources: { ...v2, newest: NOON }, state: quiet }),
    next: { kind: 'swap' },
    state: { ...quiet, rollout: settling('v2', 0) },
  },
  'endless uploads: the pause ends with maxWaitTime': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, rollout: settling('v1.9', 10_000, 280_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 20 },
    state: { ...quiet, rollout: settling('v2', 0, 280_000) },
  },
  'endless uploads: after maxWaitTime, swap unsettled': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, rollout: settling('v1.9', 10_000, 300_000) },
    }),
    next: { kind: 'swap' },
    state: { ...quiet, rollout: settling('v2', 0, 300_000) },
  },
  'endless uploads that S3 dates by their start: each pass finds another one, and the stream goes on': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 120_000 },
      state: { ...quiet, rollout: settling('v1.9', 61_000, 280_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 20 },
    state: { ...quiet, rollout: settling('v2', 0, 280_000) },
  },
  'endless uploads, found by a listing of several passes: the stream goes on': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 120_000, resumed: { since: NOON - 40_000 } },
      state: { ...quiet, rollout: settling('v1.9', 101_000, 280_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 20 },
    state: { ...quiet, rollout: settling('v2', 0, 280_000) },
  },
  'a pass that comes too late may have missed a quiet time: the stream ends': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 120_000 },
      state: { ...quiet, rollout: settling('v1.9', 75_000, 280_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, rollout: settling('v2', 0) },
  },
  'a listing of several passes that began too early: the wait counts until then': {
    o: observe({
      sources: { ...v2, resumed: { since: NOON - 40_000 } },
      state: { ...quiet, rollout: settling('v2', 70_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 30 },
  },
  'a settled revision that could not be swapped ends the stream: the next one settles on its own': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, rollout: settling('v1.9', 200_000, 400_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, rollout: settling('v2', 0) },
  },
  'a settled revision that could not be swapped loses a file (S3 has no time of that): the stream ends too': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      state: { ...quiet, rollout: settling('v1.9', 200_000, 400_000) },
      sources: { ...v2, newest: NOON - 600_000 },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { ...quiet, rollout: settling('v2', 0) },
  },
  'a settled revision that could not be swapped is written again: it settles again': {
    o: observe({
      spec: { ...spec, maxWaitTime: 300 },
      sources: { ...v2, newest: NOON - 10_000 },
      state: { ...quiet, rollout: settling('v2', 400_000) },
    }),
    next: { kind: 'requeue', reason: 'Settling', seconds: 50 },
  },
  'serving: the next stream counts maxWaitTime from its own start': {
    o: observe({ sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  // What the active fleet serves
  'never observed, no deployment on record: the loaded revision is unknown': {
    o: observe({ state: { version: 1, rollout: settling('v1', 2 * MINUTE) }, sources: v1 }),
    next: { kind: 'swap' },
  },
  'a record of another config does not count': {
    o: observe({
      spec: { ...spec, configs: { a: 'config-a2', b: 'config-b2' } },
      endpoint: { ...endpoint, configName: 'config-a2' },
      sources: v1,
      state: { ...quiet, rollout: settling('v1', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
    state: {
      ...quiet,
      rollout: settling('v1', 2 * MINUTE),
      moved: { configName: 'config-a2', endpointModified: endpoint.lastModified },
    },
  },
  'same bytes written again after the endpoint was touched: the fleet may have loaded other bytes in between': {
    o: observe({
      sources: { ...v1, newest: NOON - 5 * MINUTE },
      endpoint: { ...endpoint, lastModified: NOON - 10 * MINUTE },
      state: { ...quiet, rollout: settling('v1', 2 * MINUTE) },
    }),
    next: { kind: 'swap' },
  },
  'the endpoint was touched, and nothing was written since: serving': {
    o: observe({ sources: v1, endpoint: { ...endpoint, lastModified: NOON - 10 * MINUTE }, state: quiet }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a fleet with an unknown revision: swap': {
    o: observe({
      sources: v1,
      state: { version: 1, serving: { ...onA, revision: undefined }, rollout: settling('v1', 2 * MINUTE) },
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
  'a first deployment is on record: serving': {
    o: observe({ state: { version: 1, deployment: { ...deployment, configName: undefined } } }),
    next: { kind: 'done', reason: 'Serving' },
    state: { version: 1, serving: { ...onA, revision: 'v2', newestSource: v2.newest } },
    events: [{ type: 'deployed', revision: 'v2', slot: 'a', configName: 'config-a' }],
  },
  'written again while the deployment loaded it: the loaded revision is unknown': {
    o: observe({
      state: { version: 1, deployment, rollout: settling('v2', 2 * MINUTE) },
      sources: { ...v2, newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: v2.newest },
      rollout: settling('v2', 2 * MINUTE),
    },
  },
  'uploaded while the deployment ran: swap afterwards': {
    o: observe({
      state: { version: 1, deployment, rollout: settling('v3', 2 * MINUTE) },
      sources: { ...v2, revision: 'v3', newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: v2.newest },
      rollout: settling('v3', 2 * MINUTE),
    },
  },
  'a deployment could not read what it loaded: swap once more': {
    o: observe({
      state: {
        version: 1,
        deployment: { configName: 'config-b', newestSource: 0 },
        rollout: settling('v2', 2 * MINUTE),
      },
    }),
    next: { kind: 'swap' },
    state: {
      version: 1,
      serving: { ...onA, revision: undefined, newestSource: 0 },
      rollout: settling('v2', 2 * MINUTE),
    },
  },
  'an admitted deployment has not moved the endpoint yet: still serving': {
    o: observe({
      state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } },
      sources: v1,
      stack: deploying,
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'a deployment ended without moving the endpoint: removed from the state': {
    o: observe({ state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } }, sources: v1 }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  'moved to slot B by hand after a deployment that ended without moving the endpoint: not deployed': {
    o: observe({
      state: { ...quiet, deployment: { ...deployment, configName: 'mine' } },
      endpoint: { ...endpoint, configName: 'config-b' },
      sources: v1,
    }),
    next: { kind: 'requeue', reason: 'Settling', revision: 'v1' },
    state: {
      ...quiet,
      moved: { configName: 'config-b', endpointModified: endpoint.lastModified },
      rollout: settling('v1', 0),
    },
  },
  'a deployment may still run: observe the stack before removing it from the state': {
    o: observe({ state: { ...quiet, deployment: { ...deployment, configName: 'config-a' } }, stack: undefined }),
    next: { kind: 'observe', what: 'stack' },
  },
  // Unknown config
  'moved manually, stack idle: wait for an explanation': {
    o: observe({ endpoint: { ...endpoint, configName: 'mine' } }),
    next: { kind: 'requeue', reason: 'UnknownConfig', seconds: 30 },
    state: {
      ...servedV1,
      moved: { configName: 'mine', endpointModified: endpoint.lastModified },
      unknownConfigSince: NOON,
    },
  },
  'moved manually, stack deploying: wait': {
    o: observe({ endpoint: { ...endpoint, configName: 'mine' }, stack: deploying }),
    next: { kind: 'requeue', reason: 'StackBusy', seconds: 30 },
  },
  'moved manually five minutes ago: stalled, with a clear message': {
    o: observe({
      endpoint: { ...endpoint, configName: 'mine' },
      state: { ...servedV1, unknownConfigSince: NOON - 5 * MINUTE },
    }),
    next: {
      kind: 'stalled',
      reason: 'UnknownConfig',
      message:
        'Endpoint Iris runs endpoint config mine, expected config-a or config-b. ' +
        'Move it back with UpdateEndpoint, or deploy the stack with a changed setting.',
    },
  },
  'moved manually and back: removed from the state': {
    o: observe({ sources: v1, state: { ...quiet, unknownConfigSince: NOON - MINUTE } }),
    next: { kind: 'done', reason: 'Serving' },
    state: quiet,
  },
  'moved manually to the other slot: the move is recorded': {
    o: observe({ endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE }, sources: undefined }),
    next: { kind: 'observe', what: 'sources' },
    state: { ...servedV1, moved: { configName: 'config-b', endpointModified: NOON - MINUTE } },
  },
  'moved manually to the other slot, and DescribeEndpoint answers as before it: wait': {
    o: observe({ state: { ...servedV1, moved: { configName: 'config-b', endpointModified: NOON - MINUTE } } }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 5 },
  },
  'others update the endpoint: the update is recorded': {
    o: observe({ endpoint: { ...endpoint, status: 'Updating', lastModified: NOON - MINUTE }, sources: undefined }),
    next: { kind: 'requeue', reason: 'EndpointBusy' },
    state: { ...servedV1, moved: { configName: 'config-a', endpointModified: NOON - MINUTE } },
  },
  'others updated the endpoint, and DescribeEndpoint answers as before it: wait': {
    o: observe({ state: { ...servedV1, moved: { configName: 'config-a', endpointModified: NOON - MINUTE } } }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 5 },
  },
  'others update the endpoint once more: the later update is recorded': {
    o: observe({
      endpoint: { ...endpoint, status: 'Updating', configName: 'config-b', lastModified: NOON - 1000 },
      state: { ...servedV1, moved: { configName: 'config-b', endpointModified: NOON - MINUTE } },
      sources: undefined,
    }),
    next: { kind: 'requeue', reason: 'EndpointBusy' },
    state: { ...servedV1, moved: { configName: 'config-b', endpointModified: NOON - 1000 } },
  },
  // Successes and refusals
  'InService on the requested config: success': {
    o: { ...withUpdate(accepted, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'done', reason: 'Serving' },
    state: quietOnB,
    events: [succeeded],
  },
  'served before, and rolled out again: a success by which no upload is measured': {
    o: {
      ...withUpdate(accepted, { configName: 'config-b', ...afterUpdate }, stillOnAWith(v2.newest)),
      sources: v2,
    },
    next: { kind: 'done', reason: 'Serving' },
    state: quietOnB,
    events: [{ ...succeeded, secondsFromUpload: undefined }],
  },
  'upload during the update: success, then the newer revision settles': {
    o: { ...withUpdate(accepted, { configName: 'config-b', ...afterUpdate }), sources: { ...v2, revision: 'v3' } },
    next: { kind: 'requeue', reason: 'Settling', seconds: 60 },
    state: { version: 1, serving: { ...onB, revision: undefined }, rollout: settling('v3', 0) },
    events: [succeeded],
  },
  'written again during the update: success, but the loaded revision is unknown': {
    o: {
      ...withUpdate(accepted, { configName: 'config-b', ...afterUpdate }),
      sources: { ...v2, newest: NOON - 2 * MINUTE },
    },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { version: 1, serving: { ...onB, revision: undefined }, rollout: settling('v2', 0) },
    events: [succeeded],
  },
  'an update that ended: observe the sources before concluding it': {
    o: { ...withUpdate(accepted, { configName: 'config-b', ...afterUpdate }), sources: undefined },
    next: { kind: 'observe', what: 'sources' },
  },
  'two uploads during the update: swap to the last one only': {
    o: observe({
      state: { ...quietOnB, rollout: settling('v4', MINUTE) },
      endpoint: { ...endpoint, configName: 'config-b', ...afterUpdate },
      sources: { ...v2, revision: 'v4', newest: NOON - 2 * MINUTE },
    }),
    next: { kind: 'swap', updating: expect.objectContaining({ slot: 'a', revision: 'v4' }) },
  },
  'refused with a reason: quarantined at once': {
    o: withUpdate(accepted, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined', message: ping },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, fault: 'revision', retried: false }],
  },
  'upload during an update that is refused with a reason: either may be at fault, the newer one settles': {
    o: { ...withUpdate(accepted, { ...afterUpdate, failureReason: ping }), sources: { ...v2, revision: 'v3' } },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { ...stillOnA(quiet), rollout: settling('v3', 0) },
    events: [{ ...refused, message: ping, fault: 'revision', retried: true }],
  },
  'refused with the same reason as the previous refusal: quarantined at once': {
    o: withUpdate({ ...accepted, failureReasonBefore: ping }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, fault: 'revision', retried: false }],
  },
  'rolled back without a reason: tried again in ten minutes': {
    o: withUpdate(accepted, afterUpdate),
    next: { kind: 'requeue', reason: 'Retrying', seconds: 600 },
    state: { ...servedV1, moved: movedBack, retries: unexplained(1, 10) },
    events: [{ ...refused, message: silent, fault: 'unknown', retried: true }],
  },
  'rolled back for an internal error: tried again in a minute': {
    o: withUpdate(accepted, { ...afterUpdate, failureReason: internal }),
    next: { kind: 'requeue', reason: 'Retrying', seconds: 60 },
    state: { ...stillOnA(servedV1), retries: { ...blameless, attempts: 1, nextAt: NOON + MINUTE } },
    events: [{ ...refused, message: internal, fault: 'sagemaker', retried: true }],
  },
  'rolled back without a reason a second time: tried again in two hours': {
    o: withUpdate(accepted, afterUpdate, { ...servedV1, retries: unexplained(1, 0) }),
    next: { kind: 'requeue', reason: 'Retrying', seconds: 7200 },
    state: { ...servedV1, moved: movedBack, retries: unexplained(2, 120) },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'rolled back without a reason a third time: quarantined': {
    o: withUpdate(accepted, afterUpdate, { ...servedV1, retries: unexplained(2, 0) }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: {
      ...quiet,
      moved: movedBack,
      quarantine: [{ revision: 'v2', at: NOON, message: `${silent} (3 attempts)` }],
    },
    events: [{ ...refused, message: `${silent} (3 attempts)`, fault: 'unknown', retried: false }],
  },
  'rolled back for an internal error for the hundredth time: tried again in 45 minutes': {
    o: withUpdate(
      accepted,
      { ...afterUpdate, failureReason: internal },
      { ...servedV1, retries: { ...blameless, attempts: 99, nextAt: NOON } },
    ),
    next: { kind: 'requeue', reason: 'Retrying', seconds: 2700 },
    state: { ...stillOnA(servedV1), retries: { ...blameless, attempts: 100, nextAt: NOON + 45 * MINUTE } },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'attempts of another revision do not count': {
    o: withUpdate(accepted, afterUpdate, { ...servedV1, retries: { ...unexplained(2, 0), revision: 'v0' } }),
    next: { kind: 'requeue', reason: 'Retrying', seconds: 600 },
    state: { ...servedV1, moved: movedBack, retries: unexplained(1, 10) },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'the pause after a failed attempt is over: swap': {
    o: observe({ state: { ...servedV1, retries: { ...unexplained(1, 0), nextAt: NOON } } }),
    next: { kind: 'swap' },
  },
  'another revision after a failed attempt: swap at once': {
    o: observe({ state: { ...servedV1, retries: { ...unexplained(1, 10), revision: 'v0' } } }),
    next: { kind: 'swap' },
  },
  'DescribeEndpoint answers with what was before the last swap: asked again': {
    o: observe({ state: { ...servedV1, serving: { ...onB, since: NOON - 10_000 } } }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 5 },
  },
  'the same bytes uploaded again after a refused update: still serving': {
    o: observe({
      state: stillOnA(quiet),
      endpoint: { ...endpoint, ...afterUpdate, failureReason: ping },
      sources: { ...v1, newest: NOON - 1000 },
    }),
    next: { kind: 'done', reason: 'Serving' },
  },
  'touched by something else before the refused update: its instances may have loaded other bytes': {
    o: withUpdate(
      { ...accepted, endpointModified: endpoint.lastModified + 1 },
      { ...afterUpdate, failureReason: ping },
    ),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...quiet, quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, fault: 'revision', retried: false }],
  },
  // Crashes around UpdateEndpoint
  'an update just recorded: its pass may be about to call, so it stays recorded': {
    o: withUpdate({ ...updating, at: NOON - MINUTE }, {}),
    next: { kind: 'requeue', reason: 'EndpointBusy', message: 'A refresh is about to start.' },
  },
  'an update just recorded and already refused: concluded': {
    o: withUpdate({ ...updating, at: NOON - MINUTE }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, fault: 'revision', retried: false }],
  },
  'crash before the call: decided again': {
    o: withUpdate(updating, {}),
    next: { kind: 'swap', updating: { ...updating, at: NOON } } as Next,
    state: servedV1,
  },
  'crash before the call, newer upload since: the new update is ambiguous': {
    o: {
      ...withUpdate(updating, {}),
      spec: { ...spec, waitTime: 0 },
      sources: { ...v2, revision: 'v3' },
    },
    next: {
      kind: 'swap',
      updating: { ...updating, ...settling('v3', 0), phase: 'updating', at: NOON, ambiguous: true },
    } as Next,
    state: { ...quiet, rollout: settling('v3', 0) },
  },
  'crash before the call, capacity changed since: not a refusal': {
    o: withUpdate(updating, afterUpdate),
    next: { kind: 'swap' },
    state: servedV1,
  },
  'crash before the call, an old FailureReason still shown: not a refusal': {
    o: withUpdate({ ...updating, failureReasonBefore: ping }, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'swap' },
    state: servedV1,
  },
  'crash after the call, update in progress: adopted': {
    o: withUpdate(updating, { status: 'Updating', pendingConfigName: 'config-b', ...afterUpdate }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
    state: { ...servedV1, rollout: accepted },
    events: [{ type: 'started', revision: 'v2', slot: 'b', configName: 'config-b' }],
  },
  'crash before the call, a capacity update in progress: not adopted': {
    o: withUpdate(updating, { status: 'Updating', ...afterUpdate }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
  },
  'crash after the call, found serving: success': {
    o: { ...withUpdate(updating, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'done', reason: 'Serving' },
    state: quietOnB,
    events: [succeeded],
  },
  'crash after the call, found refused with a reason: quarantined': {
    o: withUpdate(updating, { ...afterUpdate, failureReason: ping }),
    next: { kind: 'done', reason: 'Quarantined' },
    state: { ...stillOnA(quiet), quarantine: [{ revision: 'v2', at: NOON, message: ping }] },
    events: [{ ...refused, message: ping, fault: 'revision', retried: false }],
  },
  'an ambiguous update found serving: the loaded revision is unknown, so swap once more': {
    o: { ...withUpdate({ ...updating, ambiguous: true }, { configName: 'config-b', ...afterUpdate }), sources: v2 },
    next: { kind: 'requeue', reason: 'Settling' },
    state: { version: 1, serving: { ...onB, revision: undefined }, rollout: settling('v2', 0) },
    events: [succeeded],
  },
  'accepted, but DescribeEndpoint is stale: wait': {
    o: withUpdate(accepted, {}),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 30 },
    state: { ...servedV1, rollout: { ...accepted, unshownSince: NOON } },
  },
  'accepted, and DescribeEndpoint shows nothing for five minutes: refused without a reason': {
    o: withUpdate({ ...accepted, unshownSince: NOON - 5 * MINUTE }, {}),
    next: { kind: 'requeue', reason: 'Retrying' },
    state: { ...servedV1, retries: unexplained(1, 10) },
    events: [expect.objectContaining({ type: 'refused', retried: true })],
  },
  'accepted, and DescribeEndpoint shows it again: the wait ends': {
    o: withUpdate({ ...accepted, unshownSince: NOON }, { status: 'Updating', pendingConfigName: 'config-b' }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
    state: { ...servedV1, rollout: accepted },
  },
  'update still running: it stays recorded': {
    o: withUpdate(accepted, { status: 'Updating', pendingConfigName: 'config-b' }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
  },
  'others update it before a pass saw the update end: it was in service on B': {
    o: withUpdate(accepted, { status: 'Updating', configName: 'config-b', lastModified: NOON }),
    next: { kind: 'requeue', reason: 'EndpointBusy', seconds: 300 },
    state: {
      ...servedV1,
      rollout: { ...accepted, reached: true },
      moved: { configName: 'config-b', endpointModified: NOON },
    },
  },
  'update and rollback have failed, with either config: that is no sign of service': {
    o: withUpdate(accepted, { status: 'UpdateRollbackFailed', configName: 'config-b', lastModified: NOON }),
    next: { kind: 'stalled', reason: 'EndpointFailed' },
  },
  'others have moved it on: a success, whose time was not seen': {
    o: withUpdate({ ...accepted, reached: true }, { configName: 'config-x', lastModified: NOON }),
    next: { kind: 'requeue', reason: 'UnknownConfig' },
    state: {
      ...quiet,
      serving: { ...onB, since: NOON },
      moved: { configName: 'config-x', endpointModified: NOON },
      unknownConfigSince: NOON,
    },
    events: [{ ...succeeded, secondsFromUpload: undefined }],
  },
  'others have moved it on before its smoke tests: a success that was not tested': {
    o: {
      ...withUpdate({ ...accepted, reached: true }, { configName: 'config-x', lastModified: NOON }),
      spec: tested,
    },
    ...untestedThenMovedOn,
  },
  'others have moved it on during its smoke tests: a success that was not tested': {
    o: {
      ...withUpdate(testing(1), { configName: 'config-x', lastModified: NOON }),
      spec: tested,
    },
    ...untestedThenMovedOn,
  },
  'a deployment replaced the configs of the slots: the update is removed from the state': {
    o: {
      ...withUpdate(accepted, { configName: 'config-a2' }),
      spec: { ...spec, configs: { a: 'config-a2', b: 'config-b2' } },
    },
    next: { kind: 'swap', updating: { ...updating, configName: 'config-b2', at: NOON } } as Next,
    state: { ...servedV1, moved: { configName: 'config-a2', endpointModified: endpoint.lastModified } },
  },
};

describe('decide', () => {
  test.each(Object.entries(situations))('%s', (_, { o, next, state, events }) => {
    const decision = decide(o);
    expect(decision.next).toMatchObject(next);
    // Trigger and start have a test of their own.
    expect(decision.events.map(({ trigger: _, startedAt: __, ...rest }) => rest)).toEqual(events ?? []);
    if (state) expect(decision.state).toEqual(state);
    else expect(decision.state).toBe(o.state);
  });

  test('publishes the trigger and the start of each refresh', () => {
    const failed = withUpdate({ ...accepted, trigger: 'pin' }, { ...afterUpdate, failureReason: ping });
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

  test('is pure: the observation stays unchanged', () => {
    const o = withUpdate(accepted, { ...afterUpdate, failureReason: ping });
    const before = structuredClone(o);
    decide(o);
    expect(o).toEqual(before);
  });
});

describe('state', () => {
  test('the quarantine remembers the newest hundred revisions, with their messages', () => {
    let state: EndpointState = servedV1;
    for (let n = 0; n < 150; n++) state = quarantine(state, { revision: `r${n}`, at: NOON, message: 'x'.repeat(2000) });
    expect(state.quarantine).toHaveLength(100);
    expect(state.quarantine?.[0]).toMatchObject({ revision: 'r149', message: 'x'.repeat(1000) });
    expect(state.quarantine?.at(-1)).toMatchObject({ revision: 'r50', message: 'x'.repeat(1000) });
  });

  test('a revision quarantined again has one entry, with the newest message', () => {
    const state = [1, 2].reduce(
      (before, at) => quarantine(before, { revision: 'v2', at, message: `the ${at}.` }),
      servedV1,
    );
    expect(state.quarantine).toEqual([{ revision: 'v2', at: 2, message: 'the 2.' }]);
  });

  test.each(['', 'null', '[]', '{"version":2}', '{'])('rejects a value that is not a state: %j', (value) => {
    expect(() => parseState(value)).toThrow();
  });
});
