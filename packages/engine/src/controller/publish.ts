import { type EndpointSpec, historyPrefix, stateKey } from '@freshpoint/cdk/contract';
import { StateConflict } from '../errors.ts';
import type { Conclusion } from '../policy/conclusion.ts';
import {
  type EndEvent,
  endsRefresh,
  type HistoryRecord,
  historyRecord,
  historyRecordName,
  stallRecord,
} from '../policy/history.ts';
import { LEASE_TTL_MS } from '../policy/lease.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import type { StallEvent } from '../policy/stalled.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointContext } from './pass.ts';

/** Whose events are published. */
export type Publisher = EndpointContext & { readonly spec: Pick<EndpointSpec, 'endpointName' | 'data' | 'store'> };

/** What is published together, before the state that ends it is written. */
interface Publication extends Conclusion {
  /** Something keeps the newest revision from being served, or does no longer. */
  readonly stall?: StallEvent;
}

/**
 * Publishes events to the history, the bus, the log and the metrics, before the state that ends them, `state`, is
 * written: after a crash they are published twice rather than never. Throws StateConflict while another pass does so.
 */
export async function publish(publisher: Publisher, { events, stall, state }: Publication): Promise<void> {
  if (events.length === 0 && !stall) return;
  const { ports, endpoint, spec } = publisher;
  // A claim that fails must not come after an event: without the write of the state it would be published again.
  if (stall) await claim(publisher, stallRecord(stall, ports.now()));
  for (const event of events) if (endsRefresh(event)) await appendToHistory(publisher, event, state);
  await ports.eventBus.publish(endpoint, spec.endpointName, stall ? [...events, stall] : events);
  for (const event of events) logRefresh(publisher, event);
  if (stall) {
    const { type, reason, message, revision } = stall;
    const shown = revision === undefined ? {} : { revision: shortRevision(revision) };
    ports.telemetry.decision({ endpoint, decision: type, reason, message, ...shown });
  }
}

function logRefresh({ ports, endpoint }: Publisher, event: RefreshEvent): void {
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
  await publish(publisher, { events, state });
}

/** Most objects in a record of the history, of which the command reads many. */
const MAX_RECORDED_SOURCES = 100;

async function appendToHistory(publisher: Publisher, event: EndEvent, state: EndpointState): Promise<void> {
  const { ports, spec } = publisher;
  const { data } = spec;
  const copied = data && !event.sources ? await ports.revisions.contents(data, event.slot) : [];
  const sources = (event.sources ?? copied.map(({ source }) => source)).slice(0, MAX_RECORDED_SOURCES);
  await claim(publisher, historyRecord(event, { sources, state, now: ports.now() }));
}

/**
 * Appends the record of what is about to be published, once. A record that another pass has just written is its claim
 * on publishing: its state follows, or, after a crash, the claim expires. Throws StateConflict until then.
 */
async function claim({ ports, spec: { store } }: Publisher, record: HistoryRecord): Promise<void> {
  const writtenAt = await ports.history.append(store, record);
  if (writtenAt === undefined || ports.now() - writtenAt >= LEASE_TTL_MS) return;
  throw new StateConflict(`${historyPrefix(store)}${historyRecordName(record)}`);
}
