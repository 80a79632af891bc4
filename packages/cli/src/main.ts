#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { type LocalArguments, readArguments } from './arguments.ts';
import { EXIT_CODES, reportError } from './command-failure.ts';
import type { EndpointAccount } from './endpoints/account.ts';
import type { ActionContext } from './endpoints/act.ts';
import { USAGE } from './usage.ts';

async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  // The reader of the output is gone, as after `| head`. The runtime has to stop first.
  if (options.command !== 'local') process.stdout.on('error', () => process.exit(EXIT_CODES.failed));
  switch (options.command) {
    case 'help':
      process.stdout.write(USAGE);
      break;
    case 'version':
      write(version());
      break;
    case 'local':
      await local(options);
      break;
    case 'history': {
      const { runHistory } = await import('./endpoints/history.ts');
      await runHistory(options, await openAccount(), write, process.stdout.columns);
      break;
    }
    case 'retry': {
      const { runRetry } = await import('./endpoints/retry.ts');
      await runRetry(options, await actionContext());
      break;
    }
    case 'rollback': {
      const { runRollback } = await import('./endpoints/rollback.ts');
      await runRollback(options, { ...(await actionContext()), pause: setTimeout });
      break;
    }
  }
  return EXIT_CODES.success;
}

/** The modules of the runtime are loaded for this command only. */
async function local(options: LocalArguments): Promise<void> {
  const { stopSignal } = await import('./stop-signal.ts');
  const stop = stopSignal();
  const { jsonOutput, textOutput } = await import('./console-output.ts');
  const { runLocal } = await import('./local.ts');
  await runLocal(options, options.format === 'json' ? jsonOutput(write) : textOutput(write, Date.now), stop);
}

/** The modules of the SDK take longer to load than everything else, so only the commands that need them do. */
async function openAccount(): Promise<EndpointAccount> {
  const { endpointAccount, sdkClients } = await import('./endpoints/account.ts');
  return endpointAccount(sdkClients(), { now: Date.now, newId: randomUUID });
}

/** What commands that act need. */
async function actionContext(): Promise<ActionContext> {
  return { account: await openAccount(), write, now: Date.now, user: username() };
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
