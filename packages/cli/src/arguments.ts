import { parseArgs } from 'node:util';
import type { ContainerCommand } from '@freshpoint/local';
import type { CheckArguments } from './check.ts';
import { UsageError } from './command-failure.ts';
import type { ClientConfig } from './endpoints/client-config.ts';
import type { ExplainArguments } from './endpoints/explain.ts';
import type { HistoryArguments } from './endpoints/history.ts';
import type { RedriveArguments } from './endpoints/redrive.ts';
import type { RefreshArguments } from './endpoints/refresh.ts';
import type { RetryArguments } from './endpoints/retry.ts';
import type { RollbackArguments } from './endpoints/rollback.ts';
import type { StatusArguments } from './endpoints/status.ts';
import type { SuspensionArguments } from './endpoints/suspension.ts';
import type { WatchArguments } from './endpoints/watch.ts';
import { splitCommand } from './split-command.ts';
import type { OutputFormat } from './text.ts';
import { MAX_REASON_CHARACTERS, MIN_REVISION_DIGITS } from './usage.ts';

/** Arguments of `freshpoint local`. */
export interface LocalArguments {
  readonly command: 'local';
  /** Folder of a cloud assembly. Absent: that of the CDK app in the working folder, if there is one. */
  readonly assembly?: string;
  /** Whether to deploy nothing, also in the folder of a CDK app. */
  readonly empty: boolean;
  /** Whether to deploy again after each change of a file. */
  readonly watch: boolean;
  /** Names of the stacks to deploy. Absent: all. */
  readonly stacks?: readonly string[];
  readonly port: number;
  readonly stateDir: string;
  /** Where the state is kept after the runtime has stopped. Absent: it is not kept. */
  readonly persistDir?: string;
  /** File to write the variables for clients to. */
  readonly envFile?: string;
  readonly times: 'fast' | 'realistic';
  readonly containers: readonly ContainerCommand[];
  readonly format: OutputFormat;
}

/** Arguments of `freshpoint console`. */
export interface ConsoleArguments extends ClientConfig {
  readonly command: 'console';
  /** On 127.0.0.1; 0: a free one. */
  readonly port: number;
  readonly format: OutputFormat;
}

/** The command that a command line names, and its arguments. */
export type CommandArguments =
  | LocalArguments
  | ConsoleArguments
  | CheckArguments
  | LiveCommand
  | { readonly command: 'help' }
  | { readonly command: 'version' };

/** A command on live endpoints, and the account that it is about. */
export type LiveCommand = ClientConfig &
  (
    | HistoryArguments
    | StatusArguments
    | ExplainArguments
    | WatchArguments
    | RollbackArguments
    | SuspensionArguments
    | RetryArguments
    | RefreshArguments
    | RedriveArguments
  );

const ACCOUNT_OPTIONS = ['profile', 'region'] as const;

/** The options that each command has beside --json. */
const OWN_OPTIONS = {
  status: ACCOUNT_OPTIONS,
  explain: ACCOUNT_OPTIONS,
  watch: ACCOUNT_OPTIONS,
  history: ACCOUNT_OPTIONS,
  rollback: ['to', 'reason', 'no-wait', ...ACCOUNT_OPTIONS],
  suspend: ['reason', ...ACCOUNT_OPTIONS],
  resume: ['reason', ...ACCOUNT_OPTIONS],
  retry: ['reason', ...ACCOUNT_OPTIONS],
  refresh: ['force', 'reason', ...ACCOUNT_OPTIONS],
  redrive: ACCOUNT_OPTIONS,
  check: [],
  console: ['port', ...ACCOUNT_OPTIONS],
  local: [
    'assembly',
    'empty',
    'watch',
    'stack',
    'port',
    'state',
    'persist',
    'write-env',
    'env-file',
    'times',
    'container',
  ],
} as const;

type CommandName = keyof typeof OWN_OPTIONS;

const MAX_PORT = 65_535;

type OptionValues = ReturnType<typeof parse>['values'];

/** Reads the arguments after the program's name. Throws UsageError. */
export function readArguments(args: readonly string[]): CommandArguments {
  const { values, positionals } = parse(args);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...operands] = positionals;
  if (!isCommandName(command)) {
    const problem = command === undefined ? 'Missing command.' : `Unknown command "${command}".`;
    throw new UsageError(`${problem} Available commands: ${Object.keys(OWN_OPTIONS).join(', ')}.`);
  }
  rejectForeignOptions(command, values);
  if (command === 'local') return readLocal(operands, values);
  const format = formatOf(values);
  if (command === 'check') return readCheck(operands, format);
  const { profile, region } = values;
  if (command === 'console') return { ...readConsole(operands, values), format, profile, region };
  return { ...readLive(command, operands, values), format, profile, region };
}

function isCommandName(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(OWN_OPTIONS, name);
}

type LiveName = Exclude<CommandName, 'local' | 'check' | 'console'>;

function readLive(command: LiveName, operands: readonly string[], values: OptionValues) {
  const format = formatOf(values);
  const reason = readReason(values);
  const [endpoint, revision] = operands;
  rejectArgument(operands[command === 'retry' ? 2 : 1]);
  if (endpoint !== undefined) checkEndpoint(endpoint);
  if (command === 'history' || command === 'status') return { command, endpoint, format } as const;
  if (endpoint === undefined) throw new UsageError('Missing endpoint. Run `freshpoint status` to list endpoints.');
  switch (command) {
    case 'rollback': {
      const { to } = values;
      if (to !== undefined) checkRevision('--to', to);
      return { command, endpoint, to, reason, wait: values['no-wait'] !== true, format } as const;
    }
    case 'retry':
      if (revision !== undefined) checkRevision('The revision', revision);
      return { command, endpoint, revision, reason, format } as const;
    case 'refresh':
      return { command, endpoint, force: values.force === true, reason, format } as const;
    case 'suspend':
    case 'resume':
      return { command, endpoint, reason, format } as const;
    default:
      return { command, endpoint, format } as const;
  }
}

function readConsole([unexpected]: readonly string[], { port = '4581' }: OptionValues) {
  rejectArgument(unexpected);
  return { command: 'console', port: readPort(port) } as const;
}

function readLocal([unexpected]: readonly string[], values: OptionValues): LocalArguments {
  rejectArgument(unexpected);
  const { assembly, stack, state, persist, times = 'fast', container = [], port = '4580' } = values;
  const empty = values.empty === true;
  const watch = values.watch === true;
  if (empty && (assembly !== undefined || stack || watch)) {
    throw new UsageError('--empty deploys nothing: it cannot be used with --assembly, --stack or --watch.');
  }
  if (persist !== undefined && state !== undefined) {
    throw new UsageError('--persist keeps all state in its folder: it cannot be used with --state.');
  }
  if (times !== 'fast' && times !== 'realistic') {
    throw new UsageError(`--times is "${times}", expected fast or realistic.`);
  }
  return {
    command: 'local',
    assembly,
    empty,
    watch,
    stacks: stack,
    port: readPort(port),
    stateDir: state ?? '.freshpoint/local',
    persistDir: persist,
    envFile: values['write-env'] ?? values['env-file'],
    times,
    containers: container.map(readContainer),
    format: formatOf(values),
  };
}

function readCheck(files: readonly string[], format: OutputFormat): CheckArguments {
  if (files.length === 0) throw new UsageError('Missing file. Name the model archives to check.');
  return { command: 'check', files, format };
}

function readReason({ reason }: OptionValues): string | undefined {
  if (reason !== undefined && reason.length > MAX_REASON_CHARACTERS) {
    throw new UsageError(`--reason has ${reason.length} characters, expected at most ${MAX_REASON_CHARACTERS}.`);
  }
  return reason;
}

function checkRevision(name: string, digits: string): void {
  if (/^[0-9a-f]{1,64}$/i.test(digits) && digits.length >= MIN_REVISION_DIGITS) return;
  throw new UsageError(`${name} is "${digits}", expected at least ${MIN_REVISION_DIGITS} hex digits of a revision.`);
}

function checkEndpoint(endpoint: string): void {
  // The ids are taken from parameter names, so `/freshpoint/<id>` is a likely mistake.
  if (endpoint.startsWith('/')) {
    const expected =
      'expected <stack>/<id of the construct>, e.g. Iris/Endpoint, or the name of the SageMaker endpoint';
    throw new UsageError(`The endpoint is "${endpoint}", ${expected}.`);
  }
}

function rejectArgument(argument: string | undefined): void {
  if (argument !== undefined) throw new UsageError(`Unexpected argument "${argument}". Options begin with --.`);
}

function rejectForeignOptions(command: CommandName, values: OptionValues): void {
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
        persist: { type: 'string' },
        'write-env': { type: 'string' },
        // The same. Behind `npx`, Node itself reads it, and ends if there is no such file.
        'env-file': { type: 'string' },
        empty: { type: 'boolean' },
        watch: { type: 'boolean' },
        times: { type: 'string' },
        container: { type: 'string', multiple: true },
        to: { type: 'string' },
        reason: { type: 'string' },
        'no-wait': { type: 'boolean' },
        force: { type: 'boolean' },
        profile: { type: 'string' },
        region: { type: 'string' },
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
