import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalRuntime, LocalRuntimeOptions } from '@freshpoint/local';
import type { LocalArguments } from './arguments.ts';
import { CommandFailure, UsageError } from './command-failure.ts';
import type { ConsoleOutput } from './console-output.ts';

/** The oldest version of Node that @freshpoint/local runs on. The other commands run on older ones, too. */
const MIN_NODE_MAJOR = 22;

/** Starts the runtime, deploys the assembly, runs until `stop` aborts, then stops everything. Throws CommandFailure. */
export async function runLocal(options: LocalArguments, output: ConsoleOutput, stop: AbortSignal): Promise<void> {
  if (options.assembly !== undefined) await checkAssembly(options.assembly);
  const runtime = await start(options, output);
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    output.started(runtime.url);
    await Promise.race([deploy(runtime, options, output), stopped]);
    await stopped;
  } finally {
    await runtime.stop();
  }
}

async function deploy(
  runtime: LocalRuntime,
  { assembly, stacks }: LocalArguments,
  output: ConsoleOutput,
): Promise<void> {
  if (assembly === undefined) return output.ready(runtime.url, {});
  try {
    const results = await runtime.deploy(assembly, { stacks, onEvent: (event) => output.stackEvent(event) });
    const outputs = Object.entries(results).map(([stack, { outputs }]) => [stack, outputs]);
    output.ready(runtime.url, Object.fromEntries(outputs));
  } catch (error) {
    // An assembly that cannot be read or deployed is the user's to fix.
    throw new CommandFailure((error as Error).message, error);
  }
}

async function start(options: LocalArguments, output: ConsoleOutput): Promise<LocalRuntime> {
  const { port, stateDir, times, containers } = options;
  try {
    const startLocalRuntime = await loadRuntime();
    return await startLocalRuntime({
      port,
      stateDir,
      times,
      containers,
      onFunctionLog: ({ line }) => output.functionLine(line),
      onProblem: (problem) => output.problem(problem),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UsageError(
        `Port ${port} is in use. Choose another with --port, or use --port 0 for a free one.`,
        error,
      );
    }
    if (code === 'EACCES' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EROFS') {
      throw new UsageError(`The runtime cannot start: ${message}. Check --port and --state.`, error);
    }
    throw error;
  }
}

/** The runtime is a package of its own: the other commands do not need it. */
async function loadRuntime(): Promise<(options: LocalRuntimeOptions) => Promise<LocalRuntime>> {
  const [major = ''] = process.versions.node.split('.');
  if (Number(major) < MIN_NODE_MAJOR) {
    throw new CommandFailure(`The local runtime needs Node ${MIN_NODE_MAJOR} or later, this is ${process.version}.`);
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
