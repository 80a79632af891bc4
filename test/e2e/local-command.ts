import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(import.meta.resolve('freshpoint/main'));
const NODE_FLAGS = ['ExperimentalWarning', 'MODULE_TYPELESS_PACKAGE_JSON'].map((name) => `--disable-warning=${name}`);

/** A running `freshpoint local`. */
export interface LocalCommand {
  readonly url: string;
  /** What it prints for clients to export. */
  readonly environment: Readonly<Record<string, string>>;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Everything that it has printed. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** How the process is started. */
export interface LocalCommandOptions {
  /** In a process group of its own, which Ctrl-C does not reach. @default false */
  readonly detached?: boolean;
}

/** Starts `freshpoint local` from its sources on a free port, and waits until it is ready. */
export async function startLocalCommand(
  cwd: string,
  args: readonly string[],
  { detached = false }: LocalCommandOptions = {},
): Promise<LocalCommand> {
  const state = args.includes('--persist') ? [] : ['--state', join(cwd, 'state')];
  const options = ['--port', '0', ...state, ...args];
  const child = spawn(process.execPath, ['--conditions=source', ...NODE_FLAGS, '--', COMMAND, 'local', ...options], {
    cwd,
    detached,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const errors = text(child.stderr);
  const lines: string[] = [];
  const exports = await new Promise<string | undefined>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('export ')) resolve(line);
    });
    void ended.then(() => resolve(undefined));
  });
  if (exports === undefined)
    throw new Error(`freshpoint local ended with ${child.exitCode}: ${await errors}\n${lines.join('\n')}`);
  const environment = Object.fromEntries([...exports.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  return {
    url: environment.AWS_ENDPOINT_URL ?? '',
    environment,
    child,
    lines,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
