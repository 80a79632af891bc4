import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  environment: NodeJS.ProcessEnv = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
): Promise<CommandResult> {
  const { AWS_PROFILE: _, AWS_REGION: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=source', ...NODE_FLAGS, COMMAND, ...args], {
    env: { ...env, AWS_ENDPOINT_URL: url, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
