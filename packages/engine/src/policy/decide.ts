import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import {
  type Conclusion,
  conclude,
  isUnchanged,
  isUpdateImminent,
  MAX_ATTEMPTS,
  needsSmokeTests,
  ownsAllData,
  type RefreshEvent,
} from './conclude.ts';
import { type Next, pollSeconds, requeue, type Step } from './next.ts';
import type { EndpointStatus, EndpointView, Observation } from './observation.ts';
import { advanceRollout } from './refresh.ts';
import type { EndpointState, Serving } from './state.ts';

/** One decision: the state to record (the same object when nothing changed), what to tell, what to do next. */
export interface Decision extends Conclusion {
  readonly next: Next;
}

/** So long a config that is neither slot's may be a deployment's that isn't visible everywhere yet, in ms. */
export const UNKNOWN_CONFIG_GRACE_MS = 5 * 60_000;
/** Statuses in which something is under way, or no update is accepted. */
export const BUSY_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
  // Unverified whether UpdateEndpoint is accepted: contract 4 asks for InService.
  'OutOfService',
]);

/**
 * Contracts 2 to 5 and 9 as one pure function: what is now in, at most one action out.
 * Called again with more of the observation whenever it asks for it.
 */
export function decide(o: Observation): Decision {
  if (o.endpoint === 'gone') {
    return stay(o.state, { kind: 'done', reason: 'EndpointGone', message: `endpoint ${o.spec.endpointName} is gone` });
  }
  if (isUpdateImminent(o.now, o.spec, o.state, o.endpoint)) {
    return stay(o.state, { kind: 'requeue', reason: 'EndpointBusy', message: 'a refresh is about to begin' });
  }
  if (o.state.updating && o.endpoint.status === 'InService' && !o.sources) {
    return stay(o.state, { kind: 'observe', what: 'sources' });
  }
  if (needsSmokeTests(o.spec, o.state, o.endpoint)) {
    const more = testing(o);
    if (more) return stay(o.state, more);
  }
  const { state, events, stale } = conclude(
    o.now,
    o.spec,
    o.state,
    o.endpoint,
    o.sources,
    o.state.updating?.verdict ?? o.tests,
  );
  const then = next(o, o.endpoint, state, stale === true);
  return { state: then.state ?? state, events: then.events ? [...events, ...then.events] : events, next: then.next };
}

/** What is to be done until the smoke tests have an answer; undefined once they have, or don't get one. */
function testing({ spec, state, tests }: Observation): Next | undefined {
  if (state.updating?.verdict) return undefined;
  const tried = state.updating?.testAttempts ?? 0;
  if (!tests) return { kind: 'test', nth: tried + 1 };
  if (tests.kind !== 'unanswered' || tried >= MAX_ATTEMPTS) return undefined;
  return { kind: 'requeue', reason: 'Testing', message: tests.message, seconds: pollSeconds(spec) };
}

function next(o: Observation, endpoint: EndpointView, state: EndpointState, stale: boolean): Step {
  if (stale) return busy(o, 'UpdateEndpoint was accepted but is not visible yet');
  if (BUSY_STATUSES.has(endpoint.status)) return busy(o, `endpoint is ${endpoint.status}`);
  if (endpoint.status !== 'InService') return stuck(o, endpoint);
  const active = activeSlot(o.spec, endpoint.configName);
  if (!active) return unknownConfig(o, endpoint, state);
  const known = state.unknownConfigSince === undefined ? state : { ...state, unknownConfigSince: undefined };

  const { deployment } = known;
  if (!deployment) return advanceRollout(o, endpoint, known, active);
  const another = deployment.endpointCreated !== undefined && deployment.endpointCreated !== endpoint.created;
  if (another || deployment.configName !== endpoint.configName) {
    // The deployment moved the endpoint, and its fleet loaded what was there then: what was prepared, if it still is.
    if (!o.sources) return { next: { kind: 'observe', what: 'sources' } };
    const { newestSource, size } = deployment;
    const isSure = ownsAllData(o.spec) || isUnchanged(deployment, o.sources);
    const revision = isSure ? deployment.revision : undefined;
    const serving: Serving = {
      configName: endpoint.configName,
      revision,
      newestSource,
      since: endpoint.lastModified,
      ...(size !== undefined && { size }),
    };
    const step = advanceRollout(o, endpoint, { ...known, deployment: undefined, serving }, active);
    // Told once it is on record.
    if (revision === undefined || step.next.kind === 'observe' || !step.state) return step;
    const deployed: RefreshEvent = { type: 'deployed', revision, slot: active, configName: endpoint.configName };
    return { ...step, events: [deployed, ...(step.events ?? [])] };
  }
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  // The deployment is over and did not move the endpoint: what it would have loaded no longer matters.
  return advanceRollout(
    o,
    endpoint,
    o.stack.kind === 'deploying' ? known : { ...known, deployment: undefined },
    active,
  );
}

/** Contract 9: no swap from a config that isn't ours. */
function unknownConfig(o: Observation, endpoint: EndpointView, state: EndpointState): Step {
  const message = `endpoint ${o.spec.endpointName} runs endpoint config ${endpoint.configName}, expected ${o.spec.configs.a} or ${o.spec.configs.b}`;
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  if (o.stack.kind === 'deploying')
    return requeue('StackBusy', `${message}; stack is ${o.stack.status}`, pollSeconds(o.spec));
  const since = state.unknownConfigSince ?? o.now;
  if (o.now - since < UNKNOWN_CONFIG_GRACE_MS) {
    return {
      ...requeue('UnknownConfig', message, pollSeconds(o.spec)),
      state: { ...state, unknownConfigSince: since },
    };
  }
  const todo = 'Move it back with UpdateEndpoint, or deploy the stack with a changed setting';
  return { next: { kind: 'stalled', reason: 'UnknownConfig', message: `${message}. ${todo}.` } };
}

/** Failed, UpdateRollbackFailed: SageMaker takes no update, or it isn't known what one would do. */
function stuck(o: Observation, endpoint: EndpointView): Step {
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  const message = `endpoint is ${endpoint.status}: ${endpoint.failureReason ?? 'no FailureReason'}`;
  if (o.stack.kind === 'deploying')
    return requeue('StackBusy', `${message}; stack is ${o.stack.status}`, pollSeconds(o.spec));
  const todo =
    endpoint.status === 'Failed'
      ? 'Delete the endpoint and deploy the stack again'
      : 'Bring it back to one endpoint config by hand';
  return { next: { kind: 'stalled', reason: 'EndpointFailed', message: `${message}. ${todo}.` } };
}

/** The slot whose config this is. */
export function activeSlot(spec: EndpointSpec, configName: string): Slot | undefined {
  if (configName === spec.configs.a) return 'a';
  if (configName === spec.configs.b) return 'b';
  return undefined;
}

/** Nothing can be done while somebody is at work on the endpoint. */
function busy(o: Observation, message: string): Step {
  return requeue('EndpointBusy', message, pollSeconds(o.spec));
}

function stay(state: EndpointState, then: Next): Decision {
  return { state, events: [] as readonly RefreshEvent[], next: then };
}
