import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(import.meta.resolve('freshpoint/main'));
const NODE_FLAGS = ['ExperimentalWarning', 'MODULE_TYPELESS_PACKAGE_JSON'].map((name) => `--disable-warning=${name}`);

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the `freshpoint` command from its sources, with AWS at `url`. */
export async function freshpoint(
  url: string,
  args: readonly string[],
  environment?: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  const child = spawnCommand(url, args, environment);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, out, error };
}

/** The objects that a command printed with --json. */
// biome-ignore lint/suspicious/noExplicitAny: each command has its own
export function objectsIn({ out }: CommandResult): any[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A console that is being served. */
export interface ServedConsole {
  /** With the token. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `freshpoint console` from its sources, on a free port, with AWS at `url`. */
export async function startConsoleCommand(url: string): Promise<ServedConsole> {
  const child = spawnCommand(url, ['console', '--port', '0', '--json']);
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout);
  const ready = await Promise.race([once(lines, 'line'), ended]);
  if (child.exitCode !== null) throw new Error(`freshpoint console ended: ${await text(child.stderr)}`);
  child.stderr.pipe(process.stderr);
  return {
    url: JSON.parse(String(ready[0])).url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function spawnCommand(
  url: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
): ChildProcessByStdio<null, Readable, Readable> {
  const { AWS_PROFILE: _, AWS_REGION: __, ...env } = process.env;
  return spawn(process.execPath, ['--conditions=source', ...NODE_FLAGS, COMMAND, ...args], {
    env: { ...env, AWS_ENDPOINT_URL: url, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
