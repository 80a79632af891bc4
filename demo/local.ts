import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startLocalRuntime } from '@freshpoint/local';
import { type IrisSettings, irisApp } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import { AssetStaging, Duration } from 'aws-cdk-lib';
import type { ControllerLogEntry } from './controller-log.ts';
import type { DemoCloud } from './demo-runtime.ts';

const ASSEMBLY = fileURLToPath(new URL('./cdk.out', import.meta.url));
const COMMAND = fileURLToPath(import.meta.resolve('freshpoint/main'));
const STATE = fileURLToPath(new URL('./.freshpoint/local', import.meta.url));

/** The models are served by their JavaScript, so that the demo needs no Python. */
const JAVASCRIPT = { SAGEMAKER_PROGRAM: 'inference.mjs' };

/** Synthesizes the app, with shorter pauses than on AWS. */
export async function synth(firstModel: string, settings: IrisSettings): Promise<string> {
  await rm(ASSEMBLY, { recursive: true, force: true });
  // Otherwise a second synthesis assumes that the assets of the first one still exist.
  AssetStaging.clearAssetHashCache();
  const environment = { ...JAVASCRIPT, ...settings.environment };
  const pauses = { waitTime: Duration.seconds(2), pollInterval: Duration.seconds(1) };
  irisApp({ ...settings, ...pauses, environment, firstModel, outdir: ASSEMBLY }).synth();
  return ASSEMBLY;
}

/** Starts the local runtime; the app's stack is deployed to it. */
export async function startLocal(): Promise<DemoCloud> {
  const listeners: Array<(entry: ControllerLogEntry) => void> = [];
  const runtime = await startLocalRuntime({
    stateDir: STATE,
    times: 'fast',
    onFunctionLog: ({ line }) => {
      const entry = controllerEntryOf(line);
      if (entry) for (const listener of listeners) listener(entry);
    },
  });
  const consoles: FreshpointProcess[] = [];
  return {
    url: runtime.url,
    async deploy(onEvent) {
      const results = await runtime.deploy(ASSEMBLY, {
        stacks: [NAMES.stack],
        onEvent: ({ logicalId, type, status, reason }) => onEvent({ logicalId, type, status, reason }),
      });
      return results[NAMES.stack]?.outputs ?? {};
    },
    onControllerLog: (listener) => listeners.push(listener),
    rollback: (endpoint, onLine) => freshpoint(runtime.url, ['rollback', endpoint], onLine),
    async openConsole() {
      const child = spawnFreshpoint(runtime.url, ['console', '--port', '0', '--json']);
      consoles.push(child);
      const ended = once(child, 'close').then(() => {
        throw new Error(`freshpoint console ended with status ${child.exitCode}`);
      });
      const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
      return JSON.parse(line).url;
    },
    async stop() {
      for (const child of consoles) child.kill();
      await runtime.stop();
    },
  };
}

type FreshpointProcess = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the `freshpoint` command from its sources. */
function spawnFreshpoint(url: string, args: readonly string[]): FreshpointProcess {
  const quiet = ['ExperimentalWarning', 'MODULE_TYPELESS_PACKAGE_JSON'].map((name) => `--disable-warning=${name}`);
  return spawn(process.execPath, ['--conditions=source', ...quiet, COMMAND, ...args], {
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the `freshpoint` command to its end. */
function freshpoint(url: string, args: readonly string[], onLine: (line: string) => void): Promise<void> {
  const child = spawnFreshpoint(url, args);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  createInterface(child.stdout).on('line', onLine);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(errors.trim() === '' ? `freshpoint ended with status ${code}` : errors.trim()));
    });
  });
}

/** The controller's lines are JSON with a `decision` or an `error`, unlike metrics and Lambda's START and END lines. */
function controllerEntryOf(line: string): ControllerLogEntry | undefined {
  try {
    const entry = JSON.parse(line) as ControllerLogEntry;
    return 'decision' in entry || 'error' in entry ? entry : undefined;
  } catch {
    return undefined;
  }
}
