import type { EndpointSpec, Slot } from '../../../cdk/src/private/contract.ts';
import { type Conclusion, conclude, isAboutToBegin, isUntouched, type Telling } from './conclude.ts';
import type { EndpointStatus, EndpointView, Observation, SourcesView } from './observation.ts';
import { cutReason, type EndpointState, type Intent, type Served } from './state.ts';

/** Why, in one word for logs and metrics. */
export type Because =
  | 'served'
  | 'quarantined'
  | 'endpoint-gone'
  | 'stack-gone'
  | 'settling'
  | 'endpoint-busy'
  | 'stack-busy'
  | 'held'
  | 'source-missing'
  | 'unknown-config'
  | 'endpoint-failed'
  | 'newer-revision';

/** What is to be done next, for the promise and the endpoint. */
export type Next =
  /** Look at this too, then decide again. */
  | { readonly kind: 'observe'; readonly what: 'sources' | 'stack' }
  /** The promise is kept: it leaves the queue. */
  | { readonly kind: 'keep'; readonly because: Because; readonly detail: string; readonly revision?: string }
  /** Not kept yet: back to the queue, visible again in `seconds`; without them, after a pause that grows. */
  | {
      readonly kind: 'wait';
      readonly because: Because;
      readonly detail: string;
      readonly seconds?: number;
      readonly revision?: string;
    }
  /** Write the intent, then UpdateEndpoint. */
  | { readonly kind: 'swap'; readonly because: Because; readonly intent: Intent }
  /** It can't be kept without a person: to the dead-letter queue, with the reason. */
  | { readonly kind: 'fail'; readonly because: Because; readonly detail: string };

/** One decision: the state to record (the same object when nothing changed), what to tell, what to do next. */
export interface Decision extends Conclusion {
  readonly next: Next;
}

/** While SageMaker or CloudFormation is at work: DescribeEndpoint every 5 s has been throttled, every 30 s is safe. */
export const POLL_SECONDS = 30;
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
  const { state, tell, stale } = conclude(o.now, o.spec, o.state, o.endpoint, o.sources);
  const then = next(o, o.endpoint, state, stale === true);
  return { state: then.state ?? state, tell, next: then.next };
}

type CompleteSources = SourcesView & { readonly kind: 'complete' };

type Step = { readonly next: Next; readonly state?: EndpointState };

function next(o: Observation, endpoint: EndpointView, state: EndpointState, stale: boolean): Step {
  if (stale) return busy(o, 'UpdateEndpoint was accepted but is not visible yet');
  if (BUSY.has(endpoint.status)) return busy(o, `endpoint is ${endpoint.status}`);
  if (endpoint.status !== 'InService') return stuck(o, endpoint);
  const active = activeSlot(o.spec, endpoint.configName);
  if (!active) return unknownConfig(o, endpoint, state);
  const known = state.unknownSince === undefined ? state : { ...state, unknownSince: undefined };

  const { prepared } = known;
  if (!prepared) return look(o, endpoint, known, active);
  const another = prepared.endpointCreated !== undefined && prepared.endpointCreated !== endpoint.created;
  if (another || prepared.configName !== endpoint.configName) {
    // The deployment moved the endpoint, and its fleet loaded what was there then: what was prepared, if it still is.
    if (!o.sources) return { next: { kind: 'observe', what: 'sources' } };
    const { newestSource } = prepared;
    const revision = isUntouched(prepared, o.sources) ? prepared.revision : undefined;
    const served = { configName: endpoint.configName, revision, newestSource, since: endpoint.lastModified };
    return look(o, endpoint, { ...known, prepared: undefined, served }, active);
  }
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  // The deployment is over and did not move the endpoint: what it would have loaded no longer matters.
  return look(o, endpoint, o.stack.kind === 'deploying' ? known : { ...known, prepared: undefined }, active);
}

function look(o: Observation, endpoint: EndpointView, state: EndpointState, active: Slot): Step {
  const { sources } = o;
  if (!sources) return { next: { kind: 'observe', what: 'sources' }, state };
  if (sources.kind === 'missing') {
    return {
      next: { kind: 'wait', because: 'source-missing', detail: `no object at ${sources.uris.join(', ')}` },
      state,
    };
  }
  const { revision } = sources;
  const settled = state.unsettled === undefined ? state : { ...state, unsettled: undefined };
  if (state.served?.configName === endpoint.configName && serves(state.served, sources, endpoint)) {
    return {
      next: { kind: 'keep', because: 'served', detail: `slot ${active.toUpperCase()} serves it`, revision },
      state: settled,
    };
  }
  const refused = state.quarantine?.find((entry) => entry.revision === revision);
  if (refused) {
    const detail = refused.reason ?? 'refused by the endpoint';
    return { next: { kind: 'keep', because: 'quarantined', detail, revision }, state: settled };
  }
  if (state.hold)
    return { next: { kind: 'wait', because: 'held', detail: `held by ${state.hold.by}`, revision }, state };
  return settle(o, endpoint, state, active, sources);
}

/** Contract 3. */
function settle(
  o: Observation,
  endpoint: EndpointView,
  state: EndpointState,
  active: Slot,
  sources: CompleteSources,
): Step {
  const { waitTime, maxWaitTime } = o.spec;
  const { revision, newest } = sources;
  const before = state.unsettled;
  // What was quiet for long enough, and was kept from being served by something else, ends the stream.
  const changed = newest > (before?.seen ?? 0) || before?.revision === revision ? newest : o.now;
  const isStream = before !== undefined && changed - before.seen < waitTime * 1000;
  const since = isStream ? before.since : o.now;
  const unsettled = before?.revision === revision ? before : { revision, seen: o.now, since };
  const left = Math.ceil(waitTime - (o.now - Math.max(newest, unsettled.seen)) / 1000);
  const isBounded = maxWaitTime !== undefined && isStream;
  const bound = isBounded ? Math.ceil(maxWaitTime - (o.now - unsettled.since) / 1000) : left;
  if (left > 0 && bound > 0) {
    // A clock ahead of S3's must not stretch the wait beyond waitTime at a time.
    const seconds = Math.min(left, bound, Math.max(1, waitTime));
    const detail = `newest source must be ${waitTime} s old`;
    return {
      next: { kind: 'wait', because: 'settling', detail, seconds, revision },
      state: unsettled === before ? state : { ...state, unsettled },
    };
  }
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  if (o.stack.kind === 'deploying') return wait('stack-busy', `stack is ${o.stack.status}`, pollSeconds(o.spec));
  if (o.stack.kind === 'gone') return { next: { kind: 'keep', because: 'stack-gone', detail: 'stack is gone' } };

  const slot: Slot = active === 'a' ? 'b' : 'a';
  const given = o.state.intent;
  const ambiguous = given?.slot === slot && !given.called && given.revision !== sources.revision ? true : undefined;
  const intent: Intent = {
    slot,
    configName: o.spec.configs[slot],
    revision: sources.revision,
    newestSource: sources.newest,
    endpointModified: endpoint.lastModified,
    reasonBefore: cutReason(endpoint.failureReason),
    at: o.now,
    ambiguous: given?.slot === slot && given.ambiguous && !given.called ? true : ambiguous,
  };
  return { next: { kind: 'swap', because: 'newer-revision', intent } };
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

/** Seconds until the next look while somebody is at work on the endpoint. */
export function pollSeconds(spec: EndpointSpec): number {
  return spec.pollInterval ?? POLL_SECONDS;
}

/** The slot whose config this is. */
export function activeSlot(spec: EndpointSpec, configName: string): Slot | undefined {
  if (configName === spec.configs.a) return 'a';
  if (configName === spec.configs.b) return 'b';
  return undefined;
}

/**
 * The same bytes, and no instance can have loaded others: where both the sources were written and the endpoint was
 * touched since (moved and moved back, rolled back, scaled), that isn't known.
 */
function serves(served: Served, sources: CompleteSources, endpoint: EndpointView): boolean {
  const isWritten = sources.newest > served.newestSource;
  const isTouched = endpoint.lastModified > served.since;
  return served.revision === sources.revision && !(isWritten && isTouched);
}

function busy(o: Observation, detail: string): Step {
  return wait('endpoint-busy', detail, pollSeconds(o.spec));
}

function wait(because: Because, detail: string, seconds: number): Step {
  return { next: { kind: 'wait', because, detail, seconds } };
}

function stay(state: EndpointState, then: Next): Decision {
  return { state, tell: [] as readonly Telling[], next: then };
}
