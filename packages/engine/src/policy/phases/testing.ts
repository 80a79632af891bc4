import type { Conclusion } from '../conclusion.ts';
import { type Next, pollSeconds } from '../next.ts';
import type { ExistingEndpoint } from '../observation.ts';
import { eventSubject } from '../refresh-event.ts';
import { withServing } from '../serving.ts';
import { quarantine, type Updating } from '../state.ts';

/**
 * How often the smoke tests of one refresh are sent; if the last attempt is not answered either, the revision fails.
 */
export const MAX_TEST_ATTEMPTS = 3;

/** Last phase: whether the update reached its config and the revision has smoke tests to pass. */
export function needsSmokeTests({ spec, state: { updating }, endpoint }: ExistingEndpoint): boolean {
  if (updating?.trigger !== 'upload' || !spec.data || !spec.smokeTests?.length) return false;
  const isReached = endpoint.status === 'InService' && endpoint.configName === updating.configName;
  return isReached && spec.configs[updating.slot] === updating.configName;
}

/** What to do until the smoke tests have a verdict; undefined once they have, or no further attempt is left. */
export function nextTest({ spec, state: { updating }, tests }: ExistingEndpoint): Next | undefined {
  if (!updating || updating.verdict) return undefined;
  const attempts = updating.testAttempts ?? 0;
  if (!tests) return { kind: 'test', attempt: attempts + 1, updating };
  if (tests.kind !== 'unanswered' || attempts >= MAX_TEST_ATTEMPTS) return undefined;
  return { kind: 'requeue', reason: 'Testing', message: tests.message, seconds: pollSeconds(spec) };
}

/** The revision serves, but its answers are wrong: it is quarantined, and the controller rolls back. */
export function failSmokeTests(o: ExistingEndpoint, updating: Updating, message: string): Conclusion {
  const { revision } = updating;
  const serving = withServing(o, updating, updating.ambiguous ? undefined : revision);
  return {
    state: quarantine(serving, { revision, at: o.now, message, failedSmokeTests: true }),
    events: [{ type: 'refused', ...eventSubject(updating), message, retried: false }],
  };
}
