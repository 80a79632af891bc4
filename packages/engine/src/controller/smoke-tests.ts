import type { Next } from '../policy/next.ts';
import type { Observation } from '../policy/observation.ts';
import { MAX_TEST_ATTEMPTS } from '../policy/phases/testing.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointPass } from './pass.ts';

/** What smoke tests add to an observation. */
export interface TestedObservation {
  readonly seen: Partial<Observation>;
  readonly etag: string | undefined;
}

/**
 * Sends the smoke tests. The state counts the attempt before it is made: tests that kill the function do so at most
 * MAX_TEST_ATTEMPTS times.
 */
export async function runSmokeTests(
  { ports, store, spec }: EndpointPass,
  { state, etag }: StoredState,
  { attempt, updating }: Next & { readonly kind: 'test' },
  variants: readonly string[],
): Promise<TestedObservation> {
  if (attempt > MAX_TEST_ATTEMPTS) {
    const message = `The smoke tests did not finish in ${MAX_TEST_ATTEMPTS} attempts.`;
    return { seen: { tests: { kind: 'unanswered', message } }, etag };
  }
  const begun = { ...updating, testAttempts: attempt };
  const counted = { ...state, updating: begun };
  const at = await ports.states.write(store, counted, etag);
  const tests = await ports.smokeTests.run(spec.endpointName, variants, spec.smokeTests ?? []);
  const seen = { state: counted, tests, now: ports.now() };
  if (tests.kind === 'unanswered') return { seen, etag: at };
  // With the verdict in the state, a crash of this pass does not repeat the tests.
  const judged = { ...counted, updating: { ...begun, verdict: tests } };
  return { seen: { ...seen, state: judged }, etag: await ports.states.write(store, judged, at) };
}
