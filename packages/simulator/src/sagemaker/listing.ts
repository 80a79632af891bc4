import { page } from '../core/page.ts';
import { constraint } from './errors.ts';

/** The properties that a List operation filters and sorts by. */
export interface Listed {
  readonly name: string;
  readonly created: number;
  readonly modified: number;
  readonly status?: string;
}

/** The members that the List operations share. */
interface ListInput {
  readonly NameContains?: string | undefined;
  readonly StatusEquals?: string | undefined;
  readonly CreationTimeAfter?: Date | number | undefined;
  readonly CreationTimeBefore?: Date | number | undefined;
  readonly LastModifiedTimeAfter?: Date | number | undefined;
  readonly LastModifiedTimeBefore?: Date | number | undefined;
  readonly SortBy?: string | undefined;
  readonly SortOrder?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const DEFAULT_PAGE_ITEMS = 10;

/** One page of ListEndpoints, ListEndpointConfigs or ListModels; by default the newest come first. */
export function listPage<T>(
  items: Iterable<T>,
  view: (item: T) => Listed,
  input: ListInput,
): { items: T[]; NextToken?: string } {
  const size = input.MaxResults ?? DEFAULT_PAGE_ITEMS;
  if (!Number.isInteger(size) || size < 1) {
    throw constraint('maxResults', size, 'have value greater than or equal to 1');
  }
  if (size > 100) throw constraint('maxResults', size, 'have value less than or equal to 100');
  const rows = [...items].map((item) => ({ item, row: view(item) })).filter(({ row }) => matches(row, input));
  const sign = input.SortOrder === 'Ascending' ? 1 : -1;
  rows.sort((a, b) => sign * compare(a.row, b.row, input.SortBy));
  const start = input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64url').toString());
  if (!Number.isSafeInteger(start) || start < 0) throw constraint('nextToken', input.NextToken, 'be a valid token');
  const { items: listed, next } = page(rows, size, start);
  return {
    items: listed.map(({ item }) => item),
    ...(next !== undefined && { NextToken: Buffer.from(String(next)).toString('base64url') }),
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

/** A time is a number of seconds in the JSON protocol, and a Date from callers in process. */
const toMs = (time: Date | number): number => (typeof time === 'number' ? time * 1000 : time.getTime());

function compare(a: Listed, b: Listed, by = 'CreationTime'): number {
  const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  if (by === 'Name') return byName;
  if (by === 'Status') return (a.status ?? '') < (b.status ?? '') ? -1 : a.status === b.status ? byName : 1;
  return a.created === b.created ? byName : a.created - b.created;
}
