import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** The samples of a process's memory. */
export interface MemoryWatch {
  /** Takes a sample and returns the highest value so far, in bytes. */
  sample(): Promise<number>;
  stop(): void;
}

/**
 * Samples the resident memory of a process, because the system sends no events about it. Keeps no process alive. With a
 * limit, samples are taken every `intervalMs`; without one, only when they are asked for.
 */
export function watchMemory(
  pid: number,
  intervalMs: number,
  limitBytes: number | undefined,
  onExceeded: () => void,
): MemoryWatch {
  let peakBytes = 0;
  const sample = async () => {
    const bytes = process.platform === 'linux' ? procBytes(pid) : await groupBytes(pid);
    peakBytes = Math.max(peakBytes, bytes);
    return peakBytes;
  };
  if (limitBytes === undefined) return { sample, stop: () => undefined };
  const check = async () => {
    if ((await sample()) > limitBytes) onExceeded();
  };
  const timer = setInterval(() => void check(), intervalMs).unref();
  return { sample, stop: () => clearInterval(timer) };
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
