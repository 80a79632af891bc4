import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const NODE_FLAGS = [
  '--conditions=source',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
];

/** Starts the command as a user does, from its sources. `url`: where AWS is. */
export function startCommand(args: readonly string[], url?: string): ChildProcessByStdio<null, Readable, Readable> {
  const env = {
    ...process.env,
    ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  return spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs the command to its end. */
export async function runCommand(args: readonly string[], url?: string) {
  const child = startCommand(args, url);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, out, error };
}
