import type { Slot } from '@freshpoint/cdk/contract';
import type { SourceFile } from './observation.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { shortRevision } from './revision.ts';
import type { Trigger } from './state.ts';

/** The outcome of one refresh: a version of the history parameter. */
export interface HistoryRecord {
  readonly version: 1;
  /** The same when one refresh is published twice. */
  readonly id: string;
  readonly outcome: 'succeeded' | 'refused' | 'deployed';
  readonly revision: string;
  readonly slot: Slot;
  readonly trigger: Trigger | 'deployment';
  /** When the refresh started, ISO 8601. */
  readonly at: string;
  /** Duration, in seconds. */
  readonly seconds: number;
  readonly message?: string;
  /** Whether the controller tries a refused revision again. */
  readonly retried?: boolean;
  readonly warning?: string;
  readonly sources: readonly SourceFile[];
  /** Number of sources that are left out, because an SSM parameter has no room for them. */
  readonly sourcesLeftOut?: number;
}

/** An event that ends a refresh. */
export type EndEvent = RefreshEvent & { readonly type: HistoryRecord['outcome'] };

/** Size limit of a record, in bytes: an SSM parameter of the standard tier holds 4 KB. */
const MAX_RECORD_BYTES = 4000;
const MAX_MESSAGE_CHARACTERS = 500;

/** The record of an ended refresh. */
export function historyRecord(event: EndEvent, sources: readonly SourceFile[], now: number): HistoryRecord {
  const { type, revision, slot, trigger, startedAt = now, message, retried, warning } = event;
  const record: HistoryRecord = {
    version: 1,
    id: `${shortRevision(revision)}-${type}-${event.startedAt ?? event.configName}`,
    outcome: type,
    revision,
    slot,
    trigger: trigger ?? 'deployment',
    at: new Date(startedAt).toISOString(),
    seconds: Math.max(0, Math.round((now - startedAt) / 1000)),
    ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE_CHARACTERS) }),
    ...(retried && { retried }),
    ...(warning !== undefined && { warning }),
    sources: [],
  };
  let shown = sources.length;
  const sized = (count: number): HistoryRecord => ({
    ...record,
    sources: sources.slice(0, count),
    ...(count < sources.length && { sourcesLeftOut: sources.length - count }),
  });
  while (shown > 0 && Buffer.byteLength(JSON.stringify(sized(shown))) > MAX_RECORD_BYTES) shown -= 1;
  return sized(shown);
}

/** Whether the event ends a refresh. */
export function endsRefresh(event: RefreshEvent): event is EndEvent {
  return event.type !== 'started';
}
