import { statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { cacheFolder, root } from '../support/cache.ts';
import { runScript, startServer } from '../support/child.ts';
import { type Figure, figure, ratioOf } from '../support/statistics.ts';

/** One way to ship the handler, times in ms; or the ratio of two. */
export interface HandlerFigures {
  /** Process start to the handler's code being loaded. */
  readonly loaded: Figure;
  /** Process start to the first decision. */
  readonly decided: Figure;
  readonly warm: Figure;
  readonly rssMB: Figure;
}

export interface BundleFigures {
  readonly kB: number;
  readonly bundle: HandlerFigures;
  /** The same handler with the SDK in node_modules, as ES modules. */
  readonly unbundled: HandlerFigures;
  /** Bundle to unbundled, pair by pair. */
  readonly ratio: HandlerFigures;
}

interface Sample {
  readonly loaded: number;
  readonly decided: number;
  readonly warm: number;
  readonly rssBytes: number;
}

/** Cold starts of both, in turn, so that what else the machine does hits both. */
export async function measureBundle(rounds: number, say: (detail: string) => void): Promise<BundleFigures> {
  const bundle = join(root, 'packages/cdk/assets/refresher/index.cjs');
  const unbundled = join(cacheFolder('bundle'), 'index.mjs');
  await build({
    entryPoints: [join(root, 'packages/engine/src/lambda/index.ts')],
    outfile: unbundled,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node22',
    format: 'esm',
    logLevel: 'warning',
  });
  const services = await startServer(new URL('./services-process.ts', import.meta.url));
  const env = {
    AWS_ENDPOINT_URL: services.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    FRESHPOINT_QUEUE_URL: `${services.url}/queue`,
    FRESHPOINT_DEAD_LETTER_QUEUE_URL: `${services.url}/dead-letter-queue`,
  };
  const start = (path: string) => runScript<Sample>(new URL('./function-process.cjs', import.meta.url), [path], env);
  const samples: Record<'bundle' | 'unbundled', Sample[]> = { bundle: [], unbundled: [] };
  try {
    // Once each before: the files are in the page cache then, for both.
    await start(bundle);
    await start(unbundled);
    for (let round = 1; round <= rounds; round++) {
      say(`${round} of ${rounds}`);
      samples.bundle.push(await start(bundle));
      samples.unbundled.push(await start(unbundled));
    }
  } finally {
    await services.stop();
  }
  return {
    kB: Math.round(statSync(bundle).size / 1000),
    bundle: figures(samples.bundle),
    unbundled: figures(samples.unbundled),
    ratio: ratios(samples.bundle, samples.unbundled),
  };
}

function figures(samples: readonly Sample[]): HandlerFigures {
  return {
    loaded: figure(samples.map(({ loaded }) => loaded)),
    decided: figure(samples.map(({ decided }) => decided)),
    warm: figure(samples.map(({ warm }) => warm)),
    rssMB: figure(samples.map(({ rssBytes }) => rssBytes / 1e6)),
  };
}

function ratios(ones: readonly Sample[], others: readonly Sample[]): HandlerFigures {
  const of = (value: (sample: Sample) => number) => ratioOf(ones.map(value), others.map(value));
  return {
    loaded: of(({ loaded }) => loaded),
    decided: of(({ decided }) => decided),
    warm: of(({ warm }) => warm),
    rssMB: of(({ rssBytes }) => rssBytes),
  };
}
