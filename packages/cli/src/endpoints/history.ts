import type {
  ActionRecord,
  HistoryRecord,
  ListedRecord,
  RefreshRecord,
  StallRecord,
} from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { type EndpointState, type Pin, servedRevision } from '@freshpoint/engine/policy/state';
import { alignColumns, type OutputFormat, withoutControlCharacters, wrap } from '../text.ts';
import type { EndpointAccount } from './account.ts';

/** Arguments of `freshpoint history`. */
export interface HistoryArguments {
  readonly command: 'history';
  /** Absent: list the endpoints. */
  readonly endpoint?: string;
  readonly format: OutputFormat;
}

/** A record as a row: its cells, and the texts below them. */
export interface HistoryRow {
  readonly cells: readonly string[];
  readonly messages: readonly string[];
}

/** A record, and whether its revision serves. */
type HistoryEntry = WithServing<RefreshRecord> | WithServing<StallRecord> | WithServing<ActionRecord>;
type WithServing<T> = Omit<T, 'serving'> & { readonly serving: boolean };

/** Heads of the columns. */
export const HISTORY_HEAD = [' ', 'when', 'took', 'revision', 'slot', 'by', 'outcome'];
/** Outcomes that are shown in other words. */
const OUTCOMES: Readonly<Record<string, string>> = { passedOver: 'passed over' };
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
  return entriesIn(await account.history(spec.store), state);
}

/** The records as rows. */
export function historyRows(records: readonly ListedRecord[], state: EndpointState): HistoryRow[] {
  return entriesIn(records, state).map((entry) => ({ cells: cellsOf(entry), messages: messagesOf(entry) }));
}

function entriesIn(records: readonly ListedRecord[], state: EndpointState): HistoryEntry[] {
  // A stall and its end have the time at which it began.
  const served = state.serving && servedRevision(state.serving);
  const ordered = [...records].sort((one, other) => other.at.localeCompare(one.at) || other.writtenAt - one.writtenAt);
  return ordered.map(({ writtenAt: _, ...record }) => ({
    ...record,
    // A revision can serve although it was refused once: that refresh is not what serves.
    serving: hasServed(record) && record.revision === served,
  }));
}

function hasServed(record: Pick<HistoryRecord, 'outcome'>): boolean {
  return record.outcome === 'succeeded' || record.outcome === 'deployed';
}

function table(entries: readonly HistoryEntry[], columns: number): string[] {
  const [head = '', ...lines] = alignColumns([HISTORY_HEAD, ...entries.map(cellsOf)]);
  const rows = entries.flatMap((entry, index) => [lines[index] ?? '', ...messageLines(messagesOf(entry), columns)]);
  return [head, ...rows, '* serving now; times are UTC'];
}

function cellsOf(entry: HistoryEntry): string[] {
  const { serving, at, revision, outcome } = entry;
  const when = at.slice(0, 19).replace('T', ' ');
  const took = 'seconds' in entry ? `${entry.seconds} s` : '';
  const slot = 'slot' in entry ? entry.slot.toUpperCase() : '';
  const shown = revision === undefined ? '' : shortRevision(revision);
  return [serving ? '*' : '', when, took, shown, slot, actorIn(entry), OUTCOMES[outcome] ?? outcome].map(
    withoutControlCharacters,
  );
}

/** What caused it: a person, by name, or the trigger of a refresh. */
function actorIn(entry: HistoryEntry): string {
  if ('trigger' in entry) return entry.trigger;
  return 'by' in entry ? entry.by : '';
}

function messagesOf(entry: HistoryEntry): string[] {
  const texts: (string | undefined)[] = 'message' in entry ? [entry.message] : [];
  if ('warning' in entry) texts.push(entry.warning);
  if ('pin' in entry && entry.trigger === 'pin') texts.push(rolledBackBy(entry.pin));
  if ('by' in entry) texts.push(entry.reason);
  return texts.filter((text) => text !== undefined).map(withoutControlCharacters);
}

function messageLines(messages: readonly string[], columns: number): string[] {
  const width = Math.max(MIN_MESSAGE_COLUMNS, columns - INDENT.length);
  return messages.flatMap((text) => wrap(text, width)).map((text) => INDENT + text);
}

function rolledBackBy(pin: Pin | undefined): string | undefined {
  if (!pin) return undefined;
  return pin.reason === undefined ? `rolled back by ${pin.by}` : `rolled back by ${pin.by}: ${pin.reason}`;
}
