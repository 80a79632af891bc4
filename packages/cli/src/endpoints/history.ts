import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { type OutputFormat, withoutControlCharacters, wrap } from '../text.ts';
import type { EndpointAccount } from './account.ts';

/** Arguments of `freshpoint history`. */
export interface HistoryArguments {
  readonly command: 'history';
  /** Absent: list the endpoints. */
  readonly endpoint?: string;
  readonly format: OutputFormat;
}

/** A record, and whether its revision serves. */
interface HistoryEntry extends Omit<HistoryRecord, 'serving'> {
  readonly serving: boolean;
}

const HEAD = ['', 'when', 'took', 'revision', 'slot', 'trigger', 'outcome'];
const INDENT = '     ';
/** Messages are not wrapped narrower than this, in columns. */
const MIN_MESSAGE_COLUMNS = 20;

/** Prints the refreshes of an endpoint, newest first, or the ids of all endpoints. `columns`: the terminal's width. */
export async function runHistory(
  { endpoint, format }: HistoryArguments,
  account: EndpointAccount,
  write: (line: string) => void,
  columns = Number.POSITIVE_INFINITY,
): Promise<void> {
  const lines =
    endpoint === undefined
      ? endpointLines(await account.list(), format)
      : refreshLines(endpoint, await entriesOf(endpoint, account), { format, columns });
  for (const line of lines) write(line);
}

function endpointLines(ids: readonly string[], format: OutputFormat): readonly string[] {
  if (format === 'json') return ids.map((endpoint) => JSON.stringify({ endpoint }));
  return ids.length > 0 ? ids : ['There is no endpoint in this account and region.'];
}

function refreshLines(
  endpoint: string,
  entries: readonly HistoryEntry[],
  { format, columns }: { readonly format: OutputFormat; readonly columns: number },
): readonly string[] {
  if (format === 'json') return entries.map((entry) => JSON.stringify(entry));
  return entries.length > 0 ? table(entries, columns) : [`The history of ${endpoint} is empty.`];
}

async function entriesOf(endpoint: string, account: EndpointAccount): Promise<HistoryEntry[]> {
  const { state, spec } = await account.read(endpoint);
  const records = await account.history(spec.store);
  return records.map((record) => ({
    ...record,
    // A revision can serve although it was refused once: that refresh is not what serves.
    serving: record.revision === state.serving?.revision && record.outcome !== 'refused',
  }));
}

function table(entries: readonly HistoryEntry[], columns: number): string[] {
  const rows = entries.map((entry) => ({ cells: cellsOf(entry), messages: messageLines(entry, columns) }));
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => (cells[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return [
    line(HEAD),
    ...rows.flatMap(({ cells, messages }) => [line(cells), ...messages]),
    '* serving now; times are UTC',
  ];
}

function cellsOf({ serving, at, seconds, revision, slot, trigger, outcome }: HistoryEntry): string[] {
  const when = at.slice(0, 19).replace('T', ' ');
  return [serving ? '*' : '', when, `${seconds} s`, shortRevision(revision), slot.toUpperCase(), trigger, outcome].map(
    withoutControlCharacters,
  );
}

function messageLines({ message, warning }: HistoryEntry, columns: number): string[] {
  return [message, warning]
    .filter((text) => text !== undefined)
    .flatMap((text) => wrap(withoutControlCharacters(text), Math.max(MIN_MESSAGE_COLUMNS, columns - INDENT.length)))
    .map((text) => INDENT + text);
}
