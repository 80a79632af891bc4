import { shortRevision } from '@freshpoint/engine/policy/revision';
import { recordedUpdate } from '@freshpoint/engine/policy/rollout';
import { CommandFailure, EXIT_CODES } from '../command-failure.ts';
import type { Output } from '../output.ts';
import { formatTime, type OutputFormat, withoutControlCharacters } from '../text.ts';
import { type EndpointReport, type ReportContext, reportOn } from './report.ts';
import { type EndpointStatusView, needsPerson, statusView } from './status-view.ts';

/** Arguments of `freshpoint watch`. */
export interface WatchArguments {
  readonly command: 'watch';
  readonly endpoint: string;
  readonly format: OutputFormat;
}

/** What the command needs from its process. */
export interface WatchContext extends ReportContext {
  readonly pause: (ms: number) => Promise<void>;
}

/** What happens, in one line. */
interface WatchEvent {
  readonly event: string;
  readonly revision?: string;
  readonly message?: string;
  readonly until?: string;
}

const POLL_INTERVAL_MS = 2000;

/**
 * Prints each change until the newest revision serves, something stalls, or only a person can make it serve. A stall
 * from before is printed and does not end it: its cause may have been mended. Returns the exit code.
 */
export async function runWatch(
  { endpoint, format }: WatchArguments,
  context: WatchContext,
  output: Output,
): Promise<number> {
  let printed = '';
  let earlierStall: string | undefined;
  for (let first = true; ; first = false, await context.pause(POLL_INTERVAL_MS)) {
    const report = await reportOn(context, endpoint);
    if (!report.next && report.problem !== undefined) throw new CommandFailure(report.problem);
    const print = (event: WatchEvent) => {
      const key = JSON.stringify({ ...event, until: undefined });
      if (key !== printed) output.write(lineOf(event, { format, now: report.now }));
      printed = key;
    };
    const view = statusView(report);
    const { stalled } = view;
    if (first) earlierStall = stalled?.since;
    const isNewStall = stalled !== undefined && stalled.since !== earlierStall;
    if (stalled && (first || isNewStall)) print(stallEvent(stalled));
    if (isNewStall) return EXIT_CODES.needsAttention;
    print(eventOf(report, view));
    if (needsPerson(report)) return EXIT_CODES.needsAttention;
    if (isDone(report)) return EXIT_CODES.success;
  }
}

/** Nothing is on its way: what the controller did is recorded, too. */
function isDone({ next, state }: EndpointReport): boolean {
  return next?.kind === 'done' && !recordedUpdate(state);
}

function stallEvent({ reason, message }: { readonly reason: string; readonly message: string }): WatchEvent {
  return { event: 'stalled', message: `${reason}: ${message}` };
}

function eventOf(report: EndpointReport, view: EndpointStatusView): WatchEvent {
  const { serving, rollout, waiting } = view;
  if (report.next?.kind === 'stalled') return stallEvent(report.next);
  if (isDone(report)) return endOf(report, serving?.revision);
  const reason = waiting && { message: `${waiting.reason}: ${waiting.message}` };
  const until = waiting?.until === undefined ? {} : { until: waiting.until };
  if (rollout) return { event: rollout.phase, revision: rollout.revision, ...reason, ...until };
  if (waiting) return { event: 'waiting', ...reason, ...until };
  return { event: 'waiting', message: 'for the next pass of the controller' };
}

function endOf({ next, sources }: EndpointReport, serving: string | undefined): WatchEvent {
  if (next?.kind !== 'done') return { event: 'waiting' };
  if (next.reason === 'Serving') return { event: 'serving', revision: serving };
  const event = next.reason === 'Quarantined' ? 'quarantined' : 'gone';
  return { event, revision: sources?.revision, message: next.message };
}

function lineOf(event: WatchEvent, { format, now }: { readonly format: OutputFormat; readonly now: number }): string {
  if (format === 'json') return JSON.stringify({ at: new Date(now).toISOString(), ...event });
  const { event: name, revision, message, until } = event;
  const parts = [
    formatTime(now),
    name.padEnd('quarantined'.length),
    revision === undefined ? '' : shortRevision(revision),
    message ?? '',
    until === undefined ? '' : `(until ${formatTime(Date.parse(until))})`,
  ];
  return withoutControlCharacters(parts.filter((part) => part !== '').join('  '));
}
