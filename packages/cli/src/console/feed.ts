import { isRefreshRecord, type ListedRecord } from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { type EndpointState, quarantineEntryOf, servedRevision } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import { explainReport } from '../endpoints/explain.ts';
import { HISTORY_HEAD, historyRows } from '../endpoints/history.ts';
import { type EndpointReport, type ReportContext, reportOn } from '../endpoints/report.ts';
import { retryableRevisions } from '../endpoints/retry.ts';
import { chooseRevision } from '../endpoints/revision-choice.ts';
import { STATUS_HEAD, statusCells, statusFacts, statusTitle, statusViews } from '../endpoints/status.ts';
import { statusView } from '../endpoints/status-view.ts';
import type { EndpointEvent, OverviewEvent, PageEvent } from './page-data.ts';
import { slotSpans } from './slot-spans.ts';
import { uploadsOf } from './uploads.ts';

/** Reads what the page shows now. */
export type Reading = () => Promise<PageEvent>;

/** Between two readings of one endpoint, in milliseconds: as `freshpoint watch` does. */
const ENDPOINT_INTERVAL_MS = 2000;
/** Between two readings of all endpoints, in milliseconds: each is several calls. */
const OVERVIEW_INTERVAL_MS = 5000;
/** How long after the state has changed the history is read anew, in milliseconds: a record follows the state. */
const HISTORY_LAG_MS = 10_000;

/** A reading, and the time between two. */
export interface Feed {
  readonly read: Reading;
  readonly intervalMs: number;
}

/** All endpoints. */
export function overviewFeed(context: ReportContext): Feed {
  const read = async (): Promise<OverviewEvent> => {
    const views = await statusViews(await context.account.list(), context);
    const rows = views.map((view) => {
      return { endpoint: view.endpoint, cells: statusCells(view), needsAttention: view.needsAttention };
    });
    return { kind: 'overview', head: STATUS_HEAD, rows };
  };
  return { read, intervalMs: OVERVIEW_INTERVAL_MS };
}

/** One endpoint. Its history is read only while the state changes: each of its records is an object. */
export function endpointFeed(context: ReportContext, endpoint: string): Feed {
  let records: readonly ListedRecord[] | undefined;
  let known = '';
  let changedAt = 0;
  const read = async (): Promise<EndpointEvent> => {
    const report = await reportOn(context, endpoint);
    const state = JSON.stringify(report.state);
    if (state !== known) changedAt = report.now;
    if (records === undefined || report.now - changedAt < HISTORY_LAG_MS) {
      records = await context.account.history(report.spec.store);
    }
    known = state;
    return endpointEvent(report, records);
  };
  return { read, intervalMs: ENDPOINT_INTERVAL_MS };
}

function endpointEvent(report: EndpointReport, records: readonly ListedRecord[]): EndpointEvent {
  const { state, spec } = report;
  const view = statusView(report);
  return {
    kind: 'endpoint',
    title: statusTitle(view),
    view,
    facts: statusFacts(view),
    explanation: explainReport(report),
    spans: slotSpans(records, state, spec).map(shortened),
    uploads: uploadsOf(report, view, records).map(shortened),
    historyHead: HISTORY_HEAD,
    history: historyRows(records, state),
    returnable: returnableRevisions(report, records).map(shortRevision),
    retryable: retryableRevisions(state).map(shortRevision),
  };
}

function shortened<T extends { readonly revision?: string }>(shown: T): T {
  return shown.revision === undefined ? shown : { ...shown, revision: shortRevision(shown.revision) };
}

/** Revisions of the history that are stored, the one that `rollback` chooses first, those in quarantine last. */
function returnableRevisions({ endpoint, state }: EndpointReport, records: readonly ListedRecord[]): string[] {
  const serving = state.serving && servedRevision(state.serving);
  const listed = records.filter(isRefreshRecord).map(({ revision }) => revision);
  const stored = listed.filter((revision) => revision !== serving && state.stored?.includes(revision));
  const sound = stored.filter((revision) => !quarantineEntryOf(state, revision));
  return [...new Set([...chosen(records, state, endpoint), ...sound, ...stored])];
}

function chosen(records: readonly ListedRecord[], state: EndpointState, endpoint: string): string[] {
  try {
    return [chooseRevision(records, state, { endpoint })];
  } catch {
    return [];
  }
}

/** What the feed reads, whenever it has changed, until the reader is gone. `pause` rejects when it is. */
export async function* changesOf(
  { read, intervalMs }: Feed,
  pause: (ms: number) => Promise<unknown>,
): AsyncGenerator<PageEvent> {
  let shown = '';
  for (;;) {
    const event = await read().catch(problemIn);
    const text = JSON.stringify(event);
    if (text !== shown) yield event;
    shown = text;
    await pause(intervalMs);
  }
}

function problemIn(error: unknown): PageEvent {
  if (error instanceof CommandFailure) return { kind: 'problem', message: error.message };
  throw error;
}
