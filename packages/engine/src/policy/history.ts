import type { Slot } from '@freshpoint/cdk/contract';
import type { SourceFile } from './observation.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { shortRevision } from './revision.ts';
import type { Trigger } from './rollout.ts';
import { type EndpointState, type Pin, type QuarantineEntry, type Serving, truncateMessage } from './state.ts';

/** The outcome of one refresh, and what the state knew when it ended: enough to rebuild a lost state. */
export interface HistoryRecord {
  readonly version: 1;
  readonly outcome: 'succeeded' | 'refused' | 'deployed';
  readonly revision: string;
  readonly slot: Slot;
  readonly trigger: Trigger | 'deployment';
  /** When the refresh started, ISO 8601; of a deployment, when the endpoint was InService. */
  readonly at: string;
  /** Duration, in seconds. */
  readonly seconds: number;
  readonly message?: string;
  /** Whether the controller tries a refused revision again. */
  readonly retried?: boolean;
  readonly warning?: string;
  readonly sources: readonly SourceFile[];
  /** What served afterwards. */
  readonly serving?: Serving;
  /** The pin that it was made for, if nothing had ended it by then. */
  readonly pin?: Pin;
  /** The entry of the refused revision in the quarantine. */
  readonly quarantined?: QuarantineEntry;
}

/** An event that ends a refresh. */
export type EndEvent = RefreshEvent & { readonly type: HistoryRecord['outcome'] };

/** What is recorded besides the event: the sources of the revision, the state that follows, and the time, epoch ms. */
interface RecordContext {
  readonly sources: readonly SourceFile[];
  readonly state: EndpointState;
  readonly now: number;
}

/** The record of an ended refresh. */
export function historyRecord(event: EndEvent, { sources, state, now }: RecordContext): HistoryRecord {
  const { type, revision, slot, trigger = 'deployment', startedAt = now, message, retried, warning } = event;
  const { serving, pin } = state;
  const quarantined = retried ? undefined : state.quarantine?.find((entry) => entry.revision === revision);
  return {
    version: 1,
    outcome: type,
    revision,
    slot,
    trigger,
    at: new Date(startedAt).toISOString(),
    seconds: trigger === 'deployment' ? 0 : Math.max(0, Math.round((now - startedAt) / 1000)),
    ...(message !== undefined && { message: truncateMessage(message) }),
    ...(retried && { retried }),
    ...(warning !== undefined && { warning }),
    sources,
    ...(serving && { serving }),
    ...(trigger === 'pin' && pin?.revision === revision && { pin }),
    ...(type === 'refused' && quarantined && { quarantined }),
  };
}

/**
 * The name of the record's object: the same when one refresh is published twice. Names sort by time.
 */
export function historyRecordName({ at, revision, outcome }: HistoryRecord): string {
  return `${at.replaceAll(/[-:.]/g, '')}-${shortRevision(revision)}-${outcome}.json`;
}

/** The record, in a list; an empty list for a text that is none. */
export function parseHistoryRecord(text = ''): HistoryRecord[] {
  try {
    const record = JSON.parse(text) as HistoryRecord | null;
    return typeof record?.revision === 'string' && typeof record.outcome === 'string' ? [record] : [];
  } catch {
    return [];
  }
}

/** Whether the event ends a refresh. */
export function endsRefresh(event: RefreshEvent): event is EndEvent {
  return event.type !== 'started';
}
