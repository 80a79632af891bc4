import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@freshpoint/test-support/free-port';
import { cacheFolder } from '../support/cache.ts';
import type { Server } from '../support/child.ts';

const HEALTH_INTERVAL_MS = 10;
const START_TIMEOUT_MS = 60_000;

/** The emulators of others. */
export type EmulatorName = 'ministack' | 'moto';

/** Starts an emulator as its own documentation says. Resolves when it answers. */
export async function startEmulator(name: EmulatorName, bin: string): Promise<Server> {
  const port = String(await freePort());
  const args = {
    ministack: ['-m', 'ministack.app'],
    moto: [join(bin, 'moto_server'), '--host', '127.0.0.1', '--port', port],
  };
  const folder = cacheFolder(name);
  const child = spawn(join(bin, 'python'), args[name], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      GATEWAY_PORT: port,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child);
  return {
    url,
    peakRssBytes: async () => peakOf(child.pid),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < end && child.exitCode === null) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
    await pause(HEALTH_INTERVAL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} did not start.`);
}

/** Linux keeps the peak of each process. */
function peakOf(pid: number | undefined): number {
  const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) * 1024;
}
