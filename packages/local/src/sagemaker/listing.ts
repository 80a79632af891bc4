import { constraint } from './errors.ts';

/** What a List operation can filter and sort by. */
export interface Listed {
  readonly name: string;
  readonly created: number;
  readonly modified: number;
  readonly status?: string;
}

interface ListInput {
  NameContains?: string;
  StatusEquals?: string;
  CreationTimeAfter?: Date | number;
  CreationTimeBefore?: Date | number;
  LastModifiedTimeAfter?: Date | number;
  LastModifiedTimeBefore?: Date | number;
  SortBy?: string;
  SortOrder?: string;
  MaxResults?: number;
  NextToken?: string;
}

/** One page, as ListEndpoints, ListEndpointConfigs and ListModels filter, sort (newest first by default) and cut (10 by default). */
export function page<T>(
  items: Iterable<T>,
  view: (item: T) => Listed,
  input: ListInput,
): { items: T[]; NextToken?: string } {
  const size = input.MaxResults ?? 10;
  if (!Number.isInteger(size) || size < 1) {
    throw constraint('maxResults', size, 'have value greater than or equal to 1');
  }
  if (size > 100) throw constraint('maxResults', size, 'have value less than or equal to 100');
  const rows = [...items].map((item) => ({ item, row: view(item) })).filter(({ row }) => matches(row, input));
  const sign = input.SortOrder === 'Ascending' ? 1 : -1;
  rows.sort((a, b) => sign * compare(a.row, b.row, input.SortBy));
  const start = input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64url').toString());
  if (!Number.isSafeInteger(start) || start < 0) throw constraint('nextToken', input.NextToken, 'be a valid token');
  const end = start + size;
  return {
    items: rows.slice(start, end).map(({ item }) => item),
    ...(end < rows.length && { NextToken: Buffer.from(String(end)).toString('base64url') }),
  };
}

function matches(row: Listed, input: ListInput): boolean {
  return (
    (input.NameContains === undefined || row.name.toLowerCase().includes(input.NameContains.toLowerCase())) &&
    (input.StatusEquals === undefined || row.status === input.StatusEquals) &&
    within(row.created, input.CreationTimeAfter, input.CreationTimeBefore) &&
    within(row.modified, input.LastModifiedTimeAfter, input.LastModifiedTimeBefore)
  );
}

function within(ms: number, after?: Date | number, before?: Date | number): boolean {
  return (after === undefined || ms > toMs(after)) && (before === undefined || ms < toMs(before));
}

/** The JSON protocol sends times as seconds; callers in process pass a Date. */
const toMs = (time: Date | number): number => (typeof time === 'number' ? time * 1000 : time.getTime());

function compare(a: Listed, b: Listed, by = 'CreationTime'): number {
  const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  if (by === 'Name') return byName;
  if (by === 'Status') return (a.status ?? '') < (b.status ?? '') ? -1 : a.status === b.status ? byName : 1;
  return a.created - b.created || byName;
}
