import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Resident bytes of each process, including the descendants that its main thread started. The result has no entry for
 * a process that has ended. Reads /proc on Linux, and `ps` by process group elsewhere.
 */
export async function residentBytes(pids: readonly number[]): Promise<Map<number, number>> {
  if (process.platform === 'linux') return fromProc(pids);
  return await fromPs(pids);
}

function fromProc(pids: readonly number[]): Map<number, number> {
  const result = new Map<number, number>();
  for (const pid of pids) {
    const own = procBytes(pid);
    if (own === undefined) continue;
    let sum = own;
    const waiting = procChildren(pid);
    for (let child = waiting.pop(); child !== undefined; child = waiting.pop()) {
      sum += procBytes(child) ?? 0;
      waiting.push(...procChildren(child));
    }
    result.set(pid, sum);
  }
  return result;
}

function procBytes(pid: number): number | undefined {
  const match = /^VmRSS:\s*(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? '');
  return match ? Number(match[1]) * 1024 : undefined;
}

function procChildren(pid: number): number[] {
  return (readProc(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function fromPs(pids: readonly number[]): Promise<Map<number, number>> {
  const groups = new Set(pids);
  return new Promise((resolve) => {
    execFile('ps', ['-A', '-o', 'pgid=,rss='], { maxBuffer: 16 << 20 }, (_error, stdout) => {
      const result = new Map<number, number>();
      for (const line of stdout.split('\n')) {
        const [group, kib] = line.trim().split(/\s+/).map(Number);
        if (group !== undefined && kib !== undefined && groups.has(group)) {
          result.set(group, (result.get(group) ?? 0) + kib * 1024);
        }
      }
      resolve(result);
    });
  });
}
