import { parseArgs } from 'node:util';
import type { ContainerCommand } from '@freshpoint/local';
import type { HistoryArguments } from './endpoints/history.ts';
import type { RollbackArguments } from './endpoints/rollback.ts';
import { UsageError } from './failure.ts';
import { splitCommand } from './split-command.ts';

/** Settings of `freshpoint local`. */
export interface LocalArguments {
  readonly command: 'local';
  /** Folder of a cloud assembly; absent: start empty. */
  readonly assembly?: string;
  /** Names of the stacks to deploy; absent: all. */
  readonly stacks?: readonly string[];
  readonly port: number;
  readonly stateDir: string;
  readonly times: 'fast' | 'realistic';
  readonly containers: readonly ContainerCommand[];
  readonly json: boolean;
}

/** What a command line asks for. */
export type Arguments =
  | LocalArguments
  | HistoryArguments
  | RollbackArguments
  | { readonly command: 'help' }
  | { readonly command: 'version' };

/** Characters that `--reason` may have: it goes into the state, an SSM parameter of 4 KB. */
const REASON_LENGTH = 300;

/** What `freshpoint --help` prints. */
export const USAGE = `Usage: freshpoint <command> [options]

  freshpoint local                  runs a cloud assembly on this machine, behind one port on 127.0.0.1, until Ctrl-C
  freshpoint history [<endpoint>]   the refreshes of an endpoint, newest first; without one, which endpoints there are
  freshpoint rollback <endpoint>        goes back to what an endpoint served before, and stays until it is served

An endpoint is <stack>/<id of the construct>. history and back use AWS_REGION, AWS_ENDPOINT_URL and credentials as the
AWS CLI does.

Options of back:
  --to <revision>                this revision of the history, by its first digits (at least 4); also forward again
                                 (default: what was served before)
  --reason <text>                for the record
  --no-wait                      do not stay until it is served

Options of local:
  --assembly <folder>            the cloud assembly that \`cdk synth\` writes (default: start empty)
  --stack <name>                 deploy only this stack; may be repeated (default: all)
  --port <n>                     port on 127.0.0.1; 0 takes a free one (default: 4580)
  --state <folder>               where objects and running models are kept (default: .freshpoint/local)
  --times fast|realistic         how long SageMaker takes (default: fast)
  --container <image>=<command>  a command that stands in for an image; may be repeated

Options of all:
  --json                         one JSON object per line
  --help, --version
`;

/** Reads the arguments after the program's name. Throws UsageError. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...rest] = positionals;
  const commands = 'There are: local, history, back';
  if (command === undefined) throw new UsageError(`A command is missing. ${commands}`);
  if (command === 'history' || command === 'rollback') return readEndpointCommand(command, rest, values);
  if (command !== 'local') throw new UsageError(`Unknown command "${command}". ${commands}`);
  refuse(values, 'local', ['to', 'reason', 'no-wait']);
  if (rest.length > 0) throw new UsageError(`Unexpected argument "${rest[0]}"; options begin with --`);
  const { assembly, stack, state, times = 'fast', container = [], port = '4580', json = false } = values;
  if (stack && assembly === undefined) throw new UsageError('--stack needs --assembly');
  if (times !== 'fast' && times !== 'realistic') {
    throw new UsageError(`--times is "${times}", expected fast or realistic`);
  }
  return {
    command,
    assembly,
    stacks: stack,
    port: readPort(port),
    stateDir: state ?? '.freshpoint/local',
    times,
    containers: container.map(readContainer),
    json,
  };
}

function readEndpointCommand(
  command: 'history' | 'rollback',
  [endpoint, ...more]: readonly string[],
  values: ReturnType<typeof parse>['values'],
): HistoryArguments | RollbackArguments {
  const { to, reason, json = false } = values;
  refuse(values, command, ['assembly', 'stack', 'port', 'state', 'times', 'container']);
  if (more.length > 0) throw new UsageError(`Unexpected argument "${more[0]}"; options begin with --`);
  if (endpoint?.startsWith('/'))
    throw new UsageError(`"${endpoint}" is no endpoint, expected <stack>/<id of the construct>`);
  if (command === 'history') {
    refuse(values, command, ['to', 'reason', 'no-wait']);
    return { command, endpoint, json };
  }
  if (endpoint === undefined) throw new UsageError('Which endpoint? freshpoint history lists them');
  if (to !== undefined && !/^[0-9a-f]{4,64}$/i.test(to)) {
    throw new UsageError(`--to is "${to}", expected at least 4 hex digits of a revision`);
  }
  if (reason !== undefined && reason.length > REASON_LENGTH) {
    throw new UsageError(`--reason has ${reason.length} characters, expected at most ${REASON_LENGTH}`);
  }
  return { command, endpoint, to, reason, wait: values['no-wait'] !== true, json };
}

/** Options of other commands. */
function refuse(values: object, command: string, names: readonly string[]): void {
  const found = names.find((name) => name in values);
  if (found !== undefined) throw new UsageError(`--${found} is no option of freshpoint ${command}`);
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
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port is "${text}", expected 0 to 65535`);
  return port;
}

/** An image has no `=` in its name, so the first one ends it. */
function readContainer(text: string): ContainerCommand {
  const at = text.indexOf('=');
  const image = text.slice(0, Math.max(0, at)).trim();
  const command = splitCommand(text.slice(at + 1));
  if (image === '' || command.length === 0) {
    throw new UsageError(`--container is "${text}", expected <image>=<command>, e.g. "*/iris:1=python3 serve.py"`);
  }
  return { image, command };
}
