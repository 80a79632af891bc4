import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointView, Observation, SourcesView } from '../../src/policy/observation.ts';
import type { Settling, Testing, Updating } from '../../src/policy/rollout.ts';
import type { EndpointState, Serving } from '../../src/policy/state.ts';

/** Noon: "now" in every situation. */
export const NOON = Date.UTC(2026, 0, 1, 12);
export const MINUTE = 60_000;

export const spec: EndpointSpec = {
  version: 1,
  endpointName: 'Iris',
  stackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/Iris/1',
  store: { bucket: 'data', prefix: 'Iris/Endpoint/' },
  configs: { a: 'config-a', b: 'config-b' },
  sources: [{ bucket: 'models', key: 'model.tar.gz' }],
  waitTime: 60,
  retainAllVariantProperties: true,
  retainDeploymentConfig: true,
};

/** In service on A since 11:00, serving revision v1 of 10:00. */
export const endpoint: EndpointView = {
  status: 'InService',
  configName: 'config-a',
  created: NOON - 60 * MINUTE,
  lastModified: NOON - 60 * MINUTE,
};

type Complete = SourcesView & { kind: 'complete' };

const file = { bucket: 'models', key: 'model.tar.gz', size: 4_000_000 };

export const v1: Complete = {
  kind: 'complete',
  revision: 'v1',
  newest: NOON - 120 * MINUTE,
  objects: 1,
  size: file.size,
  files: [{ ...file, etag: 'e1' }],
};
/** Uploaded at 11:50: settled. */
export const v2: Complete = {
  ...v1,
  revision: 'v2',
  newest: NOON - 10 * MINUTE,
  files: [{ ...file, etag: 'e2' }],
};

export const onA: Serving = {
  configName: 'config-a',
  revision: 'v1',
  newestSource: v1.newest,
  since: endpoint.lastModified,
};

/** Seen `ago` ms before noon, in a stream of uploads that began `streamAgo` ms before noon. */
export const settling = (revision: string, ago: number, streamAgo = ago): Settling => ({
  phase: 'settling',
  revision,
  trigger: 'upload',
  seen: NOON - ago,
  since: NOON - streamAgo,
});

/** A serves v1, and nothing is rolled out. */
export const quiet: EndpointState = { version: 1, serving: onA };

/** A serves v1, and v2 was seen at 11:51. */
export const servedV1: EndpointState = {
  ...quiet,
  rollout: settling('v2', 9 * MINUTE),
};

/** Swaps to B with v2, recorded at 11:55, not known to be accepted. */
export const updating: Updating = {
  ...settling('v2', 9 * MINUTE),
  phase: 'updating',
  slot: 'b',
  configName: 'config-b',
  newestSource: v2.newest,
  size: v2.size,
  endpointModified: endpoint.lastModified,
  at: NOON - 5 * MINUTE,
};

export const accepted: Updating = { ...updating, accepted: true };

/** In the smoke tests after that update, sent `attempts` times; the last ones may be sent again from now on. */
export const testing = (attempts: number, change: Partial<Testing> = {}): Testing => ({
  ...accepted,
  phase: 'testing',
  attempts,
  nextTestAt: NOON,
  ...change,
});

/** An observation in which A serves v1, v2 is settled in S3 and nothing prevents a swap. */
export function observe(change: Partial<Observation> = {}): Observation {
  return {
    now: NOON,
    spec,
    state: servedV1,
    endpoint,
    sources: v2,
    stack: { kind: 'idle', status: 'UPDATE_COMPLETE' },
    check: { kind: 'passed', warnings: [] },
    ...change,
  };
}
