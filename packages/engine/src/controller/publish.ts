import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type EndEvent, endsRefresh, historyRecord } from '../policy/history.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import type { EndpointContext } from './pass.ts';

type Publisher = EndpointContext & { readonly spec: EndpointSpec };

/**
 * Publishes events to the bus, the history, the log and the metrics, before the state that ends them is written:
 * after a crash they are published twice rather than never. The history writes each record once. Returns the id of
 * its newest record.
 */
export async function publish(
  publisher: Publisher,
  events: readonly RefreshEvent[],
  lastRecord?: string,
): Promise<string | undefined> {
  if (events.length === 0) return lastRecord;
  const { ports, endpoint, spec } = publisher;
  await ports.eventBus.publish(endpoint, spec.endpointName, events);
  let last = lastRecord;
  for (const event of events) {
    if (endsRefresh(event)) last = await appendToHistory(publisher, event, last);
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
  return last;
}

async function appendToHistory(
  { ports, endpoint, spec: { data } }: Publisher,
  event: EndEvent,
  last: string | undefined,
): Promise<string> {
  const copied = data && !event.sources ? await ports.slotStore.contents(data, event.slot) : [];
  const record = historyRecord(event, event.sources ?? copied, ports.now());
  if (record.id !== last) await ports.records.appendHistory(endpoint, record);
  return record.id;
}
