import { type HistoryRecord, isRefreshRecord } from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure, UsageError } from '../command-failure.ts';
import { quarantineEntryOf } from './quarantine-entry.ts';

/** Revisions that a message lists. */
const MAX_LISTED_REVISIONS = 8;

/** Where to return to. */
interface RevisionRequest {
  readonly endpoint: string;
  /** The first digits of a revision. Absent: the revision that was uploaded before the one that serves. */
  readonly to?: string;
}

/** The revision to return to. Throws CommandFailure. */
export function chooseRevision(
  records: readonly HistoryRecord[],
  state: EndpointState,
  { endpoint, to }: RevisionRequest,
): string {
  const serving = state.serving?.revision;
  const revision =
    to === undefined ? previousRevision(records, state) : matchingRevision(records, { endpoint, to: to.toLowerCase() });
  if (revision === undefined) {
    throw new CommandFailure(
      `The history of ${endpoint} has no earlier revision to return to. ` +
        `Run \`freshpoint history ${endpoint}\` to list its revisions.`,
    );
  }
  if (revision === serving) throw new CommandFailure(`${endpoint} already serves ${shortRevision(revision)}.`);
  return revision;
}

/** The newest revision uploaded before the one that serves: never one that was rolled back or is quarantined. */
function previousRevision(records: readonly HistoryRecord[], state: EndpointState): string | undefined {
  const serving = state.serving?.revision;
  const order = uploadOrder(records);
  const earlier = serving === undefined ? order : order.slice(order.indexOf(serving) + 1);
  return earlier.find((revision) => revision !== serving && !quarantineEntryOf(state, revision));
}

function matchingRevision(
  records: readonly HistoryRecord[],
  { endpoint, to }: Required<RevisionRequest>,
): string | undefined {
  const revisions = [...new Set(records.filter(isRefreshRecord).map(({ revision }) => revision))];
  if (revisions.length === 0) return undefined;
  const [match, ...others] = revisions.filter((revision) => revision.startsWith(to));
  if (match === undefined) {
    throw new UsageError(
      `--to is "${to}", expected the first digits of a revision of ${endpoint}, one of: ${list(revisions)}.`,
    );
  }
  if (others.length > 0) {
    throw new UsageError(`--to is "${to}", which matches several revisions: ${list([match, ...others])}. Add digits.`);
  }
  return match;
}

function list(revisions: readonly string[]): string {
  const listed = revisions.slice(0, MAX_LISTED_REVISIONS).map(shortRevision).join(', ');
  return revisions.length > MAX_LISTED_REVISIONS ? `${listed}, …` : listed;
}

/** Revisions that have served, newest upload first. A pin or a deployment of a revision does not make it newer. */
function uploadOrder(records: readonly HistoryRecord[]): string[] {
  const order = new Set<string>();
  for (const { revision, outcome, trigger } of records.filter(isRefreshRecord).reverse()) {
    if (outcome === 'refused' || outcome === 'passedOver') continue;
    if (trigger === 'upload') order.delete(revision);
    order.add(revision);
  }
  return [...order].reverse();
}
