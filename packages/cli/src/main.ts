#!/usr/bin/env -S node --
// Node takes an --env-file also after the script, unless there is a -- before.
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type ConsoleArguments, type LocalArguments, readArguments } from './arguments.ts';
import { EXIT_CODES, reportError } from './command-failure.ts';
import { outputOf } from './output.ts';
import { USAGE } from './usage.ts';

// The SDK says at each start which Node it will require one day. The command runs on the versions that it declares.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  // The reader of the output is gone, as after `| head`. The runtime has to stop first.
  if (options.command !== 'local') process.stdout.on('error', () => process.exit(EXIT_CODES.failed));
  switch (options.command) {
    case 'help':
      process.stdout.write(USAGE);
      return EXIT_CODES.success;
    case 'version':
      write(version());
      return EXIT_CODES.success;
    case 'local':
      await local(options);
      return EXIT_CODES.success;
    case 'console':
      await openConsole(options);
      return EXIT_CODES.success;
    case 'check': {
      const { runCheck } = await import('./check.ts');
      return runCheck(options, write);
    }
    default: {
      const { runLiveCommand } = await import('./endpoints/live-command.ts');
      const output = outputOf(write, process.stdout, process.env);
      return runLiveCommand(options, { output, environment: process.env, user: username() });
    }
  }
}

/** The modules of the runtime are loaded for this command only. */
async function local(options: LocalArguments): Promise<void> {
  const { stopSignal } = await import('./stop-signal.ts');
  const stop = stopSignal();
  const { jsonOutput, textOutput } = await import('./console-output.ts');
  const { runLocal } = await import('./local.ts');
  await runLocal(options, options.format === 'json' ? jsonOutput(write) : textOutput(write, Date.now), stop);
}

async function openConsole(options: ConsoleArguments): Promise<void> {
  const { stopSignal } = await import('./stop-signal.ts');
  const { runConsole } = await import('./console/run-console.ts');
  const files = new URL('../assets/console/', import.meta.url);
  const running = { write, environment: process.env, user: username(), files, onBug: console.error };
  await runConsole(options, running, stopSignal());
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A user without a name is possible in a container. */
function username(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? 'unknown';
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

const exitCode = await main(process.argv.slice(2)).catch((error) => reportError(error, console.error));
// Output that a slow reader of a pipe has not read yet would be lost at exit.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
// Sockets that a client keeps open must not keep the process alive.
process.exit(exitCode);
