import type { Slot } from '@freshpoint/cdk/contract';
import type { Explanation } from '../endpoints/explain.ts';
import type { HistoryRow } from '../endpoints/history.ts';
import type { EndpointStatusView } from '../endpoints/status-view.ts';

/** What the page gets, each as one server-sent event. */
export type PageEvent = OverviewEvent | EndpointEvent | ProblemEvent;

/** All endpoints, as `freshpoint status` lists them. */
export interface OverviewEvent {
  readonly kind: 'overview';
  readonly head: readonly string[];
  readonly rows: readonly OverviewRow[];
}

/** One endpoint in the list of all. */
export interface OverviewRow {
  readonly endpoint: string;
  readonly cells: readonly string[];
  readonly needsAttention: boolean;
}

/**
 * One endpoint: what `status`, `explain` and `history` print, and when each slot had what. Revisions are by their first
 * digits, but those in `view`.
 */
export interface EndpointEvent {
  readonly kind: 'endpoint';
  readonly title: string;
  readonly view: EndpointStatusView;
  readonly facts: readonly (readonly [label: string, text: string])[];
  readonly explanation: Explanation;
  readonly spans: readonly SlotSpan[];
  readonly uploads: readonly ShownUpload[];
  readonly historyHead: readonly string[];
  readonly history: readonly HistoryRow[];
  /** Revisions that `rollback` can return to, the one that it chooses without `--to` first. */
  readonly returnable: readonly string[];
  /** Revisions that `retry` can try again, likewise. */
  readonly retryable: readonly string[];
}

/** Something cannot be read, in the command's words. */
export interface ProblemEvent {
  readonly kind: 'problem';
  readonly message: string;
}

/** A stretch of time in which a slot did one thing. Times are epoch milliseconds. */
export interface SlotSpan {
  readonly slot: Slot;
  /** `failed` is a moment. */
  readonly state: 'staging' | 'launching' | 'serving' | 'failed';
  readonly revision?: string;
  readonly from: number;
  /** Absent: it has not ended. */
  readonly to?: number;
}

/** An upload, and what became of it. */
export interface ShownUpload {
  readonly revision: string;
  /** Epoch milliseconds: when it was uploaded or, where that is not known, when its refresh started. */
  readonly at: number;
  /** Of all its files. */
  readonly bytes: number;
  readonly fate: string;
  readonly look: 'good' | 'busy' | 'bad' | 'past';
}

/** The response to an action: the lines that the command prints, or its error. */
export type ActionResponse = { readonly lines: readonly string[] } | { readonly error: string };
