import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { siblingScript } from './sibling-script.ts';

/** Informs the reaper process. Starts it again if it ends. */
export class ReaperClient {
  readonly #groups = new Set<number>();
  #process: ChildProcess | undefined;
  #closed = false;

  /** Call it right after the spawn. The write is synchronous, so that the reaper knows a child almost at once. */
  register(pid: number): void {
    this.#groups.add(pid);
    this.start();
    this.#tell(`+${pid}\n`);
  }

  forget(pid: number): void {
    this.#groups.delete(pid);
    this.#tell(`-${pid}\n`);
  }

  /** Starts the reaper, if it does not run: before the first child. */
  start(): void {
    if (this.#process) return;
    const reaper = spawn(process.execPath, [siblingScript('reaper', import.meta.url)], {
      // In its own session, so that signals to this process group do not end it early.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    this.#process = reaper;
    // The death of a reaper shows as EPIPE here and as 'exit' below, which starts the next one.
    reaper.stdin.on('error', () => undefined);
    reaper.on('error', () => undefined);
    reaper.once('exit', () => {
      this.#process = undefined;
      if (!this.#closed && this.#groups.size > 0) this.start();
    });
    reaper.unref();
    (reaper.stdin as unknown as { unref?(): void }).unref?.();
    for (const pid of this.#groups) this.#tell(`+${pid}\n`);
  }

  /** Ends the reaper, which kills every group that is still registered. */
  async close(): Promise<void> {
    this.#closed = true;
    const reaper = this.#process;
    if (!reaper || reaper.exitCode !== null || reaper.signalCode !== null) return;
    reaper.ref();
    reaper.stdin?.end();
    await once(reaper, 'exit');
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(line);
  }
}
