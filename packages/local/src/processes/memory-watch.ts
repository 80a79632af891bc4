import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Samples the resident memory of a process, because the system sends no events about it. Keeps no process alive. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #peakBytes = 0;

  /** With a limit, samples are taken every `intervalMs`; without one, only when they are asked for. */
  constructor(pid: number, intervalMs: number, limitBytes: number | undefined, onExceeded: () => void) {
    this.#pid = pid;
    if (limitBytes === undefined) return;
    const check = async () => {
      if ((await this.sample()) > limitBytes) onExceeded();
    };
    this.#timer = setInterval(() => void check(), intervalMs).unref();
  }

  /** Takes a sample and returns the highest value so far, in bytes. */
  async sample(): Promise<number> {
    const bytes = process.platform === 'linux' ? procBytes(this.#pid) : await groupBytes(this.#pid);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
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
