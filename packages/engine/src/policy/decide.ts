import { advanceRollout } from './advance.ts';
import type { Conclusion } from './conclusion.ts';
import { afterDeployment } from './deployed.ts';
import { BUSY_STATUSES, isOutdated, withMove, withTransition } from './endpoint-status.ts';
import {
  type Next,
  type NextStep,
  OUTDATED_SECONDS,
  observeFirst,
  pollSeconds,
  requeue,
  shortPollSeconds,
} from './next.ts';
import type { ExistingEndpoint, Observation } from './observation.ts';
import { noteUpcoming } from './phases/settling.ts';
import { needsSmokeTests, nextTest } from './phases/testing.ts';
import { conclude, isUpdateImminent } from './phases/updating.ts';
import { recordedUpdate } from './rollout.ts';
import { activeSlot } from './slots.ts';
import { type EndpointState, withUpcoming } from './state.ts';

/** One decision: the state to write (the same object when nothing changed), the events to publish, what to do next. */
export interface Decision extends Conclusion {
  readonly next: Next;
}

/** How long an unknown config may be a deployment's that is not visible everywhere yet, in ms. */
const UNKNOWN_CONFIG_GRACE_MS = 5 * 60_000;

/**
 * The controller's decision as one pure function: an observation in, at most one action out. It is called again with
 * more of the observation whenever it asks for it.
 */
export function decide(observation: Observation): Decision {
  const { spec, state, endpoint, sources } = observation;
  if (endpoint === 'gone') {
    const message = `Endpoint ${spec.endpointName} does not exist.`;
    return unchanged(state, { kind: 'done', reason: 'EndpointGone', message });
  }
  const o = { ...observation, endpoint };
  if (isOutdated(endpoint, state)) {
    const message = 'DescribeEndpoint answered with an earlier state of the endpoint.';
    return unchanged(state, { kind: 'requeue', reason: 'EndpointBusy', message, seconds: OUTDATED_SECONDS });
  }
  if (isUpdateImminent(o)) {
    return unchanged(state, { kind: 'requeue', reason: 'EndpointBusy', message: 'A refresh is about to start.' });
  }
  const test = needsSmokeTests(o) ? nextTest(o) : undefined;
  // The sources may take as long to read as a pass has. Whether they have something newer matters for later tests only.
  if (test?.kind === 'test' && test.attempt === 1) return unchanged(state, test);
  if (recordedUpdate(state) && endpoint.status === 'InService' && !sources) {
    return unchanged(state, { kind: 'observe', what: 'sources' });
  }
  if (test) return unchanged(state, test);

  const { state: concluded, events, stale } = conclude(o);
  const step = stale ? unshown(o) : nextStep(o, concluded);
  return {
    state: step.state ?? concluded,
    events: step.events ? [...events, ...step.events] : events,
    next: step.next,
  };
}

/** The next step once no update is in progress any more, or its end cannot be seen yet. */
function nextStep(o: ExistingEndpoint, concluded: EndpointState): NextStep {
  const { spec, endpoint } = o;
  if (BUSY_STATUSES.has(endpoint.status)) return busy(o, concluded);
  if (endpoint.status !== 'InService') return failed(o);
  const state = withMove(withUpcoming(concluded), endpoint);
  const active = activeSlot(spec, endpoint.configName);
  if (!active) return unknownConfig(o, state);
  const known = state.unknownConfigSince === undefined ? state : { ...state, unknownConfigSince: undefined };
  const ready = { observation: o, state: known, active };
  return known.deployment ? afterDeployment(ready, known.deployment) : advanceRollout(ready);
}

/** The endpoint runs a config that is neither slot's: the controller never swaps away from it. */
function unknownConfig({ now, spec, endpoint, stack }: ExistingEndpoint, state: EndpointState): NextStep {
  const { endpointName, configs } = spec;
  const expected = `expected ${configs.a} or ${configs.b}`;
  const message = `Endpoint ${endpointName} runs endpoint config ${endpoint.configName}, ${expected}.`;
  if (!stack) return observeFirst('stack');
  if (stack.kind === 'deploying') {
    return requeue('StackBusy', `${message} The stack is ${stack.status}.`, shortPollSeconds(spec));
  }
  const since = state.unknownConfigSince ?? now;
  if (now - since < UNKNOWN_CONFIG_GRACE_MS) {
    return {
      ...requeue('UnknownConfig', message, shortPollSeconds(spec)),
      state: { ...state, unknownConfigSince: since },
    };
  }
  const todo = 'Move it back with UpdateEndpoint, or deploy the stack with a changed setting.';
  return { next: { kind: 'stalled', reason: 'UnknownConfig', message: `${message} ${todo}` } };
}

/** Failed or UpdateRollbackFailed: SageMaker accepts no update, or the effect of one is unknown. */
function failed({ spec, endpoint, stack }: ExistingEndpoint): NextStep {
  if (!stack) return observeFirst('stack');
  const failure = (endpoint.failureReason ?? 'no FailureReason').replace(/\.$/, '');
  const message = `The endpoint is ${endpoint.status}: ${failure}.`;
  if (stack.kind === 'deploying') {
    return requeue('StackBusy', `${message} The stack is ${stack.status}.`, shortPollSeconds(spec));
  }
  const todo =
    endpoint.status === 'Failed'
      ? 'Delete the endpoint and deploy the stack again.'
      : 'Restore a single endpoint config manually.';
  return { next: { kind: 'stalled', reason: 'EndpointFailed', message: `${message} ${todo}` } };
}

/** Waits for the event of the update's end. A request that comes until then may be for an upload. */
function busy(o: ExistingEndpoint, known: EndpointState): NextStep {
  const { spec, endpoint, sources, requestedAt } = o;
  const state = withTransition(known, endpoint);
  const step = { ...requeue('EndpointBusy', `The endpoint is ${endpoint.status}.`, pollSeconds(spec)), state };
  if (requestedAt === undefined) return step;
  if (!sources) return { ...observeFirst('sources'), state };
  return { ...step, state: noteUpcoming(o, sources, state) };
}

/** The update may have ended already: then no event follows. */
function unshown({ spec }: ExistingEndpoint): NextStep {
  const message = 'UpdateEndpoint was accepted, but DescribeEndpoint does not show it yet.';
  return requeue('EndpointBusy', message, shortPollSeconds(spec));
}

function unchanged(state: EndpointState, next: Next): Decision {
  return { state, events: [], next };
}
