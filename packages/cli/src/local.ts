import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { LocalRuntime, LocalRuntimeOptions } from '@freshpoint/local';
import type { LocalArguments } from './arguments.ts';
import { CommandFailure, InUse, UsageError } from './command-failure.ts';
import type { ConsoleOutput } from './console-output.ts';
import { type CdkApp, findCdkApp, synthesizeApp } from './local/cdk-app.ts';
import { writeEnvFile } from './local/exports.ts';
import { watchFolder } from './local/watch-folder.ts';

/** The oldest version of Node that @freshpoint/local runs on. The other commands run on older ones, too. */
const MIN_NODE = '22.15';

/** What to deploy: a cloud assembly, and the app that writes it if it has to be synthesized first. */
interface Deployed {
  readonly assembly: string;
  readonly app?: CdkApp;
}

/**
 * Starts the runtime, deploys the assembly or the app of the working folder, runs until `stop` aborts, then stops
 * everything. A deployment that fails is reported, and the runtime stays. Throws CommandFailure.
 */
export async function runLocal(options: LocalArguments, output: ConsoleOutput, stop: AbortSignal): Promise<void> {
  const deployed = await findDeployed(options);
  const runtime = await start(options, output);
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  let unwatch: (() => void) | undefined;
  try {
    if (options.envFile !== undefined) await writeEnvFile(options.envFile, runtime.url);
    output.started(runtime.url);
    if (deployed === undefined) output.ready(runtime.url, []);
    else {
      const deploy = oneAtATime(() => deployAndReport(runtime, deployed, { options, output, stop }));
      // Before the first deployment, so that no change during it is missed.
      if (options.watch) unwatch = await watch(deployed, options, deploy);
      await Promise.race([deploy(), stopped]);
    }
    await stopped;
  } finally {
    unwatch?.();
    await runtime.stop();
  }
}

async function findDeployed({ assembly, empty, watch }: LocalArguments): Promise<Deployed | undefined> {
  if (assembly !== undefined) {
    await checkAssembly(assembly);
    return { assembly };
  }
  const app = empty ? undefined : await findCdkApp(process.cwd());
  if (app) return { assembly: app.assembly, app };
  if (watch) throw new UsageError('--watch needs a cdk.json with an `app` in this folder, or --assembly.');
  return undefined;
}

interface Deploying {
  readonly options: LocalArguments;
  readonly output: ConsoleOutput;
  readonly stop: AbortSignal;
}

/** Never rejects: what fails is the user's to fix, in the app or with the runtime as it is then. */
async function deployAndReport(runtime: LocalRuntime, deployed: Deployed, deploying: Deploying): Promise<void> {
  const { options, output, stop } = deploying;
  try {
    if (deployed.app) {
      output.synthesizing(deployed.app.command);
      await synthesizeApp(deployed.app, runtime.account, stop);
    }
    const onEvent = (event: Parameters<typeof output.stackEvent>[0]) => output.stackEvent(event);
    const results = await runtime.deploy(deployed.assembly, { stacks: options.stacks, onEvent });
    const stacks = Object.entries(results).map(([stackName, result]) => ({ stackName, ...result }));
    if (!stop.aborted) output.ready(runtime.url, stacks);
  } catch (error) {
    if (!stop.aborted) output.failed(runtime.url, (error as Error).message);
  }
}

/** Runs `work` now, or once more after the run that is in progress, for all calls during it. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let isRunning = false;
  let isWanted = false;
  return async () => {
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await work();
    }
    isRunning = false;
  };
}

async function watch(
  { assembly, app }: Deployed,
  { persistDir, stateDir }: LocalArguments,
  deploy: () => Promise<void>,
): Promise<() => void> {
  const folder = app?.folder ?? assembly;
  const written = [persistDir, stateDir].filter((path) => path !== undefined);
  // What the runtime writes is no change of the app.
  const unwatched = [...(app?.unwatched ?? []), ...written.map((path) => relative(resolve(folder), resolve(path)))];
  return await watchFolder(folder, { unwatched, onChange: () => void deploy() });
}

async function start(options: LocalArguments, output: ConsoleOutput): Promise<LocalRuntime> {
  const { port, stateDir, persistDir, times, containers } = options;
  try {
    const startLocalRuntime = await loadRuntime();
    return await startLocalRuntime({
      port,
      stateDir,
      persistDir,
      times,
      containers,
      onFunctionLog: ({ line, functionName }) => output.functionLine(line, functionName),
      onInstanceFailure: (failure) => output.instanceFailure(failure),
      onProblem: (problem) => output.problem(problem),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new InUse(`Port ${port} is in use. Choose another with --port, or use --port 0 for a free one.`, error);
    }
    if (code === 'FOLDER_IN_USE') throw new InUse(`${message} Choose another folder with --persist.`, error);
    if (code === 'STATE_UNREADABLE') throw new CommandFailure(message, error);
    if (code === 'EACCES' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EROFS') {
      throw new UsageError(`The runtime cannot start: ${message}. Check --port, --state and --persist.`, error);
    }
    throw error;
  }
}

/** The runtime is a package of its own: the other commands do not need it. */
async function loadRuntime(): Promise<(options: LocalRuntimeOptions) => Promise<LocalRuntime>> {
  if (process.versions.node.localeCompare(MIN_NODE, 'en', { numeric: true }) < 0) {
    throw new CommandFailure(`The local runtime needs Node ${MIN_NODE} or later, this is ${process.version}.`);
  }
  try {
    return (await import('@freshpoint/local')).startLocalRuntime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandFailure(
      'The local runtime is not installed. Install it beside the command: npm install --save-dev @freshpoint/local, ' +
        'or run both at once: npx --package freshpoint --package @freshpoint/local freshpoint local.',
      error,
    );
  }
}

async function checkAssembly(folder: string): Promise<void> {
  const manifest = await stat(join(folder, 'manifest.json')).catch(() => undefined);
  if (manifest?.isFile()) return;
  const found = await stat(folder).catch(() => undefined);
  const problem = found?.isDirectory()
    ? `--assembly is "${folder}", which has no manifest.json and so is not a cloud assembly.`
    : `--assembly is "${folder}", which is not a folder.`;
  throw new UsageError(`${problem} Run \`cdk synth\` to write a cloud assembly, by default cdk.out.`);
}
