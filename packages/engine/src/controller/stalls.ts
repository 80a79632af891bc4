import { StateConflict } from '../errors.ts';
import { noteBlockage, type StallChange, stalledAfterMs, withinStall } from '../policy/stalled.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { describeError } from './failed-call.ts';
import type { EndpointContext, EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import type { QueueMessage } from './queue-message.ts';
import { endPass, type PassEnding, type ReconcileResult } from './result.ts';
import { rewriteState } from './rewrite-state.ts';

/**
 * The metric that the refresher's alarm watches: 1 in each pass of an endpoint that is stalled, and 0 in the one that
 * ends it. CloudWatch charges for every hour in which a metric has data, so a pass that finds nothing publishes none.
 */
export function measureStall({ ports, endpoint }: EndpointContext, before: EndpointState, after: EndpointState): void {
  if (after.stalled?.published) ports.telemetry.metric(endpoint, 'Stalled', 1);
  else if (before.stalled?.published) ports.telemetry.metric(endpoint, 'Stalled', 0);
}

/**
 * A pass failed: errors of the controller's own calls, too, keep the newest revision from being served. Where not even
 * the state can be read or written, the age of the request says for how long.
 */
export async function noteFailedPass(context: EndpointContext, error: unknown, message: QueueMessage): Promise<void> {
  try {
    await recordFailure(context, error);
  } catch (failure) {
    if (failure instanceof StateConflict) return;
    const { ports, endpoint } = context;
    const ageMs = ports.now() - (message.firstReceivedAt ?? ports.now());
    if (ageMs < stalledAfterMs({})) return;
    const text = describeError(failure, { stackId: '' });
    ports.telemetry.decision({ endpoint, decision: 'stalled', reason: 'StateUnavailable', message: text });
    ports.telemetry.metric(endpoint, 'Stalled', 1);
  }
}

/** Ends a pass that was kept from what it had decided to do, which is noted as well if it happens again and again. */
export async function endHindered(
  pass: EndpointPass,
  { state, etag }: StoredState,
  hindered: Hindrance,
): Promise<ReconcileResult> {
  const clock = { now: pass.ports.now(), spec: pass.spec };
  const noted = noteBlockage(state, hindered, clock);
  await publish(pass, { ...noted, events: [] });
  measureStall(pass, state, noted.state);
  if (noted.state !== state) await writeStalled(pass, etag, noted);
  return endPass(pass, { ...hindered, kind: 'requeue', seconds: withinStall(hindered.seconds, noted.state, clock) });
}

/** Why, and until the next pass, in seconds. */
type Hindrance = PassEnding & { readonly kind: 'requeue'; readonly revision: string; readonly seconds: number };

async function recordFailure({ ports, endpoint }: EndpointContext, error: unknown): Promise<void> {
  const spec = await ports.specs.read(endpoint);
  if (!spec) return;
  const stored = await ports.states.read(spec.store);
  // A state that was lost is rebuilt first.
  if (!stored || stored.state.lostAt !== undefined) throw error;
  const { state, etag } = stored;
  const blockage = { reason: 'CallFailed', message: describeError(error, spec) };
  const noted = noteBlockage(state, blockage, { now: ports.now(), spec });
  await publish({ ports, endpoint, spec }, { ...noted, events: [] });
  measureStall({ ports, endpoint }, state, noted.state);
  if (noted.state !== state) await writeStalled({ ports, store: spec.store }, etag, noted);
}

/**
 * Writes a state whose stall was published. If another pass wrote first, its state gets the stall, too, before
 * StateConflict is thrown: without it, no end would be published.
 */
export async function writeStalled(
  pass: Pick<EndpointPass, 'ports' | 'store'>,
  etag: string | undefined,
  { state, stall }: StallChange,
): Promise<void> {
  const { ports, store } = pass;
  try {
    await ports.states.write(store, state, etag);
  } catch (error) {
    if (stall && error instanceof StateConflict) await recordStall(pass, state);
    throw error;
  }
}

/** Writes a stall, or its end, that was published to whatever state there is now. */
export async function recordStall(
  pass: Pick<EndpointPass, 'ports' | 'store'>,
  { stalled }: Pick<EndpointState, 'stalled'>,
): Promise<void> {
  await rewriteState(pass, await pass.ports.states.read(pass.store), (current) =>
    current.lostAt === undefined ? { ...current, stalled } : undefined,
  );
}
