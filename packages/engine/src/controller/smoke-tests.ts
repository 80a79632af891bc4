import { LEASE_TTL_MS } from '../policy/lease.ts';
import type { Next } from '../policy/next.ts';
import { testPauseMs } from '../policy/phases/testing.ts';
import type { Testing } from '../policy/rollout.ts';
import { truncateMessage } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointPass } from './pass.ts';

/**
 * Sends the smoke tests. The state has a lease on them before they are sent, so that no other pass tests at the same
 * time, and their outcome afterwards, so that a crash of this pass does not repeat them.
 */
export async function runSmokeTests(
  { ports, store, spec }: EndpointPass,
  { state, etag }: StoredState,
  { attempt, update }: Next & { readonly kind: 'test' },
  variants: readonly string[],
): Promise<StoredState> {
  // Tests that end the function each time are sent in growing pauses, too.
  const leaseMs = Math.max(LEASE_TTL_MS, testPauseMs(attempt));
  const nextTestAt = ports.now() + leaseMs;
  const leased: Testing = { ...update, phase: 'testing', attempts: attempt, nextTestAt, unanswered: undefined };
  const at = await ports.states.write(store, { ...state, rollout: leased }, etag);
  const tests = await ports.smokeTests.run(spec.endpointName, variants, spec.smokeTests ?? []);
  const paused = { ...leased, nextTestAt: ports.now() + testPauseMs(attempt) };
  const tested: Testing =
    tests.kind === 'unanswered'
      ? { ...paused, unanswered: truncateMessage(tests.message) ?? '' }
      : { ...leased, verdict: tests };
  const judged = { ...state, rollout: tested };
  return { state: judged, etag: await ports.states.write(store, judged, at) };
}
