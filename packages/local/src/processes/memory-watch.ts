import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What to watch. */
export interface MemoryLimit {
  /** The leader of a process group. */
  readonly pid: number;
  /** @default no limit: samples are taken only when they are asked for */
  readonly limitBytes: number | undefined;
  readonly intervalMs: number;
  readonly onExceeded: () => void;
}

/** Samples the resident memory of a process, because the system sends no events about it. Keeps no process alive. */
export class MemoryWatch {
  readonly #limit: MemoryLimit;
  readonly #timer: NodeJS.Timeout | undefined;
  #peakBytes = 0;

  constructor(limit: MemoryLimit) {
    this.#limit = limit;
    if (limit.limitBytes !== undefined) this.#timer = setInterval(() => void this.sample(), limit.intervalMs).unref();
  }

  /** Takes a sample and returns the highest value so far, in bytes. */
  async sample(): Promise<number> {
    const { pid, limitBytes = Number.POSITIVE_INFINITY, onExceeded } = this.#limit;
    const bytes = process.platform === 'linux' ? procBytes(pid) : await groupBytes(pid);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
    if (bytes > limitBytes) onExceeded();
    return this.#peakBytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Resident bytes of a process and the descendants that its main thread started; 0 if it has ended. */
function procBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const own = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    return children.reduce((sum, child) => sum + procBytes(Number(child)), own);
  } catch {
    return 0;
  }
}

/** The same by process group, for systems without /proc. */
async function groupBytes(pid: number): Promise<number> {
  const options = { maxBuffer: 16 << 20 };
  const ps = promisify(execFile)('ps', ['-A', '-o', 'pgid=,rss='], options);
  const { stdout } = await ps.catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.reduce((sum, [group, kib = 0]) => sum + (group === pid ? kib * 1024 : 0), 0);
}
