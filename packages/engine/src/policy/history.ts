import type { Slot } from '@freshpoint/cdk/contract';
import type { SourceFile } from './observation.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { shortRevision } from './revision.ts';
import type { Trigger } from './rollout.ts';
import type { StallEvent } from './stalled.ts';
import {
  type EndpointState,
  type Pin,
  type QuarantineEntry,
  quarantineEntryOf,
  type Serving,
  truncateMessage,
} from './state.ts';

/** The outcome of one refresh, and what the state knew when it ended: enough to rebuild a lost state. */
export interface RefreshRecord {
  readonly version: 1;
  /** `passedOver`: an upload of the revision that a person rolled back. */
  readonly outcome: 'succeeded' | 'refused' | 'deployed' | 'passedOver';
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
  /** The pin, if nothing had ended it by then. */
  readonly pin?: Pin;
  /** The entry of the refused revision in the quarantine. */
  readonly quarantined?: QuarantineEntry;
}

/** Something kept the newest revision from being served for too long, or that has ended. */
export interface StallRecord {
  readonly version: 1;
  readonly outcome: StallEvent['type'];
  /** Since when it was blocked, ISO 8601. */
  readonly at: string;
  /** From then until it was published, in seconds. */
  readonly seconds: number;
  readonly reason: string;
  readonly message: string;
  readonly revision?: string;
}

/** What a person did, by the verb of the command. */
export interface ActionRecord {
  readonly version: 1;
  readonly outcome: 'rollback' | 'suspend' | 'resume' | 'retry' | 'refresh';
  /** ISO 8601, the person's clock. */
  readonly at: string;
  readonly by: string;
  readonly reason?: string;
  /** What the rollback returns to, or what is tried again. */
  readonly revision?: string;
  /** When that began which it ends, epoch ms: the suspension, or the revision's quarantine. Absent: it is not known. */
  readonly ends?: number;
}

/** One object of the history. */
export type HistoryRecord = RefreshRecord | StallRecord | ActionRecord;

/** A record, and when it was written, epoch ms (S3's clock). */
export type ListedRecord<T extends HistoryRecord = HistoryRecord> = T & { readonly writtenAt: number };

/** Kinds of records, by outcome. */
const RECORD_KINDS = {
  succeeded: 'refresh',
  refused: 'refresh',
  deployed: 'refresh',
  passedOver: 'refresh',
  stalled: 'stall',
  recovered: 'stall',
  rollback: 'action',
  suspend: 'action',
  resume: 'action',
  retry: 'action',
  refresh: 'action',
} as const satisfies Record<HistoryRecord['outcome'], string>;

/** An event that ends a refresh. */
export type EndEvent = RefreshEvent & { readonly type: RefreshRecord['outcome'] };

/** What is recorded besides the event: the sources of the revision, the state that follows, and the time, epoch ms. */
interface RecordContext {
  readonly sources: readonly SourceFile[];
  readonly state: EndpointState;
  readonly now: number;
}

/** The record of an ended refresh. */
export function historyRecord(
  event: Omit<EndEvent, 'configName'>,
  { sources, state, now }: RecordContext,
): RefreshRecord {
  const { type, revision, slot, trigger = 'deployment', startedAt = now, message, retried, warning } = event;
  const { serving, pin } = state;
  const quarantined = retried ? undefined : quarantineEntryOf(state, revision);
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
    ...(pin && { pin }),
    ...(type === 'refused' && quarantined && { quarantined }),
  };
}

/**
 * The record of a quarantine that a deployment carries over to the revision that changed sources make of the same data.
 * It is nothing new to publish: the refusal was.
 */
export function carriedRecord({ revision, at, message }: QuarantineEntry, context: RecordContext): RefreshRecord {
  return historyRecord({ type: 'refused', revision, slot: 'a', startedAt: at, message }, context);
}

/** The record of a stall, or of its end. */
export function stallRecord({ type, since, reason, message, revision }: StallEvent, now: number): StallRecord {
  return {
    version: 1,
    outcome: type,
    at: new Date(since).toISOString(),
    seconds: Math.max(0, Math.round((now - since) / 1000)),
    reason,
    message: truncateMessage(message) ?? '',
    ...(revision !== undefined && { revision }),
  };
}

/** The name of the record's object: the same when one thing is published twice. Names sort by time. */
export function historyRecordName(record: HistoryRecord): string {
  const { at, outcome, revision } = record;
  const time = at.replaceAll(/[-:.]/g, '');
  return `${time}-${revision === undefined ? '' : `${shortRevision(revision)}-`}${outcome}.json`;
}

/** The record, in a list; an empty list for a text that is none. */
export function parseHistoryRecord(text = ''): HistoryRecord[] {
  try {
    const record = JSON.parse(text) as HistoryRecord | null;
    if (record === null || typeof record.at !== 'string' || !Object.hasOwn(RECORD_KINDS, record.outcome)) return [];
    return isRefreshRecord(record) && typeof record.revision !== 'string' ? [] : [record];
  } catch {
    return [];
  }
}

/** Whether the record is about a refresh. */
export function isRefreshRecord<T extends HistoryRecord>(record: T): record is T & RefreshRecord {
  return RECORD_KINDS[record.outcome] === 'refresh';
}

/** Whether the record is about a stall. */
export function isStallRecord<T extends HistoryRecord>(record: T): record is T & StallRecord {
  return RECORD_KINDS[record.outcome] === 'stall';
}

/** Whether the record is about what a person did. */
export function isActionRecord<T extends HistoryRecord>(record: T): record is T & ActionRecord {
  return RECORD_KINDS[record.outcome] === 'action';
}

/** Whether the event ends a refresh. */
export function endsRefresh(event: RefreshEvent): event is EndEvent {
  return event.type !== 'started';
}
