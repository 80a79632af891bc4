import type { StackEvent } from '@freshpoint/local';
import { harmless } from './text.ts';

/** Tells what happens, one line at a time. */
export interface ConsoleOutput {
  stackEvent(event: StackEvent): void;
  /** The runtime listens. */
  started(url: string): void;
  /** The stacks are deployed. */
  ready(url: string, outputs: Readonly<Record<string, Readonly<Record<string, string>>>>): void;
  /** One line that a function printed. */
  functionLine(line: string): void;
  problem(problem: unknown): void;
}

/** For people. `now` in epoch milliseconds. */
export function plainOutput(write: (line: string) => void, now: () => number): ConsoleOutput {
  const at = () => new Date(now()).toTimeString().slice(0, 8);
  return {
    started: () => undefined,
    stackEvent({ stackName, logicalId, type, status, reason }) {
      // One line per resource, when it has come to an end.
      if (status.endsWith('_IN_PROGRESS') && type !== 'AWS::CloudFormation::Stack') return;
      const what = type === 'AWS::CloudFormation::Stack' ? stackName : `${stackName}  ${type}  ${logicalId}`;
      write(`${at()}  ${status.padEnd(18)}  ${what}${reason === undefined ? '' : `: ${harmless(reason)}`}`);
    },
    ready(url, outputs) {
      write('');
      for (const [stack, values] of Object.entries(outputs)) {
        for (const [key, value] of Object.entries(values)) {
          // What CDK makes for other stacks is nobody's business.
          if (!key.startsWith('ExportsOutput')) write(`${stack}.${key} = ${harmless(value)}`);
        }
      }
      write(`AWS_ENDPOINT_URL=${url}`);
      write('');
      write(`export AWS_ENDPOINT_URL=${url} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`);
      write('');
      write('Ctrl-C ends it.');
    },
    functionLine(line) {
      const text = describeDecision(line);
      if (text !== undefined) write(`${at()}  ${harmless(text)}`);
    },
    problem: (problem) => write(`${at()}  problem: ${harmless(String(problem))}`),
  };
}

/** For programs: one JSON object per line. */
export function jsonOutput(write: (line: string) => void): ConsoleOutput {
  const emit = (event: string, data: object) => write(JSON.stringify({ event, ...data }));
  return {
    started: (url) => emit('started', { url }),
    stackEvent: ({ stackName, logicalId, type, status, reason }) =>
      emit('resource', { stackName, logicalId, type, status, reason }),
    ready: (url, outputs) => emit('ready', { url, outputs }),
    functionLine(line) {
      const entry = decisionIn(line);
      if (entry) emit('controller', { entry });
    },
    problem: (problem) => emit('problem', { problem: String(problem) }),
  };
}

/** The loop's own lines are JSON with a `decision` or an `error`; Lambda's START and END and the metrics are not told. */
function decisionIn(line: string): Record<string, unknown> | undefined {
  try {
    const entry = JSON.parse(line) as Record<string, unknown> | null;
    return entry && ('decision' in entry || 'error' in entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function describeDecision(line: string): string | undefined {
  const entry = decisionIn(line);
  if (!entry) return undefined;
  const { endpoint, decision, reason, message, revision, slot, seconds } = entry;
  const parts: string[] = [];
  if (decision === undefined) {
    parts.push(`error: ${(entry.error as { message?: string } | undefined)?.message ?? 'unknown'}`);
  } else {
    parts.push(reason === undefined || reason === decision ? String(decision) : `${decision} (${reason})`);
    if (revision !== undefined) parts.push(`revision ${revision}`);
    if (slot !== undefined) parts.push(`slot ${slot}`);
    if (message !== undefined && message !== reason) parts.push(String(message));
  }
  if (seconds !== undefined) parts.push(`again in ${seconds} s`);
  return [endpoint, ...parts].filter((part) => part !== undefined && part !== '').join('  ');
}
