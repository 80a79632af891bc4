import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createProcessHost,
  type ProcessHost,
  type ProcessHostOptions,
  siblingScript,
} from '../../src/processes/index.ts';
import { isAlive, waitUntil } from './wait-until.ts';

const node = process.execPath;
const hosts: ProcessHost[] = [];
const newHost = (options?: ProcessHostOptions) => {
  const host = createProcessHost(options);
  hosts.push(host);
  return host;
};
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

/** Runs a script and resolves with the child once it has printed a line. */
async function started(host: ProcessHost, script: string, maxRssBytes?: number) {
  const lines: string[] = [];
  const child = host.spawn({ command: node, args: ['-e', script], maxRssBytes, onLine: (line) => lines.push(line) });
  await waitUntil(() => lines.length > 0);
  return { child, lines };
}

describe('a hosted process', () => {
  it('hands out whole lines of both streams, and how it ended', async () => {
    const lines: string[] = [];
    const child = newHost().spawn({
      command: node,
      args: ['-e', 'process.stdout.write("a\\nb\\r\\nc"); process.stderr.write("é\\n"); process.exitCode = 3'],
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(await child.exited).toEqual({ code: 3, signal: null, reason: 'exit' });
    expect(lines.sort()).toEqual(['stderr: é', 'stdout: a', 'stdout: b', 'stdout: c']);
  });

  it('gets nothing of our environment but PATH, HOME, TMPDIR, LANG and what is given', async () => {
    process.env.FRESHPOINT_TEST_SECRET = 'secret';
    const lines: string[] = [];
    const child = newHost().spawn({
      command: node,
      args: ['-e', 'console.log(JSON.stringify(Object.keys(process.env)))'],
      env: { GIVEN: '1' },
      onLine: (line) => lines.push(line),
    });
    await child.exited;
    const names = JSON.parse(lines[0] ?? '') as string[];
    expect(names).toContain('GIVEN');
    // macOS adds __CF_USER_TEXT_ENCODING by itself.
    const allowed = ['GIVEN', 'PATH', 'HOME', 'TMPDIR', 'LANG', '__CF_USER_TEXT_ENCODING'];
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('cuts a line without end into bounded pieces', async () => {
    const lines: string[] = [];
    const child = newHost({ maxLineLength: 1_000 }).spawn({
      command: node,
      args: ['-e', 'process.stdout.write("x".repeat(10500) + "\\n" + "y".repeat(2500))'],
      onLine: (line) => lines.push(line),
    });
    await child.exited;
    expect(Math.max(...lines.map((line) => line.length))).toBe(1_000);
    expect(lines.join('')).toBe('x'.repeat(10_500) + 'y'.repeat(2_500));
  });

  it('says why it could not be started', async () => {
    const child = newHost().spawn({ command: '/no/such/program' });
    expect(await child.exited).toMatchObject({ reason: 'spawn', error: { code: 'ENOENT' } });
    expect(await child.stop()).toMatchObject({ reason: 'spawn' });
  });

  it('is stopped by SIGTERM when it listens', async () => {
    const script = 'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up")';
    const { child } = await started(newHost(), script);
    expect(await child.stop()).toEqual({ code: 7, signal: null, reason: 'stopped' });
  });

  it('is killed after the grace when it ignores SIGTERM', async () => {
    const { child } = await started(
      newHost(),
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
    );
    expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL', reason: 'stopped' });
  });

  it('takes its own children with it when it ends', async () => {
    const script = `const { spawn } = require("node:child_process");
      const busy = spawn(process.execPath, ["-e", "console.log(1); for (;;);"]);
      busy.stdout.once("data", () => { console.log(busy.pid); process.exit(0); });`;
    const { child, lines } = await started(newHost(), script);
    await child.exited;
    await waitUntil(async () => !(await isAlive(Number(lines[0]))));
  });

  it('is killed when its memory exceeds the limit', async () => {
    const script = 'console.log("up"); const held = []; setInterval(() => held.push(Buffer.alloc(8 << 20, 1)), 5)';
    const { child } = await started(newHost({ memoryIntervalMs: 20 }), script, 200 << 20);
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL', reason: 'memory' });
  });

  it('counts the memory of its descendants', async () => {
    const script = `const c = require("node:child_process").spawn(process.execPath,
      ["-e", "const b = Buffer.alloc(150 << 20, 1); console.log(b.length); setInterval(() => b, 1000)"]);
      c.stdout.once("data", () => console.log("up"));`;
    const { child } = await started(newHost(), script);
    expect(await child.peakRssBytes()).toBeGreaterThan(150 << 20);
  });
});

it('finds a sibling script as source and as built file', () => {
  expect(siblingScript('reaper', 'file:///p/src/processes/reaper-client.ts')).toBe('/p/src/processes/reaper.ts');
  expect(siblingScript('reaper', 'file:///p/dist/processes/reaper-client.js')).toBe('/p/dist/processes/reaper.js');
});

describe('the reaper', () => {
  it('kills every child when our process is killed', async () => {
    const parent = spawn(
      node,
      ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./doomed-parent.ts', import.meta.url))],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH } },
    );
    const pids = JSON.parse(String(await new Promise((resolve) => parent.stdout.once('data', resolve)))) as number[];
    expect(pids).toHaveLength(4);
    for (const pid of pids) expect(await isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await waitUntil(async () => (await Promise.all(pids.map(isAlive))).every((alive) => !alive));
  });

  it('is gone after close(), and so are the children', async () => {
    const host = newHost();
    const { child } = await started(host, 'setInterval(() => {}, 1000); console.log("up")');
    await host.close();
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL', reason: 'stopped' });
    expect(() => host.spawn({ command: node })).toThrow('closed');
  });
});
