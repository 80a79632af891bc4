#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { constants, userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { readArguments, USAGE } from './arguments.ts';
import { jsonOutput, plainOutput } from './console-output.ts';
import type { EndpointAccount } from './endpoints/account.ts';
import { Failure, UsageError } from './failure.ts';
import { runLocal } from './local.ts';

// How long the runtime may take to end its processes.
const GRACE_MS = 10_000;

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options.command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.command === 'version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const write = (line: string) => process.stdout.write(`${line}\n`);
  if (options.command !== 'local') {
    // Whoever read the output has gone, as `head` does.
    process.stdout.on('error', () => process.exit(1));
  }
  if (options.command === 'history') {
    const { runHistory } = await import('./endpoints/history.ts');
    await runHistory(options, await account(), write, process.stdout.columns);
    return 0;
  }
  if (options.command === 'rollback') {
    const { runRollback } = await import('./endpoints/rollback.ts');
    const around = { account: await account(), write, now: Date.now, pause: setTimeout, user: username() };
    await runRollback(options, around);
    return 0;
  }
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second time one means it; what still runs is then ended by the reaper.
      if (ended.signal.aborted) process.exit(128 + constants.signals[signal]);
      globalThis.setTimeout(() => process.exit(1), GRACE_MS).unref();
      ended.abort();
    });
  }
  // Whoever read the output has gone.
  process.stdout.on('error', () => ended.abort());
  await runLocal(options, options.json ? jsonOutput(write) : plainOutput(write, Date.now), ended.signal);
  return 0;
}

/** Loaded when it is needed: the SDK takes longer than the rest. */
async function account(): Promise<EndpointAccount> {
  const { endpointAccount, sdkClients } = await import('./endpoints/account.ts');
  return endpointAccount(sdkClients());
}

/** A container's user may have no name. */
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

/** Causes belong to bugs; a Failure says all there is to say. */
function report(error: unknown): number {
  console.error(error instanceof Failure ? `freshpoint: ${error.message}` : error);
  if (!(error instanceof UsageError)) return 1;
  console.error('freshpoint --help lists the options.');
  return 2;
}

const status = await main().catch(report);
// What a slow reader of a pipe hasn't taken yet would be lost with the process.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
// Sockets that a client keeps open must not keep the process alive.
process.exit(status);
