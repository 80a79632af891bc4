import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { Failure, UsageError } from '../failure.ts';
import { refusalOf } from './refusal.ts';
import { short } from './report.ts';

/** The revision to go to: the one that begins with `to`, else the newest that was served before what is served. Throws Failure. */
export function chooseRevision(
  records: readonly HistoryRecord[],
  state: EndpointState,
  { endpoint, to }: { readonly endpoint: string; readonly to?: string },
): string {
  const served = state.serving?.revision;
  const all = [...new Set(records.map(({ revision }) => revision))];
  if (to === undefined) {
    // What came before it, not what came after it and was left.
    const order = arrivals(records);
    const before = served === undefined ? order : order.slice(order.indexOf(served) + 1);
    const found = before.find((revision) => revision !== served && !refusalOf(state, revision));
    if (found) return found;
    throw new Failure(`Nothing that ${endpoint} served before is on record. Look at: freshpoint history ${endpoint}`);
  }
  const matches = all.filter((revision) => revision.startsWith(to.toLowerCase()));
  const listed = all.slice(0, 8).map(short).join(', ') || 'none';
  if (matches.length === 0) throw new UsageError(`--to is "${to}", expected the beginning of one of: ${listed}`);
  if (matches.length > 1)
    throw new UsageError(`--to "${to}" is the beginning of several: ${matches.map(short).join(', ')}`);
  if (matches[0] === served) throw new Failure(`${endpoint} serves ${short(served!)} already.`);
  return matches[0]!;
}

/** What was served, newest upload first. That a person or a deployment put one on the endpoint again makes it no newer. */
function arrivals(records: readonly HistoryRecord[]): string[] {
  const order = new Set<string>();
  for (const { revision, outcome, trigger } of [...records].reverse()) {
    if (outcome === 'refused') continue;
    if (trigger === 'upload') order.delete(revision);
    order.add(revision);
  }
  return [...order].reverse();
}
