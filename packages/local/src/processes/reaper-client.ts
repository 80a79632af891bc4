import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { siblingScript } from './sibling-script.ts';

/** Informs the reaper process. Starts it again if it ends. */
export function reaperClient() {
  const groups = new Set<number>();
  let running: ChildProcess | undefined;
  let isClosed = false;
  const tell = (line: string) => running?.stdin?.write(line);
  const start = () => {
    if (running) return;
    const reaper = spawn(process.execPath, [siblingScript('reaper', import.meta.url)], {
      // In its own session, so that signals to this process group do not end it early.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    running = reaper;
    // The death of a reaper shows as EPIPE here and as 'exit' below, which starts the next one.
    reaper.stdin.on('error', () => undefined);
    reaper.on('error', () => undefined);
    reaper.once('exit', () => {
      running = undefined;
      if (!isClosed && groups.size > 0) start();
    });
    reaper.unref();
    (reaper.stdin as unknown as { unref?(): void }).unref?.();
    for (const pid of groups) tell(`+${pid}\n`);
  };
  return {
    /** Starts the reaper, if it does not run: before the first child. */
    start,
    /** Call it right after the spawn. The write is synchronous, so that the reaper knows a child almost at once. */
    register(pid: number): void {
      groups.add(pid);
      start();
      tell(`+${pid}\n`);
    },
    forget(pid: number): void {
      groups.delete(pid);
      tell(`-${pid}\n`);
    },
    /** Ends the reaper, which kills every group that is still registered. */
    async close(): Promise<void> {
      isClosed = true;
      const reaper = running;
      if (!reaper || reaper.exitCode !== null || reaper.signalCode !== null) return;
      reaper.ref();
      reaper.stdin?.end();
      await once(reaper, 'exit');
    },
  };
}
