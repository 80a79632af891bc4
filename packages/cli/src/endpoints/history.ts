import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import { harmless, wrap } from '../text.ts';
import type { EndpointAccount } from './account.ts';

/** Settings of `freshpoint history`. */
export interface HistoryArguments {
  readonly command: 'history';
  /** Absent: which endpoints there are. */
  readonly endpoint?: string;
  readonly json: boolean;
}

/** Prints the refreshes of an endpoint, newest first, or the ids of all endpoints. `columns`: a terminal's width. */
export async function runHistory(
  { endpoint, json }: HistoryArguments,
  account: EndpointAccount,
  write: (line: string) => void,
  columns = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (endpoint === undefined) {
    const ids = await account.list();
    for (const id of ids) write(json ? JSON.stringify({ endpoint: id }) : id);
    if (ids.length === 0 && !json) write('There is no endpoint in this account and region.');
    return;
  }
  const { state } = await account.read(endpoint);
  const records = await account.history(endpoint);
  const served = state.serving?.revision;
  if (json) {
    for (const record of records) write(JSON.stringify({ ...record, serving: record.revision === served }));
    return;
  }
  if (records.length === 0) write(`No refresh of ${endpoint} is on record yet.`);
  for (const line of table(records, served, columns)) write(line);
}

const HEAD = ['', 'when', 'took', 'revision', 'slot', 'by', 'outcome'];

const INDENT = '     ';
/** Narrower than this, reasons run over the edge. */
const NARROWEST = 20;

function table(records: readonly HistoryRecord[], serving: string | undefined, columns: number): string[] {
  if (records.length === 0) return [];
  const rows = records.map((record) => [
    record.revision === serving && record.outcome !== 'refused' ? '*' : '',
    record.at.slice(0, 19).replace('T', ' '),
    `${record.seconds} s`,
    record.revision.slice(0, 12),
    record.slot.toUpperCase(),
    record.trigger,
    record.outcome,
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const why = ({ message, warning }: HistoryRecord) =>
    [message, warning]
      .filter((text) => text !== undefined)
      .flatMap((text) => wrap(harmless(text), Math.max(NARROWEST, columns - INDENT.length)))
      .map((text) => INDENT + text);
  return [
    line(HEAD),
    ...rows.flatMap((row, index) => [line(row), ...why(records[index]!)]),
    '* is served now; times are UTC',
  ];
}
