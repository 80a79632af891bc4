import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import type { Conclusion } from '../conclusion.ts';
import { type Next, shortPollSeconds } from '../next.ts';
import type { ExistingEndpoint } from '../observation.ts';
import { eventSubject } from '../refresh-event.ts';
import { pauseMs } from '../retries.ts';
import { type RecordedUpdate, type Rollout, recordedUpdate } from '../rollout.ts';
import { withFleet, withServing } from '../serving.ts';
import { type EndpointState, quarantine, type Serving, servedRevision, withoutUpdate } from '../state.ts';
import { withSources } from '../target.ts';

/** Pauses after smoke tests that the model did not answer, in minutes. The last one repeats. */
const TEST_PAUSES_MINUTES = [0.5, 1, 2, 5, 10, 15];

/** Whether the update's revision has smoke tests to pass. */
export function hasSmokeTests({ data, smokeTests }: EndpointSpec, { trigger }: RecordedUpdate): boolean {
  return trigger === 'upload' && data !== undefined && (smokeTests?.length ?? 0) > 0;
}

/** Last phase: whether the update reached its config and the revision has smoke tests to pass now. */
export function needsSmokeTests({ spec, state, endpoint }: ExistingEndpoint): boolean {
  const update = isDeferred(state) ? undefined : recordedUpdate(state);
  if (!update || !hasSmokeTests(spec, update)) return false;
  const isReached = endpoint.status === 'InService' && endpoint.configName === update.configName;
  return isReached && spec.configs[update.slot] === update.configName;
}

/**
 * What to do until the smoke tests have a verdict; undefined once they have. Tests without an answer of the model are
 * sent again for as long as the revision is the newest: it serves meanwhile.
 */
export function nextTest(o: ExistingEndpoint): Next | undefined {
  const { now, spec, state } = o;
  const { rollout } = state;
  if (rollout?.phase === 'updating') return { kind: 'test', attempt: 1, update: rollout };
  if (rollout?.phase !== 'testing' || rollout.verdict) return undefined;
  const { unanswered, nextTestAt, attempts } = rollout;
  const leftMs = nextTestAt - now;
  // Tests whose lease has expired ended the function: they have no answer either.
  const hasNoAnswer = unanswered !== undefined || leftMs <= 0;
  if (hasNoAnswer && isSuperseded(o, rollout)) return undefined;
  if (leftMs <= 0) return { kind: 'test', attempt: attempts + 1, update: rollout };
  const left = Math.ceil(leftMs / 1000);
  // Another pass sends the tests, or was ended while it did.
  const seconds = unanswered === undefined ? Math.min(left, shortPollSeconds(spec)) : left;
  const running =
    attempts === 1
      ? 'The smoke tests are running.'
      : `The smoke tests are sent, attempt ${attempts}. Those before had no answer, or ended the function: see its log.`;
  return { kind: 'requeue', reason: 'Testing', message: unanswered ?? running, seconds };
}

/** Whether the tests are sent for the first time. */
export function isFirstTest(rollout: Rollout | undefined): boolean {
  return rollout?.phase === 'testing' && rollout.attempts === 1 && rollout.unanswered === undefined;
}

/** Whether the last tests have had no answer of the model: also those that ended the function. */
export function isUnanswered(rollout: Rollout | undefined, now: number): boolean {
  return rollout?.phase === 'testing' && (rollout.unanswered !== undefined || rollout.nextTestAt <= now);
}

/** Whether the tests wait for the end of a deployment, which may be replacing the fleet. */
export function isDeferred({ rollout, deployment }: EndpointState): boolean {
  return rollout?.phase === 'testing' && deployment !== undefined;
}

/** The revision serves, and a deployment may begin. Its tests, which had no answer yet, go on once that has ended. */
export function deferTests(o: ExistingEndpoint, update: RecordedUpdate): Conclusion {
  return { state: { ...withFleet(o, update), rollout: update }, events: [] };
}

/** The tests go on with the fleet that the deployment brought up, if it loaded the same revision. */
export function continueTests(state: EndpointState, deployed: Serving, slot: Slot): EndpointState {
  const { rollout, serving } = state;
  if (rollout?.phase !== 'testing') return state;
  if (rollout.revision !== servedRevision(deployed)) return withoutUpdate(state);
  const { configName, since } = deployed;
  const servedSince = rollout.servedSince ?? serving?.since;
  const update = { ...rollout, slot, configName, endpointModified: since, ambiguous: undefined, servedSince };
  return { ...state, rollout: update };
}

/** When tests that the model did not answer are sent again, in ms from now. */
export function testPauseMs(attempts: number): number {
  return pauseMs(TEST_PAUSES_MINUTES, attempts);
}

/** Whether something else ought to be served: then the revision is not worth further tests. */
function isSuperseded({ spec, state, sources }: ExistingEndpoint, { revision }: RecordedUpdate): boolean {
  const { pin } = sources ? withSources(spec, state, sources) : state;
  if (pin) return pin.revision !== revision;
  return sources?.kind === 'complete' && sources.revision !== revision;
}

/** The revision serves, but its answers are wrong: it is quarantined, and the controller rolls back. */
export function failSmokeTests(o: ExistingEndpoint, update: RecordedUpdate, message: string): Conclusion {
  const { revision } = update;
  const serving = withServing(o, update, update.ambiguous ? undefined : revision);
  return {
    state: quarantine(serving, { revision, at: o.now, message, failedSmokeTests: true }),
    events: [{ type: 'refused', ...eventSubject(update), message, fault: 'revision', retried: false }],
  };
}
