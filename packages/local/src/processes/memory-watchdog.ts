import { residentBytes } from './resident-memory.ts';

interface Watched {
  readonly limitBytes: number | undefined;
  readonly onExceeded: () => void;
  peakBytes: number;
}

/**
 * Samples the resident memory of registered processes every `intervalMs`, because the system sends no events about it,
 * and reports those above their limit. Does not keep this process alive.
 */
export class MemoryWatchdog {
  readonly #intervalMs: number;
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  watch(pid: number, limitBytes: number | undefined, onExceeded: () => void): void {
    this.#watched.set(pid, { limitBytes, onExceeded, peakBytes: 0 });
    this.#arm();
  }

  forget(pid: number): void {
    this.#watched.delete(pid);
    if (this.#watched.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Samples a process now and returns its highest value so far, in bytes. */
  async peakBytes(pid: number): Promise<number> {
    await this.#sample([pid]);
    return this.#watched.get(pid)?.peakBytes ?? 0;
  }

  #arm(): void {
    this.#timer ??= setTimeout(async () => {
      await this.#sample([...this.#watched.keys()]);
      this.#timer = undefined;
      if (this.#watched.size > 0) this.#arm();
    }, this.#intervalMs).unref();
  }

  async #sample(pids: number[]): Promise<void> {
    for (const [pid, bytes] of await residentBytes(pids)) {
      const watched = this.#watched.get(pid);
      if (!watched) continue;
      watched.peakBytes = Math.max(watched.peakBytes, bytes);
      if (watched.limitBytes !== undefined && bytes > watched.limitBytes) watched.onExceeded();
    }
  }
}
