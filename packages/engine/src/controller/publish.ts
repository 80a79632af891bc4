import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { Telling } from '../policy/conclude.ts';
import { isEnd, recordOf } from '../policy/history.ts';
import type { Ports } from '../ports.ts';

/**
 * Before the state forgets it: told twice after a crash rather than never. The history knows what it has already.
 * Returns the id of its newest record.
 */
export async function tell(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  tellings: readonly Telling[],
  lastRecord?: string,
): Promise<string | undefined> {
  if (tellings.length === 0) return lastRecord;
  await ports.events.tell(endpoint, spec.endpointName, tellings);
  let last = lastRecord;
  for (const telling of tellings) {
    if (isEnd(telling)) last = await remember(ports, endpoint, spec, telling, last);
    const { what, revision, slot, reason, retried, warning, secondsFromUpload } = telling;
    ports.telemetry.decision({
      endpoint,
      decision: what,
      because: what === 'refused' ? (retried ? 'refused-retried' : 'quarantined') : what,
      detail: reason ?? warning,
      revision: short(revision),
      slot,
      secondsFromUpload,
    });
    if (what === 'succeeded') ports.telemetry.metric(endpoint, 'Swaps', 1);
    if (secondsFromUpload !== undefined) ports.telemetry.metric(endpoint, 'UploadToServed', secondsFromUpload);
    if (what === 'refused' && !retried) ports.telemetry.metric(endpoint, 'Quarantines', 1);
  }
  return last;
}

async function remember(
  ports: Ports,
  endpoint: string,
  { data }: EndpointSpec,
  telling: Parameters<typeof recordOf>[0],
  last: string | undefined,
): Promise<string> {
  const copied = data && !telling.sources ? await ports.places.contents(data, telling.slot) : [];
  const record = recordOf(telling, telling.sources ?? copied, ports.now());
  if (record.id !== last) await ports.records.remember(endpoint, record);
  return record.id;
}

/** A revision as people see it. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
