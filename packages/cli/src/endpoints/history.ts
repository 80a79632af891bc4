import type { HistoryRecord } from '../../../engine/src/history.ts';
import type { EndpointAccount } from './account.ts';

/** Settings of `freshpoint history`. */
export interface HistoryArguments {
  readonly command: 'history';
  /** Absent: which endpoints there are. */
  readonly endpoint?: string;
  readonly json: boolean;
}

/** Prints the refreshes of an endpoint, newest first, or the ids of all endpoints. */
export async function runHistory(
  { endpoint, json }: HistoryArguments,
  account: EndpointAccount,
  write: (line: string) => void,
): Promise<void> {
  if (endpoint === undefined) {
    for (const id of await account.list()) write(json ? JSON.stringify({ endpoint: id }) : id);
    return;
  }
  const { state } = await account.read(endpoint);
  const records = await account.history(endpoint);
  const served = state.served?.revision;
  if (json) {
    for (const record of records) write(JSON.stringify({ ...record, served: record.revision === served }));
    return;
  }
  if (records.length === 0) write(`No refresh of ${endpoint} is on record yet.`);
  for (const line of table(records, served)) write(line);
}

const HEAD = ['', 'when', 'took', 'revision', 'slot', 'by', 'outcome'];

function table(records: readonly HistoryRecord[], served: string | undefined): string[] {
  if (records.length === 0) return [];
  const rows = records.map((record) => [
    record.revision === served ? '*' : '',
    record.at.slice(0, 19).replace('T', ' '),
    `${record.seconds} s`,
    record.revision.slice(0, 12),
    record.slot.toUpperCase(),
    record.by,
    record.outcome,
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const why = ({ reason, warning }: HistoryRecord) => [reason, warning].filter((text) => text !== undefined);
  return [
    line(HEAD),
    ...rows.flatMap((row, index) => [line(row), ...why(records[index]!).map((text) => `     ${text}`)]),
    '* is served now; times are UTC',
  ];
}
