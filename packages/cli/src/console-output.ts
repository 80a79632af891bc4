import type { StackEvent } from '@freshpoint/local';
import { withoutControlCharacters } from './text.ts';

/** Outputs of deployed stacks: by stack, then by name. */
type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Prints what the local runtime does, one line at a time. */
export interface ConsoleOutput {
  stackEvent(event: StackEvent): void;
  /** The runtime accepts requests. */
  started(url: string): void;
  /** The stacks are deployed. */
  ready(url: string, outputs: StackOutputs): void;
  /** A line that a function logged. */
  functionLine(line: string): void;
  problem(problem: unknown): void;
}

const STACK_TYPE = 'AWS::CloudFormation::Stack';
/** Width of the status column: the longest status of a resource that is done is UPDATE_COMPLETE. */
const STATUS_COLUMNS = 18;

/** Output for people. `now` in epoch milliseconds. */
export function textOutput(write: (line: string) => void, now: () => number): ConsoleOutput {
  const time = () => new Date(now()).toTimeString().slice(0, 8);
  return {
    started: () => undefined,
    stackEvent({ stackName, logicalId, type, status, reason }) {
      // A resource gets one line, when it is done.
      if (status.endsWith('_IN_PROGRESS') && type !== STACK_TYPE) return;
      const subject = type === STACK_TYPE ? stackName : `${stackName}  ${type}  ${logicalId}`;
      const suffix = reason === undefined ? '' : `: ${withoutControlCharacters(reason)}`;
      write(`${time()}  ${status.padEnd(STATUS_COLUMNS)}  ${subject}${suffix}`);
    },
    ready(url, outputs) {
      write('');
      for (const [stack, values] of Object.entries(outputs)) {
        for (const [key, value] of Object.entries(values)) {
          // CDK exports these for other stacks, not for people.
          if (!key.startsWith('ExportsOutput')) write(`${stack}.${key} = ${withoutControlCharacters(value)}`);
        }
      }
      write(`AWS_ENDPOINT_URL=${url}`);
      write('');
      write(`export AWS_ENDPOINT_URL=${url} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`);
      write('');
      write('Press Ctrl-C to stop.');
    },
    functionLine(line) {
      const text = describeLogLine(line);
      if (text !== undefined) write(`${time()}  ${withoutControlCharacters(text)}`);
    },
    problem: (problem) => write(`${time()}  problem: ${withoutControlCharacters(String(problem))}`),
  };
}

/** Output for programs: one JSON object per line. */
export function jsonOutput(write: (line: string) => void): ConsoleOutput {
  const emit = (event: string, data: object) => write(JSON.stringify({ event, ...data }));
  return {
    started: (url) => emit('started', { url }),
    stackEvent: ({ stackName, logicalId, type, status, reason }) =>
      emit('resource', { stackName, logicalId, type, status, reason }),
    ready: (url, outputs) => emit('ready', { url, outputs }),
    functionLine(line) {
      const entry = controllerEntry(line);
      if (entry) emit('controller', { entry });
    },
    problem: (problem) => emit('problem', { problem: String(problem) }),
  };
}

/** A line of the controller: JSON with a `decision` or an `error`. Lambda's START and END, and metrics, are not. */
function controllerEntry(line: string): Record<string, unknown> | undefined {
  try {
    const entry = JSON.parse(line) as Record<string, unknown> | null;
    return entry && ('decision' in entry || 'error' in entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function describeLogLine(line: string): string | undefined {
  const entry = controllerEntry(line);
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
  if (seconds !== undefined) parts.push(`next pass in ${seconds} s`);
  return [endpoint, ...parts].filter((part) => part !== undefined && part !== '').join('  ');
}
