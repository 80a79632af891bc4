import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { RefreshEvent } from '../policy/conclude.ts';
import { endsRefresh, historyRecord } from '../policy/history.ts';
import type { Ports } from '../ports.ts';

/**
 * Before the state forgets it: told twice after a crash rather than never. The history knows what it has already.
 * Returns the id of its newest record.
 */
export async function publish(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  events: readonly RefreshEvent[],
  lastRecord?: string,
): Promise<string | undefined> {
  if (events.length === 0) return lastRecord;
  await ports.eventBus.publish(endpoint, spec.endpointName, events);
  let last = lastRecord;
  for (const event of events) {
    if (endsRefresh(event)) last = await remember(ports, endpoint, spec, event, last);
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

async function remember(
  ports: Ports,
  endpoint: string,
  { data }: EndpointSpec,
  event: Parameters<typeof historyRecord>[0],
  last: string | undefined,
): Promise<string> {
  const copied = data && !event.sources ? await ports.slotStore.contents(data, event.slot) : [];
  const record = historyRecord(event, event.sources ?? copied, ports.now());
  if (record.id !== last) await ports.records.appendHistory(endpoint, record);
  return record.id;
}

/** A revision as people see it. */
export function shortRevision(revision: string): string {
  return revision.slice(0, 12);
}
