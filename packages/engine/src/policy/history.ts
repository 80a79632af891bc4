import type { Slot } from '@freshpoint/cdk/contract';
import type { RefreshEvent } from './conclude.ts';
import type { SourceFile } from './observation.ts';

/** What became of one refresh: a version of the history parameter. */
export interface HistoryRecord {
  readonly version: 1;
  /** Equal for the same refresh told twice. */
  readonly id: string;
  readonly outcome: 'succeeded' | 'refused' | 'deployed';
  readonly revision: string;
  readonly slot: Slot;
  /** What set it off. */
  readonly trigger: 'upload' | 'pin' | 'smoke-test' | 'deployment';
  /** When the loop set about it, ISO 8601. */
  readonly at: string;
  /** Until its end, in seconds. */
  readonly seconds: number;
  readonly message?: string;
  /** Whether a refused revision is tried again by itself. */
  readonly retried?: boolean;
  readonly warning?: string;
  readonly sources: readonly SourceFile[];
  /** So many more than an SSM parameter has room for. */
  readonly sourcesLeftOut?: number;
}

/** Bytes that a record may have: an SSM parameter of the standard tier holds 4 KB. */
const MAX_RECORD_BYTES = 4000;

/** The record of an ended refresh. */
export function historyRecord(
  event: RefreshEvent & { readonly type: HistoryRecord['outcome'] },
  sources: readonly SourceFile[],
  now: number,
): HistoryRecord {
  const { type, revision, slot, trigger, startedAt = now, message, retried, warning } = event;
  const record: HistoryRecord = {
    version: 1,
    id: `${revision.slice(0, 12)}-${type}-${event.startedAt ?? event.configName}`,
    outcome: type,
    revision,
    slot,
    trigger: trigger ?? 'deployment',
    at: new Date(startedAt).toISOString(),
    seconds: Math.max(0, Math.round((now - startedAt) / 1000)),
    ...(message !== undefined && { message: message.slice(0, 500) }),
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

/** Whether a telling ends a refresh. */
export function endsRefresh(event: RefreshEvent): event is RefreshEvent & { readonly type: HistoryRecord['outcome'] } {
  return event.type !== 'started';
}
