import { type EndpointSpec, historyPrefix, stateKey } from '@freshpoint/cdk/contract';
import { StateConflict } from '../errors.ts';
import type { Conclusion } from '../policy/conclusion.ts';
import { type EndEvent, endsRefresh, type HistoryRecord, historyRecord, historyRecordName } from '../policy/history.ts';
import { LEASE_TTL_MS } from '../policy/lease.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointContext } from './pass.ts';

type Publisher = EndpointContext & { readonly spec: Pick<EndpointSpec, 'endpointName' | 'data' | 'store'> };

/**
 * Publishes events to the history, the bus, the log and the metrics, before the state that ends them, `state`, is
 * written: after a crash they are published twice rather than never. Throws StateConflict while another pass does so.
 */
export async function publish(
  publisher: Publisher,
  events: readonly RefreshEvent[],
  state: EndpointState,
): Promise<void> {
  if (events.length === 0) return;
  const { ports, endpoint, spec } = publisher;
  for (const event of events) if (endsRefresh(event)) await appendToHistory(publisher, event, state);
  await ports.eventBus.publish(endpoint, spec.endpointName, events);
  for (const event of events) {
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

/**
 * Publishes what was concluded from a state, if that is the one that is there now. Otherwise another pass may have
 * concluded the update before the endpoint was observed, and made the next: throws StateConflict.
 */
export async function publishCurrent(
  publisher: Publisher,
  { etag }: StoredState,
  { events, state }: Conclusion,
): Promise<void> {
  const { ports, spec } = publisher;
  if (events.length === 0) return;
  const current = await ports.states.read(spec.store);
  if (current?.etag !== etag) throw new StateConflict(stateKey(spec.store));
  await publish(publisher, events, state);
}

async function appendToHistory(publisher: Publisher, event: EndEvent, state: EndpointState): Promise<void> {
  const { ports, spec } = publisher;
  const { data } = spec;
  const copied = data && !event.sources ? await ports.revisions.contents(data, event.slot) : [];
  const sources = event.sources ?? copied;
  await claim(publisher, historyRecord(event, { sources, state, now: ports.now() }));
}

/**
 * Appends the record of what is about to be published, once. A record that another pass has just written is its claim
 * on publishing: its state follows, or, after a crash, the claim expires. Throws StateConflict until then.
 */
export async function claim({ ports, spec: { store } }: Publisher, record: HistoryRecord): Promise<void> {
  const writtenAt = await ports.history.append(store, record);
  if (writtenAt === undefined || ports.now() - writtenAt >= LEASE_TTL_MS) return;
  throw new StateConflict(`${historyPrefix(store)}${historyRecordName(record)}`);
}
