import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, type DescribeEndpointOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { irisApp } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import { type App, Duration } from 'aws-cdk-lib';
import { writeTinyModel } from './archives.ts';
import { type UntilOptions, until } from './until.ts';

/** A call that the function's role was refused. */
export interface Denial {
  /** For example `sagemaker:UpdateEndpoint`. */
  readonly action: string;
  readonly message: string;
}

/** One line of the loop's log. */
export type LoopEntry = Readonly<Record<string, unknown>>;

export interface StageOptions {
  /** The app to run. @default the demo's, with pauses of a second */
  readonly app?: (outdir: string) => App;
  /** Changes a synthesized template before it is deployed. */
  readonly edit?: (stackName: string, template: Template) => void;
  /** @default in the stage's own folder */
  readonly stateDir?: string;
}

export interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;
}

/** The loop found that the newest revision is served. */
export const isServed = ({ decision, reason }: LoopEntry) => decision === 'done' && reason === 'Serving';

/** Synthesizes the demo's app with pauses of a second into `outdir`. */
function quickIris(outdir: string): App {
  return irisApp({ outdir, waitTime: Duration.seconds(1), pollInterval: Duration.seconds(1) });
}

/** A local runtime with an app of its own in a folder of its own, seen through the unmodified SDK. */
export class Stage {
  readonly folder: string;
  readonly assembly: string;
  readonly runtime: LocalRuntime;
  readonly denials: Denial[] = [];
  readonly loop: LoopEntry[] = [];
  readonly lines: string[] = [];
  readonly s3: S3Client;
  readonly sagemaker: SageMakerClient;
  readonly #invoke: SageMakerRuntimeClient;
  readonly #closing = new AbortController();

  private constructor(folder: string, assembly: string, runtime: LocalRuntime) {
    this.folder = folder;
    this.assembly = assembly;
    this.runtime = runtime;
    const config = {
      endpoint: runtime.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    this.s3 = new S3Client({ ...config, forcePathStyle: true });
    this.sagemaker = new SageMakerClient(config);
    this.#invoke = new SageMakerRuntimeClient({ ...config, maxAttempts: 1 });
  }

  static async open({ app = quickIris, edit, stateDir }: StageOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'freshpoint-e2e-'));
    const assembly = join(folder, 'cdk.out');
    const { stacks } = app(assembly).synth();
    for (const { stackName, templateFullPath } of stacks) {
      if (!edit) continue;
      const template = JSON.parse(await readFile(templateFullPath, 'utf8'));
      edit(stackName, template);
      await writeFile(templateFullPath, JSON.stringify(template));
    }
    const heard: Array<(line: string) => void> = [];
    const runtime = await startLocalRuntime({
      stateDir: stateDir ?? join(folder, 'state'),
      onFunctionLog: ({ line }) => {
        for (const hear of heard) hear(line);
      },
    });
    const stage = new Stage(folder, assembly, runtime);
    heard.push((line) => stage.#hear(line));
    stage.#watchRole();
    return stage;
  }

  /** Deploys stacks and returns the outputs of the last. */
  async deploy(...stacks: string[]): Promise<Record<string, string>> {
    const results = await this.runtime.deploy(this.assembly, { stacks });
    return { ...results[stacks.at(-1)!]?.outputs };
  }

  /** Deploys the demo's stacks with model v1 in place. Returns the bucket's name. */
  async deployIris(): Promise<string> {
    const { BucketName = '' } = await this.deploy(NAMES.dataStack);
    await this.upload(BucketName, NAMES.modelKey, 'v1');
    await this.deploy(NAMES.endpointStack);
    return BucketName;
  }

  /** Deploys a stack with endpoints, and waits until its deployment's own promise of each of them is kept. */
  async deployEndpoints(stackName: string, ...ids: string[]): Promise<void> {
    await this.deploy(stackName);
    for (const id of ids) {
      const name = `${stackName}/${id}`;
      const fits = (entry: LoopEntry) => isServed(entry) && entry.endpoint === name;
      // A promise that came while the stack was being made comes back after half a minute.
      await this.until(`the loop says that ${name} is served`, () => this.loop.find(fits), {
        timeoutMs: 50_000,
        got: () => this.tail(),
      });
    }
  }

  /** Uploads a tiny model of this name. */
  async upload(bucket: string, key: string, name: string, broken = false): Promise<void> {
    await this.uploadFile(bucket, key, await writeTinyModel(this.folder, name, broken));
  }

  async uploadFile(bucket: string, key: string, path: string): Promise<void> {
    const { length } = await readFile(path);
    const body = createReadStream(path);
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: length }));
  }

  describe(endpointName: string): Promise<DescribeEndpointOutput> {
    return this.sagemaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }));
  }

  /** Which model answers. */
  async answer(endpointName: string): Promise<string> {
    const { Body } = await this.#invoke.send(
      new InvokeEndpointCommand({ EndpointName: endpointName, ContentType: 'application/json', Body: '[]' }),
    );
    return JSON.parse(new TextDecoder().decode(Body)).name;
  }

  async untilStatus(endpointName: string, status: string): Promise<void> {
    let last: string | undefined;
    await this.until(
      `${endpointName} is ${status}`,
      async () => {
        last = (await this.describe(endpointName)).EndpointStatus;
        return last === status;
      },
      { everyMs: 5, got: () => `it is ${last}; ${this.tail()}` },
    );
  }

  /** Waits until the endpoint is InService and this model, and no other, answers. */
  async untilServes(endpointName: string, name: string): Promise<void> {
    let last: string | undefined;
    await this.until(
      `${endpointName} serves ${name}`,
      async () => {
        last = await this.answer(endpointName);
        if (last !== name || (await this.describe(endpointName)).EndpointStatus !== 'InService') return false;
        const answers = await Promise.all(Array.from({ length: 10 }, () => this.answer(endpointName)));
        return answers.every((each) => each === name);
      },
      { got: () => `${last} answers; ${this.tail()}` },
    );
  }

  /** Waits for a line of the loop from `place` on. */
  async untilLoop(expected: string, fits: (entry: LoopEntry) => boolean, place = 0): Promise<LoopEntry> {
    return this.until(`the loop says ${expected}`, () => this.loop.slice(place).find(fits), { got: () => this.tail() });
  }

  /** Like `until`, and ends when the stage is closed. */
  until<T>(
    expected: string,
    look: () => Promise<T | undefined | false> | T | undefined | false,
    options: UntilOptions = {},
  ): Promise<T> {
    return until(expected, look, { ...options, signal: this.#closing.signal });
  }

  /** The newest lines of the function, for messages. */
  tail(): string {
    return `the function's last lines:\n${this.lines.slice(-15).join('\n')}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const client of [this.s3, this.sagemaker, this.#invoke]) client.destroy();
    await this.runtime.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #hear(line: string): void {
    this.lines.push(line);
    try {
      const entry = JSON.parse(line);
      if ('decision' in entry || 'error' in entry) this.loop.push(entry);
    } catch {
      // Lambda's own lines are text.
    }
  }

  /** Every call of every service goes through `cloud.call`, also those of the mapping and of the log delivery. */
  #watchRole(): void {
    const { cloud } = this.runtime;
    const call = cloud.call.bind(cloud);
    cloud.call = async (service, operation, input, caller) => {
      try {
        return await call(service, operation, input, caller);
      } catch (error) {
        const { name, message } = error as Error;
        if (/AccessDenied/.test(name) && caller.roleArn?.includes('FreshpointRefresher')) {
          this.denials.push({ action: `${service}:${operation}`, message });
        }
        throw error;
      }
    };
  }
}
