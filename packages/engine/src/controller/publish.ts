import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type EndEvent, endsRefresh, historyRecord, type RefreshRecord } from '../policy/history.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import type { EndpointState } from '../policy/state.ts';
import type { EndpointContext } from './pass.ts';

type Publisher = EndpointContext & { readonly spec: EndpointSpec };

/** An event, and its record if it ends a refresh. */
interface Unpublished {
  readonly event: RefreshEvent;
  readonly record?: RefreshRecord;
}

/**
 * Publishes events to the bus, the history, the log and the metrics, before the state that ends them, `state`, is
 * written: after a crash they are published twice rather than never. What the history has is published already: the
 * pass that did so met a conflict when it wrote the state.
 */
export async function publish(
  publisher: Publisher,
  events: readonly RefreshEvent[],
  state: EndpointState,
): Promise<void> {
  const { ports, endpoint, spec } = publisher;
  const unpublished: Unpublished[] = [];
  for (const event of events) {
    const record = endsRefresh(event) ? await recordOf(publisher, event, state) : undefined;
    if (!record || !(await ports.history.has(spec.store, record))) unpublished.push({ event, record });
  }
  if (unpublished.length === 0) return;
  await ports.eventBus.publish(
    endpoint,
    spec.endpointName,
    unpublished.map(({ event }) => event),
  );
  for (const { event, record } of unpublished) {
    // Another pass was quicker, and has counted it.
    if (record && !(await ports.history.append(spec.store, record))) continue;
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

async function recordOf(
  { ports, spec: { data } }: Publisher,
  event: EndEvent,
  state: EndpointState,
): Promise<RefreshRecord> {
  const copied = data && !event.sources ? await ports.slotStore.contents(data, event.slot) : [];
  const sources = event.sources ?? copied;
  return historyRecord(event, { sources, state, now: ports.now() });
}
