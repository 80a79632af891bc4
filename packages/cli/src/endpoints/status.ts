import { shortRevision } from '@freshpoint/engine/policy/revision';
import { CommandFailure, EXIT_CODES } from '../command-failure.ts';
import type { Output } from '../output.ts';
import { alignColumns, formatTime, type OutputFormat, withoutControlCharacters, wrap } from '../text.ts';
import { type ReportContext, reportOn } from './report.ts';
import { type EndpointStatusView, statusView } from './status-view.ts';

/** Arguments of `freshpoint status`. */
export interface StatusArguments {
  readonly command: 'status';
  /** Absent: all endpoints. */
  readonly endpoint?: string;
  readonly format: OutputFormat;
}

/** Endpoints that are read at once. */
const PARALLEL_REPORTS = 5;
/** Quarantined revisions that are shown of one endpoint. */
const MAX_SHOWN_QUARANTINED = 3;
const LABEL_COLUMNS = 12;
/** Texts are not wrapped narrower than this, in columns. */
const MIN_TEXT_COLUMNS = 30;
/** Heads of the columns that list all endpoints. */
export const STATUS_HEAD = ['endpoint', 'serves', 'slot', 'since', 'rollout', 'attention'];

/** Prints the status of one endpoint or of all. Returns the exit code. */
export async function runStatus(
  { endpoint, format }: StatusArguments,
  context: ReportContext,
  output: Output,
): Promise<number> {
  const views =
    endpoint === undefined
      ? await statusViews(await context.account.list(), context)
      : [statusView(await reportOn(context, endpoint))];
  for (const line of linesOf(views, { endpoint, format, output })) output.write(line);
  return views.some(({ needsAttention }) => needsAttention) ? EXIT_CODES.needsAttention : EXIT_CODES.success;
}

/** The status of each of these endpoints. One whose spec or state cannot be read does not hide the others. */
export async function statusViews(ids: readonly string[], context: ReportContext): Promise<EndpointStatusView[]> {
  const views: EndpointStatusView[] = [];
  for (let from = 0; from < ids.length; from += PARALLEL_REPORTS) {
    const read = ids.slice(from, from + PARALLEL_REPORTS).map((id) => viewOf(id, context));
    views.push(...(await Promise.all(read)));
  }
  return views;
}

async function viewOf(endpoint: string, context: ReportContext): Promise<EndpointStatusView> {
  try {
    return statusView(await reportOn(context, endpoint));
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return { endpoint, quarantined: [], problem: error.message, needsAttention: true };
  }
}

function linesOf(
  views: readonly EndpointStatusView[],
  { endpoint, format, output }: Pick<StatusArguments, 'endpoint' | 'format'> & { readonly output: Output },
): string[] {
  if (format === 'json') return views.map((view) => JSON.stringify(view));
  if (endpoint !== undefined) return views.flatMap((view) => statusLines(view, output));
  if (views.length === 0) return ['There is no endpoint in this account and region.'];
  const [head = '', ...rows] = alignColumns([STATUS_HEAD, ...views.map(statusCells)]);
  const painted = rows.map((row, index) => (views[index]?.needsAttention ? output.paint('red', row) : row));
  return [output.paint('bold', head), ...painted, 'times are UTC'];
}

/** The cells of an endpoint in the list of all. */
export function statusCells(view: EndpointStatusView): string[] {
  const { endpoint, serving, rollout, waiting } = view;
  const until = waiting?.until === undefined ? '' : ` until ${clockTime(waiting.until)}`;
  const revision = serving?.revision === undefined ? '-' : shortRevision(serving.revision);
  return [
    endpoint,
    revision,
    serving?.slot?.toUpperCase() ?? '-',
    serving ? shownTime(serving.since) : '-',
    rollout ? `${shortRevision(rollout.revision)} ${rollout.phase}${until}` : '-',
    attentionOf(view).join(', '),
  ].map(withoutControlCharacters);
}

function attentionOf(view: EndpointStatusView): string[] {
  const { endpointName, status, stalled, suspended, pinned, moved, waiting, needsAttention, problem } = view;
  const words = [
    status !== undefined && status !== 'InService' && status,
    stalled && `stalled: ${stalled.reason}`,
    needsAttention && !stalled && status === 'InService' && (waiting?.reason ?? 'newest upload quarantined'),
    suspended && 'suspended',
    pinned && 'pinned',
    moved !== undefined && 'moved by hand',
    problem !== undefined && (endpointName === undefined ? 'unreadable' : 'partly unreadable'),
  ];
  return words.filter((word) => typeof word === 'string');
}

/** One endpoint in full. */
function statusLines(view: EndpointStatusView, { columns, paint }: Output): string[] {
  const width = Math.max(MIN_TEXT_COLUMNS, columns - LABEL_COLUMNS - 2);
  const lines = statusFacts(view).flatMap(([label, text]) => {
    const [first = '', ...rest] = wrap(text, width);
    const name = paint(label === 'stalled' || label === 'moved' ? 'red' : 'bold', label.padEnd(LABEL_COLUMNS));
    return [`  ${name}${first}`, ...rest.map((line) => `  ${' '.repeat(LABEL_COLUMNS)}${line}`)];
  });
  return [paint('bold', statusTitle(view)), ...lines, '  times are UTC'];
}

/** The endpoint by its names, and its status. */
export function statusTitle({ endpoint, endpointName, status = 'status unknown' }: EndpointStatusView): string {
  return withoutControlCharacters(`${endpoint} (SageMaker endpoint ${endpointName}, ${status})`);
}

/** What there is to say about an endpoint, line by line. */
export function statusFacts(view: EndpointStatusView): [label: string, text: string][] {
  const { serving, newest, rollout, waiting, stalled, moved, problem } = view;
  const facts: [string, string | undefined | false][] = [
    ['serves', servingText(serving)],
    ['newest', newest && `${shortRevision(newest.revision)}, uploaded ${shownTime(newest.uploadedAt)}`],
    ['rollout', rollout && `${shortRevision(rollout.revision)} ${rollout.phase} since ${shownTime(rollout.since)}`],
    ['waits', waiting && waitingText(waiting)],
    ...personFacts(view),
    ...quarantineFacts(view),
    ['stalled', stalled && `since ${shownTime(stalled.since)}: ${stalled.reason}: ${stalled.message}`],
    ['moved', moved],
    ['unreadable', problem],
  ];
  return facts.flatMap(([label, text]) => (typeof text === 'string' ? [[label, withoutControlCharacters(text)]] : []));
}

function servingText(serving: EndpointStatusView['serving']): string {
  if (!serving) return 'unknown';
  const { revision, slot, since } = serving;
  const what = revision === undefined ? 'data that is not known' : shortRevision(revision);
  return `${what}${slot ? ` in slot ${slot.toUpperCase()}` : ''} since ${shownTime(since)}`;
}

function waitingText({ reason, message, until }: NonNullable<EndpointStatusView['waiting']>): string {
  return `${reason}${until === undefined ? '' : ` until ${shownTime(until)}`}: ${message}`;
}

function personFacts({ suspended, pinned }: EndpointStatusView): [string, string | undefined][] {
  const because = (reason: string | undefined) => (reason === undefined ? '' : `: ${reason}`);
  const again = pinned?.passedOver ? ' The revision that was rolled back was uploaded again and passed over.' : '';
  return [
    ['suspended', suspended && `by ${suspended.by} since ${shownTime(suspended.at)}${because(suspended.reason)}`],
    [
      'pinned',
      pinned &&
        `to ${shortRevision(pinned.revision)} by ${pinned.by} since ${shownTime(pinned.at)}${because(pinned.reason)}` +
          `${again && `.${again}`}`,
    ],
  ];
}

function quarantineFacts({ quarantined }: EndpointStatusView): [string, string][] {
  const shown = quarantined.slice(0, MAX_SHOWN_QUARANTINED).map(({ revision, at, message }): [string, string] => {
    return ['quarantined', `${shortRevision(revision)} since ${shownTime(at)}: ${message ?? 'no message'}`];
  });
  const more = quarantined.length - shown.length;
  return more > 0 ? [...shown, ['', `and ${more} more`]] : shown;
}

function shownTime(iso: string): string {
  return formatTime(Date.parse(iso));
}

function clockTime(iso: string): string {
  return shownTime(iso).slice(-8);
}
