import type { DeployResult, InstanceFailure, StackEvent } from '@freshpoint/local';
import { exportsFor } from './local/exports.ts';
import { withoutControlCharacters } from './text.ts';

/** A stack that was deployed. */
type DeployedStack = { readonly stackName: string } & Pick<DeployResult, 'outputs' | 'resources'>;

/** Prints what the local runtime does, one line at a time. */
export interface ConsoleOutput {
  stackEvent(event: StackEvent): void;
  /** The runtime accepts requests. */
  started(url: string): void;
  /** The app is being synthesized. */
  synthesizing(command: string): void;
  /** The stacks are deployed. */
  ready(url: string, stacks: readonly DeployedStack[]): void;
  /** The deployment failed; the runtime goes on. */
  failed(url: string, reason: string): void;
  /** An instance of an endpoint did not start, or ended. */
  instanceFailure(failure: InstanceFailure): void;
  /** A line that a function logged. */
  functionLine(line: string, functionName: string): void;
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
    synthesizing: (command) => write(`${time()}  synthesizing: ${command}`),
    ready(url, stacks) {
      write('');
      for (const { stackName, outputs } of stacks) {
        for (const [key, value] of Object.entries(outputs)) {
          // CDK exports these for other stacks, not for people.
          if (!key.startsWith('ExportsOutput')) write(`${stackName}.${key} = ${withoutControlCharacters(value)}`);
        }
      }
      const recorded = recordedTypes(stacks);
      if (recorded.length > 0) write(`Recorded only, not simulated: ${recorded.join(', ')}`);
      writeExports(write, url);
    },
    failed(url, reason) {
      write('');
      write(`The deployment failed. ${reason.split('\n').map(withoutControlCharacters).join('\n')}`);
      writeExports(write, url);
    },
    instanceFailure({ endpointName, variantName, instanceId, reason, lines }) {
      const log = `/aws/sagemaker/Endpoints/${endpointName}  ${variantName}/${instanceId}`;
      write(`${time()}  ${endpointName}  instance ${instanceId} failed: ${withoutControlCharacters(reason)}`);
      for (const line of lines) write(`            ${withoutControlCharacters(line)}`);
      write(`            log: ${log}`);
    },
    functionLine(line, functionName) {
      const failure = failureIn(line);
      const text = failure === undefined ? describeLogLine(line) : `function ${functionName} failed: ${failure}`;
      if (text !== undefined) write(`${time()}  ${withoutControlCharacters(text)}`);
    },
    problem: (problem) => write(`${time()}  problem: ${withoutControlCharacters(String(problem))}`),
  };
}

/** The variables, and how to end. */
function writeExports(write: (line: string) => void, url: string): void {
  write(`AWS_ENDPOINT_URL=${url}`);
  write('');
  const variables = exportsFor(url).map(([name, value]) => `${name}=${value}`);
  write(`export ${variables.join(' ')}`);
  write('');
  write('Press Ctrl-C to stop.');
}

/** The types of the resources that are only recorded, each with its number, and of those of which parts are. */
function recordedTypes(stacks: readonly DeployedStack[]): string[] {
  const counts = new Map<string, number>();
  for (const { type, isRecordOnly, recordedParts } of stacks.flatMap(({ resources }) => resources)) {
    const name = isRecordOnly ? type : `${type} (${recordedParts.join(', ')})`;
    if (isRecordOnly || recordedParts.length > 0) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort().map(([type, count]) => (count === 1 ? type : `${count} × ${type}`));
}

/** Output for programs: one JSON object per line. */
export function jsonOutput(write: (line: string) => void): ConsoleOutput {
  const emit = (event: string, data: object) => write(JSON.stringify({ event, ...data }));
  return {
    started: (url) => emit('started', { url }),
    stackEvent: ({ stackName, logicalId, type, status, reason }) =>
      emit('resource', { stackName, logicalId, type, status, reason }),
    synthesizing: (command) => emit('synthesizing', { command }),
    ready: (url, stacks) =>
      emit('ready', {
        url,
        outputs: Object.fromEntries(stacks.map(({ stackName, outputs }) => [stackName, outputs])),
        recordedOnly: recordedTypes(stacks),
      }),
    failed: (url, reason) => emit('failed', { url, reason }),
    instanceFailure: (failure) => emit('instance-failure', failure),
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

/** Why a function failed, if Lambda's runtime has logged that, as text or as JSON. */
function failureIn(line: string): string | undefined {
  const json = /^[^\t]*\t[^\t]*\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection) \t(\{.*)$/s;
  try {
    const { errorType, errorMessage } = JSON.parse(json.exec(line)?.[1] ?? line);
    return errorType === undefined ? undefined : String(errorMessage ?? errorType);
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
