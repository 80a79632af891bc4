import { runScript, type Server, startServer } from '../support/child.ts';
import { compareInTurn } from '../support/in-turn.ts';
import type { Comparison } from '../support/statistics.ts';
import { startRuntime } from './runtime-server.ts';

/** The local runtime compared with node:http without anything: what client and loopback interface allow here. MB/s. */
export interface TransferFigures {
  readonly MiB: number;
  readonly upload: Comparison;
  readonly download: Comparison;
  /** Highest resident memory of each server's process, in MB. */
  readonly peakMB: { readonly ours: number; readonly other: number };
}

interface TransferSample {
  readonly upload: number;
  readonly download: number;
}

/** What is uploaded and downloaded, and how often. */
export interface TransferSizes {
  readonly transferMiB: number;
  readonly transfers: number;
}

/** Uploads and downloads of both, in turn. */
export async function measureTransfers(
  compiled: string,
  { transferMiB: MiB, transfers: rounds }: TransferSizes,
  say: (detail: string) => void,
): Promise<TransferFigures> {
  const sink = await startServer(new URL('./sink-process.ts', import.meta.url));
  const runtime = await startRuntime(compiled);
  const transfer = ({ url }: Server) =>
    runScript<TransferSample>(new URL('./transfer-client.ts', import.meta.url), [url, String(MiB * 2 ** 20)]);
  try {
    const compared = await compareInTurn(
      { ours: () => transfer(runtime), other: () => transfer(sink) },
      { rounds, values: ['upload', 'download'], say },
    );
    const peakMB = {
      ours: (await runtime.peakRssBytes()) / 1e6,
      other: (await sink.peakRssBytes()) / 1e6,
    };
    return { MiB, ...compared, peakMB };
  } finally {
    await Promise.all([sink.stop(), runtime.stop()]);
  }
}
