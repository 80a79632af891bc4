import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { startLocalCommand } from './local-command.ts';
import { until } from './until.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, '../../node_modules');

/** The newest version of the manifest that the command of 2025 reads. */
const MANIFEST_OF_2025 = '48.0.0';

/**
 * The commands, unmodified. CDK's library refuses to be read by a command that is older than itself, and the construct
 * needs a library of 2026: for the command of 2025, the app's manifest says that it is older. The templates are as they
 * are.
 */
const COMMANDS = [
  ['of 2026', import.meta.resolve('aws-cdk/package.json'), 'node app.mts'],
  ['of 2025', import.meta.resolve('aws-cdk-2025/package.json'), `node app.mts && node age.mjs ${MANIFEST_OF_2025}`],
] as const;

const AGE = `import { globSync, readFileSync, writeFileSync } from 'node:fs';
for (const file of globSync(process.env.CDK_OUTDIR + '/{manifest,*.assets}.json')) {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version: process.argv[2] }));
}
`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'freshpoint-own-app-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** An app's folder as `cdk init` makes it, with the user's app in it. */
class OwnApp {
  readonly folder: string;
  readonly #command: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(folder: string, command: string, environment: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#command = fileURLToPath(new URL('bin/cdk', command));
    const { AWS_PROFILE: _, ...env } = process.env;
    this.#environment = {
      ...env,
      ...environment,
      TMPDIR: folder,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      PATH: pathWithNode(),
    };
  }

  async init(app: string): Promise<void> {
    await this.succeeds('init', 'app', '--language', 'typescript', '--generate-only');
    await symlink(MODULES, join(this.folder, 'node_modules'));
    await cp(join(HERE, 'own-app/app.mts'), join(this.folder, 'app.mts'));
    await writeFile(join(this.folder, 'age.mjs'), AGE);
    const settings = JSON.parse(await readFile(join(this.folder, 'cdk.json'), 'utf8'));
    await writeFile(join(this.folder, 'cdk.json'), JSON.stringify({ ...settings, app }));
  }

  /** Runs `cdk`. */
  async cdk(...args: string[]): Promise<{ readonly exitCode: number | null; readonly output: string }> {
    const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
      process.execPath,
      [this.#command, ...args, '--ci', '--no-notices', '--no-color'],
      { cwd: this.folder, env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { exitCode: child.exitCode, output: out + error };
  }

  async succeeds(...args: string[]): Promise<string> {
    const { exitCode, output } = await this.cdk(...args);
    expect(exitCode, `cdk ${args.join(' ')}\n${output}`).toBe(0);
    return output;
  }
}

/** The SDK's clients, and what the app's endpoint answers. */
function clientsFor(endpoint: string) {
  const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
  const runtime = new SageMakerRuntimeClient(config);
  return {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sagemaker: new SageMakerClient(config),
    async answer() {
      const { Body } = await runtime.send(new InvokeEndpointCommand({ EndpointName: 'shop', Body: '[]' }));
      return JSON.parse(Buffer.from(Body ?? []).toString()).name;
    },
  };
}

/** The app's command runs on the Node that runs this test. */
const pathWithNode = () => `${dirname(process.execPath)}:${process.env.PATH}`;

describe("a user's app, from an empty folder", () => {
  test.concurrent.each(COMMANDS)('lives with the CDK command %s', async (_year, command, appCommand) => {
    const folder = await mkdtemp(join(root, 'walk-'));
    const local = await startLocalCommand(folder, []);
    try {
      const own = new OwnApp(await mkdtemp(join(folder, 'shop-')), command, local.environment);
      const { s3, sagemaker, answer } = clientsFor(local.url);
      const upload = async (Bucket: string, name: string) =>
        s3.send(
          new PutObjectCommand({
            Bucket,
            Key: 'model.tar.gz',
            Body: await readFile(await writeTinyModel(folder, name)),
          }),
        );

      await own.init(appCommand);
      await own.succeeds('bootstrap');
      await own.succeeds(
        'deploy',
        'Data',
        '--require-approval',
        'never',
        '--method',
        'direct',
        '--outputs-file',
        'outputs.json',
      );
      const bucket = JSON.parse(await readFile(join(own.folder, 'outputs.json'), 'utf8')).Data.BucketName;
      await upload(bucket, 'v1');
      const deployed = await own.succeeds('deploy', '--all', '--require-approval', 'never', '--progress', 'events');
      expect(deployed).toMatch(/AWS::EC2::VPC .* Recorded only/);
      expect(deployed).toMatch(/AWS::Events::Rule .* Recorded only/);
      expect(deployed).toMatch(/Shop\.Answer = 42/);
      expect(await answer()).toBe('v1');

      await upload(bucket, 'v2');
      await until('v2 serves', async () => (await answer()) === 'v2');

      await own.succeeds('diff', '--fail');
      const diff = await own.cdk('diff', '--fail', '--context', 'instances=2');
      expect([diff.exitCode, diff.output]).toEqual([1, expect.stringContaining('InitialInstanceCount')]);
      const again = [
        'deploy',
        'Shop',
        '--exclusively',
        '--require-approval',
        'never',
        '--method',
        'direct',
        '--context',
      ];
      await own.succeeds(...again, 'instances=2');
      const { ProductionVariants } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'shop' }));
      expect(ProductionVariants?.map(({ CurrentInstanceCount }) => CurrentInstanceCount)).toEqual([2]);

      const failed = await own.cdk(...again, 'key=missing.tar.gz');
      expect([failed.exitCode, failed.output]).toEqual([1, expect.stringContaining('missing.tar.gz')]);
      expect(await answer()).toBe('v2');

      await own.succeeds('destroy', '--all', '--force');
      await expect(answer()).rejects.toThrow('Endpoint shop of account');
    } finally {
      await local.stop();
    }
  });

  test.concurrent('is deployed by `freshpoint local` alone, and again when it changes', async () => {
    const folder = await mkdtemp(join(root, 'alone-'));
    await symlink(MODULES, join(folder, 'node_modules'));
    await cp(join(HERE, 'own-app/app.mts'), join(folder, 'app.mts'));
    await writeFile(join(folder, 'cdk.json'), JSON.stringify({ app: `"${process.execPath}" app.mts` }));
    await writeFile(join(folder, '.gitignore'), '');
    const local = await startLocalCommand(folder, ['--watch', '--persist', 'kept', '--write-env', 'aws.env']);
    try {
      // There is no model yet.
      const printed = () => local.lines.join('\n');
      expect(printed()).toMatch(/The deployment failed\. Stack Shop .*model\.tar\.gz/);
      expect(parseEnv(await readFile(join(folder, 'aws.env'), 'utf8'))).toEqual(local.environment);
      const { s3, answer } = clientsFor(local.url);
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      const Bucket = Buckets.find(({ Name }) => Name?.startsWith('data-models'))?.Name;
      const Body = await readFile(await writeTinyModel(root, 'alone'));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'model.tar.gz', Body }));

      await writeFile(join(folder, 'app.mts'), `${await readFile(join(folder, 'app.mts'), 'utf8')}// changed\n`);
      await until('it is deployed', () => /Recorded only, not simulated: .*AWS::SNS::Topic/.test(printed()), {
        got: printed,
      });
      expect(await answer()).toBe('alone');
      // What the runtime writes into the folder is no change.
      expect(printed().match(/synthesizing/g)).toHaveLength(2);
    } finally {
      await local.stop();
    }
  });
});
