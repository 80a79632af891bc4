import { type HistoryRecord, isRefreshRecord } from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { type EndpointState, quarantineEntryOf, servedRevision } from '@freshpoint/engine/policy/state';
import { CommandFailure, UsageError } from '../command-failure.ts';

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
  const serving = state.serving && servedRevision(state.serving);
  const revision =
    to === undefined ? previousRevision(records, state) : matchingRevision(records, { endpoint, to: to.toLowerCase() });
  if (revision === undefined) {
    throw new CommandFailure(
      `There is no earlier revision of ${endpoint} to return to. ` +
        `Run \`freshpoint history ${endpoint}\` to list its revisions.`,
    );
  }
  if (revision === serving) throw new CommandFailure(`${endpoint} already serves ${shortRevision(revision)}.`);
  if (!isAvailable(state, revision)) {
    const stored = state.stored?.length ? ` Revisions that are: ${list(state.stored)}.` : '';
    throw new CommandFailure(
      `Revision ${shortRevision(revision)} is not in the data bucket of ${endpoint} any more.${stored} ` +
        'Upload it again, or return to one that is.',
    );
  }
  return revision;
}

/** Whether the revision store has the revision. While the state is being rebuilt, that is not known. */
function isAvailable({ stored, lostAt }: EndpointState, revision: string): boolean {
  return lostAt !== undefined || (stored?.includes(revision) ?? false);
}

/** The newest revision uploaded before the one that serves: never one that was rolled back or is quarantined. */
function previousRevision(records: readonly HistoryRecord[], state: EndpointState): string | undefined {
  const serving = state.serving && servedRevision(state.serving);
  const order = uploadOrder(records);
  const earlier = serving === undefined ? order : order.slice(order.indexOf(serving) + 1);
  return earlier.find(
    (revision) => revision !== serving && isAvailable(state, revision) && !quarantineEntryOf(state, revision),
  );
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
