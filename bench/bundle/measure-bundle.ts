import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { cacheFolder, REPOSITORY } from '../support/cache.ts';
import { runScript, startServer } from '../support/child.ts';
import { compareInTurn } from '../support/in-turn.ts';
import type { Comparison } from '../support/statistics.ts';

/**
 * The handler as one bundle, compared with the same handler with the SDK in node_modules, as ES modules. Times in ms.
 */
export interface BundleFigures {
  readonly kB: number;
  /** Process start to the handler's code being loaded. */
  readonly loaded: Comparison;
  /** The processor's time until then: what else the machine does hardly changes it. */
  readonly loadedCpu: Comparison;
  /** Process start to the first decision. */
  readonly decided: Comparison;
  /** One more decision. */
  readonly warm: Comparison;
  readonly rssMB: Comparison;
}

interface StartSample {
  readonly loaded: number;
  readonly loadedCpu: number;
  readonly decided: number;
  readonly warm: number;
  readonly rssMB: number;
}

/** Cold starts of both, in turn. */
export async function measureBundle(rounds: number, say: (detail: string) => void): Promise<BundleFigures> {
  const bundle = join(REPOSITORY, 'packages/cdk/assets/refresher/index.cjs');
  const unbundled = await buildUnbundled();
  const services = await startServer(new URL('./services-process.ts', import.meta.url));
  const env = {
    AWS_ENDPOINT_URL: services.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    FRESHPOINT_QUEUE_URL: `${services.url}/queue`,
    FRESHPOINT_DEAD_LETTER_QUEUE_URL: `${services.url}/dead-letter-queue`,
    FRESHPOINT_ROLE_ARN: 'arn:aws:iam::123456789012:role/refresher',
    FRESHPOINT_ROLE_ID: 'AROAEXAMPLE',
    FRESHPOINT_BATCHING_WINDOW_SECONDS: '1',
  };
  const start = (path: string) =>
    runScript<StartSample>(new URL('./function-process.cjs', import.meta.url), [path], env);
  try {
    // Once each before: the files are in the page cache then, for both.
    await start(bundle);
    await start(unbundled);
    const compared = await compareInTurn(
      { ours: () => start(bundle), other: () => start(unbundled) },
      { rounds, values: ['loaded', 'loadedCpu', 'decided', 'warm', 'rssMB'], say },
    );
    return { kB: Math.round(statSync(bundle).size / 1000), ...compared };
  } finally {
    await services.stop();
  }
}

async function buildUnbundled(): Promise<string> {
  const outfile = join(cacheFolder('bundle'), 'index.mjs');
  const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'packages/engine/package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  await build({
    entryPoints: [join(REPOSITORY, 'packages/engine/src/lambda/index.ts')],
    outfile,
    bundle: true,
    // The workspace's own sources are bundled, what comes from the registry is not.
    external: Object.keys(dependencies).filter((name) => !name.startsWith('@freshpoint/')),
    conditions: ['source'],
    platform: 'node',
    target: 'node22',
    format: 'esm',
    logLevel: 'warning',
  });
  return outfile;
}
