import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import {
  type Conclusion,
  conclude,
  isAboutToBegin,
  isToBeTested,
  isUntouched,
  ownsData,
  type Telling,
  TRIES,
} from './conclude.ts';
import { type Next, pollSeconds, type Step, wait } from './next.ts';
import type { EndpointStatus, EndpointView, Observation } from './observation.ts';
import { refresh } from './refresh.ts';
import type { EndpointState, Served } from './state.ts';

/** One decision: the state to record (the same object when nothing changed), what to tell, what to do next. */
export interface Decision extends Conclusion {
  readonly next: Next;
}

/** So long a config that is neither slot's may be a deployment's that isn't visible everywhere yet, in ms. */
export const UNKNOWN_FOR = 5 * 60_000;
/** Statuses in which something is under way, or no update is accepted. */
export const BUSY: ReadonlySet<EndpointStatus> = new Set([
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
    return stay(o.state, { kind: 'keep', because: 'endpoint-gone', detail: `endpoint ${o.spec.endpointName} is gone` });
  }
  if (isAboutToBegin(o.now, o.spec, o.state, o.endpoint)) {
    return stay(o.state, { kind: 'wait', because: 'endpoint-busy', detail: 'a refresh is about to begin' });
  }
  if (o.state.intent && o.endpoint.status === 'InService' && !o.sources) {
    return stay(o.state, { kind: 'observe', what: 'sources' });
  }
  if (isToBeTested(o.spec, o.state, o.endpoint)) {
    const more = testing(o);
    if (more) return stay(o.state, more);
  }
  const { state, tell, stale } = conclude(
    o.now,
    o.spec,
    o.state,
    o.endpoint,
    o.sources,
    o.state.intent?.verdict ?? o.tests,
  );
  const then = next(o, o.endpoint, state, stale === true);
  return { state: then.state ?? state, tell: then.tell ? [...tell, ...then.tell] : tell, next: then.next };
}

/** What is to be done until the smoke tests have an answer; undefined once they have, or don't get one. */
function testing({ spec, state, tests }: Observation): Next | undefined {
  if (state.intent?.verdict) return undefined;
  const tried = state.intent?.tests ?? 0;
  if (!tests) return { kind: 'test', nth: tried + 1 };
  if (tests.kind !== 'unanswered' || tried >= TRIES) return undefined;
  return { kind: 'wait', because: 'testing', detail: tests.reason, seconds: pollSeconds(spec) };
}

function next(o: Observation, endpoint: EndpointView, state: EndpointState, stale: boolean): Step {
  if (stale) return busy(o, 'UpdateEndpoint was accepted but is not visible yet');
  if (BUSY.has(endpoint.status)) return busy(o, `endpoint is ${endpoint.status}`);
  if (endpoint.status !== 'InService') return stuck(o, endpoint);
  const active = activeSlot(o.spec, endpoint.configName);
  if (!active) return unknownConfig(o, endpoint, state);
  const known = state.unknownSince === undefined ? state : { ...state, unknownSince: undefined };

  const { prepared } = known;
  if (!prepared) return refresh(o, endpoint, known, active);
  const another = prepared.endpointCreated !== undefined && prepared.endpointCreated !== endpoint.created;
  if (another || prepared.configName !== endpoint.configName) {
    // The deployment moved the endpoint, and its fleet loaded what was there then: what was prepared, if it still is.
    if (!o.sources) return { next: { kind: 'observe', what: 'sources' } };
    const { newestSource, size } = prepared;
    const isSure = ownsData(o.spec) || isUntouched(prepared, o.sources);
    const revision = isSure ? prepared.revision : undefined;
    const served: Served = {
      configName: endpoint.configName,
      revision,
      newestSource,
      since: endpoint.lastModified,
      ...(size !== undefined && { size }),
    };
    const step = refresh(o, endpoint, { ...known, prepared: undefined, served }, active);
    // Told once it is on record.
    if (revision === undefined || step.next.kind === 'observe' || !step.state) return step;
    const deployed: Telling = { what: 'deployed', revision, slot: active, configName: endpoint.configName };
    return { ...step, tell: [deployed, ...(step.tell ?? [])] };
  }
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  // The deployment is over and did not move the endpoint: what it would have loaded no longer matters.
  return refresh(o, endpoint, o.stack.kind === 'deploying' ? known : { ...known, prepared: undefined }, active);
}

/** Contract 9: no swap from a config that isn't ours. */
function unknownConfig(o: Observation, endpoint: EndpointView, state: EndpointState): Step {
  const detail = `endpoint ${o.spec.endpointName} runs endpoint config ${endpoint.configName}, expected ${o.spec.configs.a} or ${o.spec.configs.b}`;
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  if (o.stack.kind === 'deploying')
    return wait('stack-busy', `${detail}; stack is ${o.stack.status}`, pollSeconds(o.spec));
  const since = state.unknownSince ?? o.now;
  if (o.now - since < UNKNOWN_FOR) {
    return { ...wait('unknown-config', detail, pollSeconds(o.spec)), state: { ...state, unknownSince: since } };
  }
  const todo = 'Move it back with UpdateEndpoint, or deploy the stack with a changed setting';
  return { next: { kind: 'fail', because: 'unknown-config', detail: `${detail}. ${todo}.` } };
}

/** Failed, UpdateRollbackFailed: SageMaker takes no update, or it isn't known what one would do. */
function stuck(o: Observation, endpoint: EndpointView): Step {
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  const detail = `endpoint is ${endpoint.status}: ${endpoint.failureReason ?? 'no FailureReason'}`;
  if (o.stack.kind === 'deploying')
    return wait('stack-busy', `${detail}; stack is ${o.stack.status}`, pollSeconds(o.spec));
  const todo =
    endpoint.status === 'Failed'
      ? 'Delete the endpoint and deploy the stack again'
      : 'Bring it back to one endpoint config by hand';
  return { next: { kind: 'fail', because: 'endpoint-failed', detail: `${detail}. ${todo}.` } };
}

/** The slot whose config this is. */
export function activeSlot(spec: EndpointSpec, configName: string): Slot | undefined {
  if (configName === spec.configs.a) return 'a';
  if (configName === spec.configs.b) return 'b';
  return undefined;
}

/** Nothing can be done while somebody is at work on the endpoint. */
function busy(o: Observation, detail: string): Step {
  return wait('endpoint-busy', detail, pollSeconds(o.spec));
}

function stay(state: EndpointState, then: Next): Decision {
  return { state, tell: [] as readonly Telling[], next: then };
}
