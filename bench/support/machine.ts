import { cpus, loadavg, totalmem } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly cpus: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** Of the last minute, before the run: above the number of CPUs, figures of time are pessimistic. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpus: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}
