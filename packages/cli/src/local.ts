import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import type { LocalArguments } from './arguments.ts';
import type { ConsoleOutput } from './console-output.ts';
import { Failure, UsageError } from './failure.ts';

/** Starts the runtime, deploys, and stays until `ended` aborts; then stops everything. Throws Failure. */
export async function runLocal(options: LocalArguments, output: ConsoleOutput, ended: AbortSignal): Promise<void> {
  if (options.assembly !== undefined) await checkAssembly(options.assembly);
  const runtime = await start(options, output);
  const end = new Promise<void>((resolve) => {
    if (ended.aborted) resolve();
    ended.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    output.started(runtime.url);
    await Promise.race([deploy(runtime, options, output), end]);
    await end;
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
    // What can't be read or deployed is in the assembly, not in this program.
    throw new Failure((error as Error).message, error);
  }
}

async function start(options: LocalArguments, output: ConsoleOutput): Promise<LocalRuntime> {
  try {
    return await startLocalRuntime({
      port: options.port,
      stateDir: options.stateDir,
      times: options.times,
      containers: options.containers,
      onFunctionLog: ({ line }) => output.functionLine(line),
      onProblem: (problem) => output.problem(problem),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UsageError(
        `Port ${options.port} is in use. Take another with --port, or --port 0 for a free one.`,
        error,
      );
    }
    if (code === 'EACCES' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EROFS') {
      throw new UsageError((error as Error).message, error);
    }
    throw error;
  }
}

async function checkAssembly(folder: string): Promise<void> {
  const isFile = async (path: string) => (await stat(path).catch(() => undefined))?.isFile() ?? false;
  if (await isFile(join(folder, 'manifest.json'))) return;
  const found = await stat(folder).catch(() => undefined);
  throw new UsageError(
    found?.isDirectory()
      ? `${folder} has no manifest.json, so it is not a cloud assembly. \`cdk synth\` writes one.`
      : `There is no folder ${folder}. \`cdk synth\` writes one, by default cdk.out.`,
  );
}
