import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Account } from '@freshpoint/local';
import { CommandFailure } from '../command-failure.ts';

/** A CDK app, as its cdk.json describes it. */
export interface CdkApp {
  readonly folder: string;
  /** The shell command that synthesizes. */
  readonly command: string;
  /** Where it writes the cloud assembly. */
  readonly assembly: string;
  /** Globs below the folder whose changes do not concern the app. */
  readonly unwatched: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
}

interface CdkSettings {
  readonly app?: string;
  readonly output?: string;
  readonly context?: Record<string, unknown>;
  readonly watch?: { readonly exclude?: string | readonly string[] };
}

/** What `cdk` adds to the context, so that it finds the same template when it deploys later. */
const COMMAND_CONTEXT = {
  'aws:cdk:enable-path-metadata': true,
  'aws:cdk:enable-asset-metadata': true,
  'aws:cdk:version-reporting': true,
  'aws:cdk:bundling-stacks': ['**'],
};

/** Reads `cdk.json`; undefined if the folder has none, or none that names an app. Throws CommandFailure. */
export async function findCdkApp(folder: string): Promise<CdkApp | undefined> {
  const settings = await readSettings<CdkSettings>(join(folder, 'cdk.json'));
  if (settings?.app === undefined) return undefined;
  const found = await readSettings<Record<string, unknown>>(join(folder, 'cdk.context.json'));
  const { output = 'cdk.out', watch } = settings;
  for (const [name, value] of Object.entries({ app: settings.app, output })) {
    if (typeof value === 'string') continue;
    throw new CommandFailure(`${join(folder, 'cdk.json')}: ${name} is ${JSON.stringify(value)}, expected a text.`);
  }
  return {
    folder,
    command: settings.app,
    assembly: resolve(folder, output),
    unwatched: [output, ...[watch?.exclude ?? []].flat()],
    context: { ...COMMAND_CONTEXT, ...found, ...settings.context },
  };
}

/** Runs the app's command, whose output goes to stderr. Throws CommandFailure when it fails. */
export async function synthesizeApp(app: CdkApp, account: Account, stop: AbortSignal): Promise<void> {
  const child = spawn(app.command, {
    cwd: app.folder,
    shell: true,
    signal: stop,
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      CDK_OUTDIR: app.assembly,
      CDK_CONTEXT_JSON: JSON.stringify(app.context),
      CDK_DEFAULT_ACCOUNT: account.accountId,
      CDK_DEFAULT_REGION: account.region,
    },
  });
  const [code, signal] = await once(child, 'close').catch((error: Error) => {
    throw new CommandFailure(`The app's command cannot run: ${error.message}.`, error);
  });
  if (code !== 0) {
    throw new CommandFailure(
      `The app's command "${app.command}" in cdk.json ended with ${signal ?? `status ${code}`}.`,
    );
  }
}

async function readSettings<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CommandFailure(`${path} cannot be read: ${error.message}`, error);
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new CommandFailure(`${path} is not JSON: ${(error as Error).message}`, error);
  }
}
