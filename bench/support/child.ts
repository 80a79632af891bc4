import { type ChildProcess, execFile, fork } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Runs the sources as they are. */
const sourceFlags = [
  '--conditions=source',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
];

/** A child process that says `{url}` when it listens, and ends when it is let go. */
export interface Server {
  readonly url: string;
  /** Highest resident memory so far. */
  peakRssBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a script that listens. Rejects when it ends before. */
export async function startServer(script: URL, ...args: readonly string[]): Promise<Server> {
  const flags = script.pathname.endsWith('.ts') ? sourceFlags : [];
  const child = fork(script, args, { execArgv: flags });
  const { url } = await nextMessage<{ url: string }>(child);
  return {
    url,
    async peakRssBytes() {
      const answer = nextMessage<{ peakRssBytes: number }>(child);
      child.send('memory');
      return (await answer).peakRssBytes;
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await exited;
    },
  };
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${child.spawnargs.join(' ')} ended with status ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}

/** Runs a script to its end; it prints one line of JSON. */
export async function runScript<T>(
  script: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const flags = script.pathname.endsWith('.ts') ? sourceFlags : [];
  const { stdout } = await run(process.execPath, [...flags, script.pathname, ...args], {
    env: { PATH: process.env.PATH ?? '', CDK_VALIDATION: 'false', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as T;
}
