import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { descendantsOf, running } from './processes.ts';
import { until } from './until.ts';

const STAGE = fileURLToPath(new URL('./doomed-stage.ts', import.meta.url));
const DEMO = fileURLToPath(import.meta.resolve('@freshpoint/demo/demo'));

let folder: string;
let started: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-killed-'));
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Starts a program with its temporary files in this test's folder, and waits for a line that matches. */
async function start(script: string, args: string[], matches: (line: string) => boolean) {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--disable-warning=ExperimentalWarning', script, ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder, CDK_VALIDATION: 'false' },
    },
  );
  started.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const closed = once(reader, 'close');
  await new Promise<void>((resolve, reject) => {
    reader.on('line', (line) => {
      lines.push(line);
      if (matches(line)) resolve();
    });
    closed.then(() => reject(new Error(`ended without the line; the last one is ${lines.at(-1)}`)));
  });
  return { child, lines, closed };
}

async function endsWithItsProcesses(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const { pid = 0 } = child;
  const pids = descendantsOf(pid);
  // A function, the reaper and two instances.
  expect(pids.length).toBeGreaterThanOrEqual(4);
  child.kill(signal);
  await until('no process is left', () => running([pid, ...pids]).length === 0, {
    got: () => `still running: ${running(pids)}`,
  });
}

describe('a runtime with an endpoint', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'leaves no process behind after %s, and the next one runs',
    async (signal) => {
      const state = join(folder, 'state');
      const { child } = await start(STAGE, [state], (line) => line.startsWith('{"url"'));
      await endsWithItsProcesses(child, signal);
      expect(await readdir(state)).toHaveLength(signal === 'SIGKILL' ? 1 : 0);

      const next = await start(STAGE, [state], (line) => line.startsWith('{"url"'));
      // The folder of the killed one has been removed.
      expect(await readdir(state)).toHaveLength(1);
      await endsWithItsProcesses(next.child, 'SIGTERM');
      expect(await readdir(state)).toEqual([]);
    },
  );
});

describe('the demo', () => {
  test('leaves no process behind when it is killed during a swap, and the next one passes', async () => {
    const { child } = await start(DEMO, [], (line) => line.includes('endpoint Updating'));
    await endsWithItsProcesses(child, 'SIGKILL');

    const next = await start(DEMO, ['--json'], (line) => line.startsWith('{"ok"'));
    await next.closed;
    expect(JSON.parse(next.lines.at(-1)!)).toMatchObject({ ok: true, swaps: 2, failedInvocations: 0 });
  });
});
