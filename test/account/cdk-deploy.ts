import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CDK_COMMAND } from '@freshpoint/e2e/cdk-command';
import type { InstanceType } from './cost.ts';
import { namedModel } from './model-archive.ts';
import { MODEL_KEY } from './places.ts';
import type { RunNames } from './run-names.ts';
import type { Session } from './session.ts';

/** Lines of a failed command that are shown. */
const SHOWN_LINES = 25;

/** The stack's outputs. */
export interface DeployedStack {
  readonly modelsBucket: string;
  readonly executionRoleArn: string;
  readonly keyArn: string;
  readonly limitedRoleArn: string;
}

export interface DeploySettings {
  readonly names: RunNames;
  readonly image: string;
  readonly instanceType: InstanceType;
  readonly firstModel: string;
}

/** Synthesizes the app and deploys it with the CDK command. Throws what the command printed, if it fails. */
export async function deployApp(
  session: Session,
  settings: DeploySettings,
  signal: AbortSignal,
): Promise<DeployedStack> {
  const folder = await mkdtemp(join(tmpdir(), 'freshpoint-account-app-'));
  try {
    const firstModel = join(folder, MODEL_KEY);
    await writeFile(firstModel, namedModel(settings.firstModel));
    const outdir = join(folder, 'cdk.out');
    const env = { account: session.accountId, region: session.region };
    const { waitSeconds } = session.pace;
    // Loaded here: a run that is refused does not need the library.
    const { accountApp } = await import('./account-app.ts');
    accountApp({ ...settings, env, firstModel, waitSeconds, outdir }).synth();
    const outputsFile = join(folder, 'outputs.json');
    const options = [
      '--app',
      outdir,
      '--require-approval',
      'never',
      '--outputs-file',
      outputsFile,
      '--progress',
      'events',
    ];
    await cdk(['deploy', settings.names.stack, ...options], { folder, session, signal });
    const outputs = JSON.parse(await readFile(outputsFile, 'utf8'))[settings.names.stack];
    return {
      modelsBucket: outputs.ModelsBucket,
      executionRoleArn: outputs.ExecutionRoleArn,
      keyArn: outputs.KeyArn,
      limitedRoleArn: outputs.LimitedRoleArn,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface CdkContext {
  readonly folder: string;
  readonly session: Session;
  readonly signal: AbortSignal;
}

async function cdk(args: readonly string[], { folder, session, signal }: CdkContext): Promise<void> {
  signal.throwIfAborted();
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    process.execPath,
    [CDK_COMMAND, ...args, '--ci', '--no-notices', '--no-color'],
    {
      cwd: folder,
      env: {
        ...session.environment,
        TMPDIR: folder,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a group of its own: Ctrl-C reaches the run, which ends the command.
      detached: true,
    },
  );
  const end = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  try {
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    signal.throwIfAborted();
    if (child.exitCode === 0) return;
    const lines = (out + error).trim().split('\n').slice(-SHOWN_LINES).join('\n');
    throw new Error(`cdk ${args.slice(0, 2).join(' ')} ended with ${child.exitCode ?? child.signalCode}:\n${lines}`);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
