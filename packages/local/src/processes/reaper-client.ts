import { type ChildProcess, spawn } from 'node:child_process';
import { siblingScript } from './sibling-script.ts';

/** Keeps one reaper process informed; starts it at the first registration and again if somebody ends it. */
export class ReaperClient {
  readonly #groups = new Set<number>();
  #process: ChildProcess | undefined;
  #closed = false;

  /** Call right after the spawn: the write is synchronous, so that no child is unknown for longer than an instant. */
  register(pid: number): void {
    this.#groups.add(pid);
    if (this.#process) this.#process.stdin?.write(`+${pid}\n`);
    else this.#start();
  }

  forget(pid: number): void {
    this.#groups.delete(pid);
    this.#process?.stdin?.write(`-${pid}\n`);
  }

  /** Pid of the reaper while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the reaper ahead of the first child. */
  start(): void {
    if (!this.#process) this.#start();
  }

  /** Ends the reaper; whatever is still registered is killed by it. */
  async close(): Promise<void> {
    this.#closed = true;
    const reaper = this.#process;
    if (!reaper || reaper.exitCode !== null || reaper.signalCode !== null) return;
    const ended = new Promise((resolve) => reaper.once('exit', resolve));
    reaper.ref();
    reaper.stdin?.end();
    await ended;
  }

  #start(): void {
    const reaper = spawn(process.execPath, [siblingScript('reaper', import.meta.url)], {
      // A session of its own, so that signals to our group do not end it before its work is done.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    this.#process = reaper;
    // A reaper that died shows as EPIPE here and as 'exit' below, which starts the next one.
    reaper.stdin.on('error', () => undefined);
    reaper.on('error', () => undefined);
    reaper.once('exit', () => {
      this.#process = undefined;
      if (!this.#closed && this.#groups.size > 0) this.#start();
    });
    reaper.unref();
    (reaper.stdin as unknown as { unref?(): void }).unref?.();
    for (const pid of this.#groups) reaper.stdin.write(`+${pid}\n`);
  }
}
