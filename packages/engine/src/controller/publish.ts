import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { StateConflict } from '../errors.ts';
import type { Conclusion } from '../policy/conclusion.ts';
import { type EndEvent, endsRefresh, historyRecord } from '../policy/history.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import type { StallEvent } from '../policy/stalled.ts';
import type { EndpointState, Publication } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointContext } from './pass.ts';
import { publishStall } from './stalls.ts';

type Publisher = EndpointContext & { readonly spec: Pick<EndpointSpec, 'endpointName' | 'data' | 'store'> };

/**
 * Publishes what a pass concluded from the state `known`, and records it. Returns the state that follows, which is
 * written if its ETag differs. The pass first claims the publication: of two passes that conclude the same, one
 * publishes it. Should it end before it records the conclusion, the claim expires, and the events are published again:
 * rather twice than never.
 */
export async function publishConclusion(
  publisher: Publisher,
  { state: known, etag }: StoredState,
  { state: decided, events, stall }: Conclusion & { readonly stall?: StallEvent },
): Promise<StoredState> {
  const { publication, ...concluded } = decided;
  const state = publication ? concluded : decided;
  const { ports, spec } = publisher;
  if (events.length === 0 || publication?.done) {
    await publishStall(publisher, stall);
    return { state, etag };
  }
  const claim = { at: ports.now() };
  const claimed = await ports.states.write(spec.store, { ...known, publication: claim }, etag);
  await publish(publisher, events, state);
  await publishStall(publisher, stall);
  try {
    return { state, etag: await ports.states.write(spec.store, state, claimed) };
  } catch (error) {
    if (error instanceof StateConflict) await notePublished(publisher, claim);
    throw error;
  }
}

/** A person wrote the state during the publication: the next pass must not publish it again. */
async function notePublished({ ports, spec: { store } }: Publisher, { at }: Publication): Promise<void> {
  const stored = await ports.states.read(store);
  if (stored?.state.publication?.at !== at) return;
  await ports.states.write(store, { ...stored.state, publication: { at, done: true } }, stored.etag);
}

/**
 * Publishes events to the bus, the history, the log and the metrics, before the state that ends them, `state`, is
 * written: after a crash they are published twice rather than never. The history has each record once.
 */
export async function publish(
  publisher: Publisher,
  events: readonly RefreshEvent[],
  state: EndpointState,
): Promise<void> {
  if (events.length === 0) return;
  const { ports, endpoint, spec } = publisher;
  await ports.eventBus.publish(endpoint, spec.endpointName, events);
  for (const event of events) {
    if (endsRefresh(event)) await appendToHistory(publisher, event, state);
    const { type, revision, slot, message, retried, warning, secondsFromUpload } = event;
    ports.telemetry.decision({
      endpoint,
      decision: type,
      reason: type === 'refused' ? (retried ? 'Retrying' : 'Quarantined') : type,
      message: message ?? warning,
      revision: shortRevision(revision),
      slot,
      secondsFromUpload,
    });
    if (type === 'succeeded') ports.telemetry.metric(endpoint, 'Swaps', 1);
    if (secondsFromUpload !== undefined) ports.telemetry.metric(endpoint, 'UploadToServed', secondsFromUpload);
    if (type === 'refused' && !retried) ports.telemetry.metric(endpoint, 'Quarantines', 1);
  }
}

async function appendToHistory(
  { ports, spec: { data, store } }: Publisher,
  event: EndEvent,
  state: EndpointState,
): Promise<void> {
  const copied = data && !event.sources ? await ports.revisions.contents(data, event.slot) : [];
  const sources = event.sources ?? copied;
  await ports.history.append(store, historyRecord(event, { sources, state, now: ports.now() }));
}
