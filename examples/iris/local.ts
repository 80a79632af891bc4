import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startLocalRuntime } from '@freshpoint/local';
import { AssetStaging, Duration } from 'aws-cdk-lib';
import type { DemoCloud } from './demo-runtime.ts';
import { type IrisSettings, irisApp } from './iris-app.ts';

const ASSEMBLY = fileURLToPath(new URL('./cdk.out', import.meta.url));
const STATE = fileURLToPath(new URL('./.freshpoint/local', import.meta.url));

/** Synthesizes the app, with the pauses of a laptop. */
export async function synth(settings: IrisSettings = {}): Promise<string> {
  await rm(ASSEMBLY, { recursive: true, force: true });
  // Otherwise a second synthesis takes the assets of the first one to be there still.
  AssetStaging.clearAssetHashCache();
  irisApp({ ...settings, outdir: ASSEMBLY, waitTime: Duration.seconds(2), pollInterval: Duration.seconds(1) }).synth();
  return ASSEMBLY;
}

/** Starts the local runtime and deploys stacks of the app to it. */
export async function startLocal(): Promise<DemoCloud> {
  const listeners: Array<(entry: Readonly<Record<string, unknown>>) => void> = [];
  const runtime = await startLocalRuntime({
    stateDir: STATE,
    times: 'fast',
    onFunctionLog: ({ line }) => {
      const entry = decisionIn(line);
      if (entry) for (const listener of listeners) listener(entry);
    },
  });
  return {
    url: runtime.url,
    async deploy(stackName, onEvent) {
      const results = await runtime.deploy(ASSEMBLY, {
        stacks: [stackName],
        onEvent: ({ logicalId, type, status, reason }) => onEvent({ logicalId, type, status, reason }),
      });
      return { outputs: results[stackName]?.outputs ?? {} };
    },
    loopLog: (listener) => listeners.push(listener),
    stop: () => runtime.stop(),
  };
}

/** The loop's own lines are JSON with a `decision` or an `error`; Lambda's START and END and the metrics are not. */
function decisionIn(line: string): Record<string, unknown> | undefined {
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    return entry.message === 'decision' || entry.message === 'error' ? entry : undefined;
  } catch {
    return undefined;
  }
}
