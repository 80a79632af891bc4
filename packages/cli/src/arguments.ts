import { parseArgs } from 'node:util';
import type { ContainerCommand } from '@freshpoint/local';
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
export type Arguments = LocalArguments | { readonly command: 'help' } | { readonly command: 'version' };

/** What `freshpoint --help` prints. */
export const USAGE = `Usage: freshpoint local [options]

Runs a cloud assembly on this machine, behind one port on 127.0.0.1, until Ctrl-C.

  --assembly <folder>            the cloud assembly that \`cdk synth\` writes (default: start empty)
  --stack <name>                 deploy only this stack; may be repeated (default: all)
  --port <n>                     port on 127.0.0.1; 0 takes a free one (default: 4580)
  --state <folder>               where objects and running models are kept (default: .freshpoint/local)
  --times fast|realistic         how long SageMaker takes (default: fast)
  --container <image>=<command>  a command that stands in for an image; may be repeated
  --json                         one JSON object per line
  --help, --version
`;

/** Reads the arguments after the program's name. Throws UsageError. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError('A command is missing. There is one: local');
  if (command !== 'local') throw new UsageError(`Unknown command "${command}". There is one: local`);
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
