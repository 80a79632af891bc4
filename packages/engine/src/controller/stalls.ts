import { StateConflict } from '../errors.ts';
import { noteBlockage, type StallChange, stalledAfterMs } from '../policy/stalled.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { describeError } from './failed-call.ts';
import type { EndpointContext, EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import type { QueueMessage } from './queue-message.ts';

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

/** Attempts to record what was published. */
const MAX_WRITES = 5;

async function recordFailure({ ports, endpoint }: EndpointContext, error: unknown): Promise<void> {
  const spec = await ports.specs.read(endpoint);
  const stored = spec && (await ports.states.read(spec.store));
  // A state that was lost is rebuilt first.
  if (!stored || stored.state.lostAt !== undefined) return;
  const { state } = stored;
  const blockage = { reason: 'CallFailed', message: describeError(error, spec) };
  const noted = noteBlockage(state, blockage, { now: ports.now(), spec });
  await publish({ ports, endpoint, spec }, { ...noted, events: [] });
  if (noted.state !== state) await recordStall({ ports, store: spec.store }, stored, noted);
  measureStall({ ports, endpoint }, state, noted.state);
}

/** Records what was published, also over what another pass has written meanwhile: without it, no end is published. */
async function recordStall(
  { ports, store }: Pick<EndpointPass, 'ports' | 'store'>,
  { etag }: StoredState,
  { state, stall }: StallChange,
): Promise<void> {
  let current: StoredState | undefined = { state, etag };
  for (let attempt = 1; current && current.state.lostAt === undefined; attempt++) {
    try {
      await ports.states.write(store, { ...current.state, stalled: state.stalled }, current.etag);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict) || !stall || attempt === MAX_WRITES) throw error;
      current = await ports.states.read(store);
    }
  }
}
