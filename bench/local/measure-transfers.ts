import { runScript, type Server, startServer } from '../support/child.ts';
import { type Figure, figure, ratioOf } from '../support/statistics.ts';
import { startRuntime } from './runtime-server.ts';

/** MB/s; or the ratio of two. */
export interface Rates {
  readonly upload: Figure;
  readonly download: Figure;
}

export interface TransferFigures {
  readonly MiB: number;
  readonly runtime: Rates;
  /** node:http without anything: what the client and the loopback interface allow here. */
  readonly sink: Rates;
  /** Runtime to sink, pair by pair. */
  readonly ratio: Rates;
  /** Of the runtime's process, at its peak. */
  readonly runtimePeakMB: number;
  readonly sinkPeakMB: number;
}

interface Sample {
  readonly upload: number;
  readonly download: number;
}

/** Uploads and downloads of both, in turn. */
export async function measureTransfers(
  compiled: string,
  MiB: number,
  rounds: number,
  say: (detail: string) => void,
): Promise<TransferFigures> {
  const sink = await startServer(new URL('./sink-process.ts', import.meta.url));
  const runtime = await startRuntime(compiled);
  const transfer = ({ url }: Server) =>
    runScript<Sample>(new URL('./transfer-client.ts', import.meta.url), [url, String(MiB * 2 ** 20)]);
  try {
    const samples: Record<'sink' | 'runtime', Sample[]> = { sink: [], runtime: [] };
    for (let round = 1; round <= rounds; round++) {
      say(`${round} of ${rounds}`);
      samples.sink.push(await transfer(sink));
      samples.runtime.push(await transfer(runtime));
    }
    return {
      MiB,
      runtime: rates(samples.runtime),
      sink: rates(samples.sink),
      ratio: ratios(samples.runtime, samples.sink),
      runtimePeakMB: (await runtime.peakRssBytes()) / 1e6,
      sinkPeakMB: (await sink.peakRssBytes()) / 1e6,
    };
  } finally {
    await Promise.all([sink.stop(), runtime.stop()]);
  }
}

function rates(samples: readonly Sample[]): Rates {
  return {
    upload: figure(samples.map(({ upload }) => upload)),
    download: figure(samples.map(({ download }) => download)),
  };
}

function ratios(ones: readonly Sample[], others: readonly Sample[]): Rates {
  const of = (value: (sample: Sample) => number) => ratioOf(ones.map(value), others.map(value));
  return { upload: of(({ upload }) => upload), download: of(({ download }) => download) };
}
