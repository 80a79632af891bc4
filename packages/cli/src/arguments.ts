import { parseArgs } from 'node:util';
import type { ContainerCommand } from '@freshpoint/local';
import { UsageError } from './command-failure.ts';
import type { HistoryArguments } from './endpoints/history.ts';
import type { RetryArguments } from './endpoints/retry.ts';
import type { RollbackArguments } from './endpoints/rollback.ts';
import { splitCommand } from './split-command.ts';
import type { OutputFormat } from './text.ts';
import { MAX_REASON_CHARACTERS, MIN_REVISION_DIGITS } from './usage.ts';

/** Arguments of `freshpoint local`. */
export interface LocalArguments {
  readonly command: 'local';
  /** Folder of a cloud assembly. Absent: start empty. */
  readonly assembly?: string;
  /** Names of the stacks to deploy. Absent: all. */
  readonly stacks?: readonly string[];
  readonly port: number;
  readonly stateDir: string;
  readonly times: 'fast' | 'realistic';
  readonly containers: readonly ContainerCommand[];
  readonly format: OutputFormat;
}

/** The command that a command line names, and its arguments. */
export type CommandArguments =
  | LocalArguments
  | HistoryArguments
  | RollbackArguments
  | RetryArguments
  | { readonly command: 'help' }
  | { readonly command: 'version' };

/** The options that only one command has. */
const OWN_OPTIONS = {
  local: ['assembly', 'stack', 'port', 'state', 'times', 'container'],
  history: [],
  rollback: ['to', 'reason', 'no-wait'],
  retry: ['reason'],
} as const;

const MAX_PORT = 65_535;

type OptionValues = ReturnType<typeof parse>['values'];

/** Reads the arguments after the program's name. Throws UsageError. */
export function readArguments(args: readonly string[]): CommandArguments {
  const { values, positionals } = parse(args);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...operands] = positionals;
  switch (command) {
    case 'local':
      return readLocal(operands, values);
    case 'history':
      return readHistory(operands, values);
    case 'rollback':
      return readRollback(operands, values);
    case 'retry':
      return readRetry(operands, values);
    default: {
      const problem = command === undefined ? 'Missing command.' : `Unknown command "${command}".`;
      throw new UsageError(`${problem} Available commands: ${Object.keys(OWN_OPTIONS).join(', ')}.`);
    }
  }
}

function readLocal([unexpected]: readonly string[], values: OptionValues): LocalArguments {
  rejectForeignOptions('local', values);
  rejectArgument(unexpected);
  const { assembly, stack, state, times = 'fast', container = [], port = '4580' } = values;
  if (stack && assembly === undefined) throw new UsageError('--stack requires --assembly.');
  if (times !== 'fast' && times !== 'realistic') {
    throw new UsageError(`--times is "${times}", expected fast or realistic.`);
  }
  return {
    command: 'local',
    assembly,
    stacks: stack,
    port: readPort(port),
    stateDir: state ?? '.freshpoint/local',
    times,
    containers: container.map(readContainer),
    format: formatOf(values),
  };
}

function readHistory([endpoint, unexpected]: readonly string[], values: OptionValues): HistoryArguments {
  rejectForeignOptions('history', values);
  rejectArgument(unexpected);
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return { command: 'history', endpoint, format: formatOf(values) };
}

function readRollback([endpoint, unexpected]: readonly string[], values: OptionValues): RollbackArguments {
  rejectForeignOptions('rollback', values);
  rejectArgument(unexpected);
  if (endpoint === undefined) throw missingEndpoint();
  checkEndpoint(endpoint);
  const { to } = values;
  if (to !== undefined) checkRevision('--to', to);
  const reason = readReason(values);
  return { command: 'rollback', endpoint, to, reason, wait: values['no-wait'] !== true, format: formatOf(values) };
}

function readRetry([endpoint, revision, unexpected]: readonly string[], values: OptionValues): RetryArguments {
  rejectForeignOptions('retry', values);
  rejectArgument(unexpected);
  if (endpoint === undefined) throw missingEndpoint();
  checkEndpoint(endpoint);
  if (revision !== undefined) checkRevision('The revision', revision);
  return { command: 'retry', endpoint, revision, reason: readReason(values), format: formatOf(values) };
}

function readReason({ reason }: OptionValues): string | undefined {
  if (reason !== undefined && reason.length > MAX_REASON_CHARACTERS) {
    throw new UsageError(`--reason has ${reason.length} characters, expected at most ${MAX_REASON_CHARACTERS}.`);
  }
  return reason;
}

function missingEndpoint(): UsageError {
  return new UsageError('Missing endpoint. Run `freshpoint history` to list endpoints.');
}

function checkRevision(name: string, digits: string): void {
  if (/^[0-9a-f]{1,64}$/i.test(digits) && digits.length >= MIN_REVISION_DIGITS) return;
  throw new UsageError(`${name} is "${digits}", expected at least ${MIN_REVISION_DIGITS} hex digits of a revision.`);
}

function checkEndpoint(endpoint: string): void {
  // The ids are taken from parameter names, so `/freshpoint/<id>` is a likely mistake.
  if (endpoint.startsWith('/')) {
    throw new UsageError(`The endpoint is "${endpoint}", expected <stack>/<id of the construct>, e.g. Iris/Endpoint.`);
  }
}

function rejectArgument(argument: string | undefined): void {
  if (argument !== undefined) throw new UsageError(`Unexpected argument "${argument}". Options begin with --.`);
}

function rejectForeignOptions(command: keyof typeof OWN_OPTIONS, values: OptionValues): void {
  const own: readonly string[] = OWN_OPTIONS[command];
  const known = Object.values(OWN_OPTIONS).flat();
  const found = known.find((name) => !own.includes(name) && name in values);
  if (found !== undefined) throw new UsageError(`freshpoint ${command} has no option --${found}.`);
}

function formatOf({ json }: OptionValues): OutputFormat {
  return json ? 'json' : 'text';
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        assembly: { type: 'string' },
        stack: { type: 'string', multiple: true },
        port: { type: 'string' },
        state: { type: 'string' },
        times: { type: 'string' },
        container: { type: 'string', multiple: true },
        to: { type: 'string' },
        reason: { type: 'string' },
        'no-wait': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, error);
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT) throw new UsageError(`--port is "${text}", expected 0 to ${MAX_PORT}.`);
  return port;
}

/** The first `=` ends the image: an image name cannot contain one. */
function readContainer(text: string): ContainerCommand {
  const end = text.indexOf('=');
  const image = text.slice(0, Math.max(0, end)).trim();
  const command = splitCommand(text.slice(end + 1));
  if (image === '' || command.length === 0) {
    throw new UsageError(`--container is "${text}", expected <image>=<command>, e.g. "*/iris:1=python3 serve.py".`);
  }
  return { image, command };
}
