import { shortRevision } from '@freshpoint/engine/policy/revision';
import { recordedUpdate } from '@freshpoint/engine/policy/rollout';
import type { Stall } from '@freshpoint/engine/policy/state';
import type { Output } from '../output.ts';
import { formatTime, type OutputFormat, withoutControlCharacters, wrap } from '../text.ts';
import { type EndpointReport, type ReportContext, reportOn } from './report.ts';
import { isWaitForTime, movedIn, newestQuarantine } from './status-view.ts';

/** Arguments of `freshpoint explain`. */
export interface ExplainArguments {
  readonly command: 'explain';
  readonly endpoint: string;
  readonly format: OutputFormat;
}

/** Why the newest upload does not serve, and what a person can do. */
export interface Explanation {
  readonly reason: string;
  /** A paragraph. */
  readonly explanation: string;
  readonly nextStep: string;
}

/** A paragraph is not wider than this, in columns. */
const MAX_COLUMNS = 100;

/** Prints why the newest upload does not serve, and the next step. */
export async function runExplain(
  { endpoint, format }: ExplainArguments,
  context: ReportContext,
  output: Output,
): Promise<void> {
  const report = await reportOn(context, endpoint);
  const explained = explainReport(report);
  if (format === 'json') {
    const revision = report.sources?.revision;
    output.write(JSON.stringify({ endpoint, revision, ...explained }));
    return;
  }
  const width = Math.min(MAX_COLUMNS, output.columns);
  const { explanation, nextStep } = explained;
  for (const line of wrap(explanation, width)) output.write(line);
  output.write('');
  const [first = '', ...rest] = wrap(nextStep, width - 'Next: '.length);
  output.write(`${output.paint('bold', 'Next:')} ${first}`);
  for (const line of rest) output.write(`      ${line}`);
}

/** Says in a paragraph what the report shows. */
export function explainReport(report: EndpointReport): Explanation {
  const { reason, explanation, nextStep } = explanationOf(report);
  return {
    reason,
    explanation: withoutControlCharacters(explanation),
    nextStep: withoutControlCharacters(nextStep),
  };
}

function explanationOf(report: EndpointReport): Explanation {
  const { state, next, problem } = report;
  if (state.lostAt !== undefined) {
    return {
      reason: 'StateLost',
      explanation: 'The state was deleted. The controller rebuilds it from what serves and from the history.',
      nextStep: 'Wait a few minutes.',
    };
  }
  if (!next) {
    return {
      reason: 'Unreadable',
      explanation:
        `Without the permission to read what the controller reads, no reason can be given. ${problem ?? ''}`.trim(),
      nextStep: 'Use credentials that may do that, e.g. of a role with grantOperate().',
    };
  }
  const { explanation, nextStep } = paragraphOf(report);
  const reason = 'reason' in next ? next.reason : 'Testing';
  const { moved } = movedIn(report);
  const isFailing = state.stalled?.reason === 'CallFailed' && next.kind !== 'done' && !recordedUpdate(state);
  if (isFailing) return failedCall(report, state.stalled);
  return { reason, explanation: [stallText(report, reason), moved, explanation].filter(Boolean).join(' '), nextStep };
}

type Paragraph = Omit<Explanation, 'reason'>;

function paragraphOf(report: EndpointReport): Paragraph {
  const { next, endpoint } = report;
  switch (next?.kind) {
    case 'done':
      return endedParagraph(report, next.reason);
    case 'requeue':
      return waitingParagraph(report, next);
    case 'stalled':
      return {
        explanation: next.message,
        nextStep: `Do that, then run \`freshpoint redrive ${endpoint}\` and \`freshpoint refresh ${endpoint}\`.`,
      };
    default:
      return {
        explanation: `${newestIn(report)} is about to be rolled out: the controller's next pass does so.`,
        nextStep: `Run \`freshpoint watch ${endpoint}\`; \`freshpoint refresh ${endpoint}\` starts a pass now.`,
      };
  }
}

/** The controller has nothing left to do. */
function endedParagraph(report: EndpointReport, reason: string): Paragraph {
  const { endpoint, state, sources } = report;
  const { pin } = state;
  const newest = sources?.revision;
  if (reason === 'Quarantined') return quarantineParagraph(report);
  if (reason !== 'Serving') {
    return { explanation: `${endpoint} cannot serve anything: ${messageOf(report)}`, nextStep: 'Deploy its stack.' };
  }
  if (pin && newest !== undefined && pin.revision !== newest) {
    const why = pin.reason === undefined ? '' : ` (${pin.reason})`;
    const again = pin.passedOver ? ' It was uploaded again since, but the same bytes are the same revision.' : '';
    return {
      explanation:
        `${newestIn(report)} does not serve because ${pin.by} rolled ${endpoint} back to ` +
        `${shortRevision(pin.revision)} on ${formatTime(pin.at)}${why}.${again}`,
      nextStep:
        'Upload other model data, which ends the rollback; or roll the newest upload out again with ' +
        `\`freshpoint refresh ${endpoint} --force\`.`,
    };
  }
  return { explanation: `${newestIn(report)} serves: it is the newest upload.`, nextStep: 'Nothing.' };
}

function quarantineParagraph(report: EndpointReport): Paragraph {
  const entry = newestQuarantine(report);
  const at = entry ? ` on ${formatTime(entry.at)}` : '';
  const shown = entry ? ` ${shortRevision(entry.revision)}` : '';
  return {
    explanation: `${newestIn(report)} was quarantined${at}, because it is itself at fault: ${messageOf(report)}`,
    nextStep:
      'Upload other model data. If the cause is mended without that, run ' +
      `\`freshpoint retry ${report.endpoint}${shown}\`.`,
  };
}

/** Next steps by reason. Others need only patience. */
const NEXT_STEPS: Readonly<Record<string, (endpoint: string, revision: string) => string>> = {
  Suspended: (endpoint) => `Run \`freshpoint resume ${endpoint}\`.`,
  MarkerMissing: () => 'Upload the marker after all model data.',
  SourceMissing: () => 'Upload the missing model data.',
  Retrying: (endpoint, revision) => `Mend the cause; \`freshpoint retry ${endpoint} ${revision}\` ends the pause.`,
  UnknownConfig: () => 'Move the endpoint back with UpdateEndpoint, or deploy the stack with a changed setting.',
};

function waitingParagraph(
  report: EndpointReport,
  next: { readonly reason: string; readonly seconds?: number; readonly revision?: string },
): Paragraph {
  const { endpoint, now, state } = report;
  const { suspension } = state;
  const why = next.reason === 'Suspended' && suspension?.reason !== undefined ? ` (${suspension.reason})` : '';
  const isKnown = next.seconds !== undefined && isWaitForTime(next.reason);
  const until = isKnown ? ` The controller continues at ${formatTime(now + (next.seconds ?? 0) * 1000)}.` : '';
  return {
    explanation: `${newestIn(report)} does not serve yet. ${messageOf(report).replace(/\.$/, '')}${why}.${until}`,
    nextStep:
      NEXT_STEPS[next.reason]?.(endpoint, shortRevision(next.revision ?? '')) ??
      `Wait; \`freshpoint watch ${endpoint}\` shows the progress.`,
  };
}

function messageOf({ next }: EndpointReport): string {
  return next && 'message' in next ? next.message : '';
}

/** Only the controller knows which of its calls fail. */
function failedCall(report: EndpointReport, { since, message }: Stall): Explanation {
  return {
    reason: 'CallFailed',
    explanation: `${newestIn(report)} does not serve because a call has failed since ${formatTime(since)}: ${message}`,
    nextStep: `Mend the cause, then run \`freshpoint refresh ${report.endpoint}\`.`,
  };
}

/** What was published as stalled; `shown`: the reason that follows in words. */
function stallText({ state: { stalled } }: EndpointReport, shown: string): string {
  if (!stalled?.published) return '';
  const { since, reason, message } = stalled;
  const text = `Stalled since ${formatTime(since)}`;
  return reason === shown ? `${text}.` : `${text}: ${message.replace(/\.$/, '')}.`;
}

function newestIn({ sources }: EndpointReport): string {
  if (sources?.revision === undefined || sources.newest === undefined) return 'The newest upload';
  return `The newest upload, ${shortRevision(sources.revision)} of ${formatTime(sources.newest)},`;
}
