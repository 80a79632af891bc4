import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, type DescribeEndpointOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type LocalRuntime, type LocalRuntimeOptions, startLocalRuntime } from '@freshpoint/local';
import { irisApp } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import { type App, Duration } from 'aws-cdk-lib';
import { writeTinyModel } from './archives.ts';
import { type UntilOptions, until } from './until.ts';

/** A call that the function's role was not allowed to make. */
export interface Denial {
  /** For example `sagemaker:UpdateEndpoint`. */
  readonly action: string;
  readonly message: string;
}

/** One line of the controller's log. */
export type LogEntry = Readonly<Record<string, unknown>>;

export interface StageOptions {
  /**
   * The app to deploy. It gets the path of an archive with the model v1.
   * @default examples/iris with that as its first model, served by its JavaScript, and with pauses of a second
   */
  readonly app?: (outdir: string, firstModel: string) => App;
  /** Changes a synthesized template before it is deployed. */
  readonly edit?: (stackName: string, template: Template) => void;
  /** @default in the stage's own folder */
  readonly stateDir?: string;
  /** @default fast */
  readonly times?: LocalRuntimeOptions['times'];
}

export interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;
}

/** Physical ids of a stack's refresher. */
export interface RefresherIds {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly logGroupName: string;
}

/** Number of consecutive answers after which no old fleet answers. */
const CONVINCING_ANSWERS = 10;
/** Time between two checks of a status, in milliseconds: shorter than any status lasts. */
const STATUS_INTERVAL_MS = 5;
const SHOWN_LINES = 15;

/** The controller logged that the newest revision is served. */
export const isServing = ({ decision, reason }: LogEntry) => decision === 'done' && reason === 'Serving';

/** Pauses of an example's endpoint in a test. */
export const QUICK = { waitTime: Duration.seconds(1), pollInterval: Duration.seconds(1) };

/** Synthesizes examples/iris into `outdir`: with JavaScript, as many tests start many models. */
export function quickIris(outdir: string, firstModel: string): App {
  return irisApp({ ...QUICK, outdir, firstModel, environment: { SAGEMAKER_PROGRAM: 'inference.mjs' } });
}

/** A local runtime with an app of its own in a folder of its own, used through the unmodified SDK. */
export class Stage {
  readonly folder: string;
  readonly assembly: string;
  readonly runtime: LocalRuntime;
  readonly denials: Denial[] = [];
  /** The controller's log. */
  readonly log: LogEntry[] = [];
  /** Everything that the function printed. */
  readonly lines: string[] = [];
  readonly s3: S3Client;
  readonly sagemaker: SageMakerClient;
  readonly invoke: SageMakerRuntimeClient;
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
    this.invoke = new SageMakerRuntimeClient({ ...config, maxAttempts: 1 });
  }

  static async open({ app = quickIris, edit, stateDir, times }: StageOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'freshpoint-e2e-'));
    const assembly = join(folder, 'cdk.out');
    const { stacks } = app(assembly, await writeTinyModel(folder, 'v1')).synth();
    for (const { stackName, templateFullPath } of stacks) {
      if (!edit) continue;
      const template = JSON.parse(await readFile(templateFullPath, 'utf8'));
      edit(stackName, template);
      await writeFile(templateFullPath, JSON.stringify(template));
    }
    const listeners: Array<(line: string) => void> = [];
    const runtime = await startLocalRuntime({
      stateDir: stateDir ?? join(folder, 'state'),
      times,
      onFunctionLog: ({ line }) => {
        for (const listener of listeners) listener(line);
      },
    });
    const stage = new Stage(folder, assembly, runtime);
    listeners.push((line) => stage.#record(line));
    stage.#watchRole();
    return stage;
  }

  /** Deploys stacks and returns the outputs of the last. */
  async deploy(...stacks: string[]): Promise<Record<string, string>> {
    const results = await this.runtime.deploy(this.assembly, { stacks });
    return { ...results[stacks.at(-1) ?? '']?.outputs };
  }

  /** Deploys examples/iris with its first model. Returns the bucket's name. */
  async deployIris(): Promise<string> {
    const { BucketName = '' } = await this.deploy(NAMES.stack);
    return BucketName;
  }

  /** Deploys a stack with endpoints. When it resolves, all are served and the queue has no request for them. */
  async deployEndpoints(stackName: string, ...ids: string[]): Promise<void> {
    await this.deploy(stackName);
    const { queueUrl } = await this.refresherOf(stackName);
    // The deployment's own requests may have met a stack that was still being deployed, and return in half a minute.
    const from = this.log.length;
    for (const id of ids) await this.requestReconcile(queueUrl, `${stackName}/${id}`);
    for (const id of ids) {
      const name = `${stackName}/${id}`;
      await this.untilLog(`${name} is served`, (entry) => isServing(entry) && entry.endpoint === name, from);
    }
    await this.callAsRoot('sqs', 'PurgeQueue', { QueueUrl: queueUrl });
  }

  /** Sends a reconcile request, as the sweep does. */
  async requestReconcile(queueUrl: string, endpoint: string): Promise<void> {
    const MessageBody = JSON.stringify({ version: 1, endpoint });
    await this.callAsRoot('sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody });
  }

  /** Uploads a tiny model with this name. */
  async upload(bucket: string, key: string, name: string): Promise<void> {
    await this.uploadFile(bucket, key, await writeTinyModel(this.folder, name));
  }

  async uploadFile(bucket: string, key: string, path: string): Promise<void> {
    const { length } = await readFile(path);
    const body = createReadStream(path);
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: length }));
  }

  describe(endpointName: string): Promise<DescribeEndpointOutput> {
    return this.sagemaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }));
  }

  /** Name of the model that answers; `variant`: of this one. */
  async answer(endpointName: string, variant?: string): Promise<string> {
    const request = { EndpointName: endpointName, ContentType: 'application/json', Body: '[]' };
    const { Body } = await this.invoke.send(new InvokeEndpointCommand({ ...request, TargetVariant: variant }));
    return JSON.parse(new TextDecoder().decode(Body)).name;
  }

  /** Waits for a status. It cannot be missed: the check and the simulated SageMaker share an event loop. */
  async untilStatus(endpointName: string, status: string): Promise<void> {
    let last: string | undefined;
    await this.until(
      `${endpointName} is ${status}`,
      async () => {
        const view = await this.callAsRoot('sagemaker', 'DescribeEndpoint', { EndpointName: endpointName });
        last = view.EndpointStatus;
        return last === status;
      },
      { intervalMs: STATUS_INTERVAL_MS, got: () => `it is ${last}; ${this.tail()}` },
    );
  }

  /** Waits until the endpoint is InService and only this model answers. */
  async untilServes(endpointName: string, name: string): Promise<void> {
    let last: string | undefined;
    await this.until(
      `${endpointName} serves ${name}`,
      async () => {
        last = await this.answer(endpointName);
        if (last !== name || (await this.describe(endpointName)).EndpointStatus !== 'InService') return false;
        const answers = await Promise.all(Array.from({ length: CONVINCING_ANSWERS }, () => this.answer(endpointName)));
        return answers.every((each) => each === name);
      },
      { got: () => `${last} answers; ${this.tail()}` },
    );
  }

  /** Waits for a line of the controller's log whose index is at least `from`. */
  async untilLog(expected: string, matches: (entry: LogEntry) => boolean, from = 0): Promise<LogEntry> {
    const find = () => this.log.slice(from).find(matches);
    return this.until(`the controller logs that ${expected}`, find, { got: () => this.tail() });
  }

  /** Like `until`, but ends when the stage is closed. */
  until<T>(
    expected: string,
    condition: () => Promise<T | undefined | false> | T | undefined | false,
    options: UntilOptions = {},
  ): Promise<T> {
    return until(expected, condition, { ...options, signal: this.#closing.signal });
  }

  /** The newest lines of the function, for error messages. */
  tail(): string {
    return `the function's last lines:\n${this.lines.slice(-SHOWN_LINES).join('\n')}`;
  }

  /** Calls a service in this process as the account's root user. */
  async callAsRoot(service: string, operation: string, input: object) {
    const { accountId, partition } = this.runtime.account;
    return this.runtime.cloud.call(service, operation, input, { arn: `arn:${partition}:iam::${accountId}:root` });
  }

  async refresherOf(stackName: string): Promise<RefresherIds> {
    const find = (id: string) => this.physicalId(stackName, id);
    return {
      queueUrl: await find('FreshpointRefresherQueue'),
      deadLetterQueueUrl: await find('FreshpointRefresherDeadLetterQueue'),
      logGroupName: await find('FreshpointRefresherLog'),
    };
  }

  /** Physical id of the stack's first resource whose logical id begins like this. */
  async physicalId(StackName: string, logicalId: string): Promise<string> {
    const { StackResources } = await this.callAsRoot('cloudformation', 'DescribeStackResources', { StackName });
    return StackResources.find(({ LogicalResourceId }: { LogicalResourceId: string }) =>
      LogicalResourceId.startsWith(logicalId),
    ).PhysicalResourceId;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const client of [this.s3, this.sagemaker, this.invoke]) client.destroy();
    await this.runtime.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #record(line: string): void {
    this.lines.push(line);
    try {
      const entry = JSON.parse(line);
      if ('decision' in entry || 'error' in entry) this.log.push(entry);
    } catch {
      // Lambda's own lines are text.
    }
  }

  /** All calls go through `cloud.call`, including those of the event source mapping and of the log delivery. */
  #watchRole(): void {
    const { cloud } = this.runtime;
    const call = cloud.call.bind(cloud);
    cloud.call = async (service, operation, input, caller) => {
      const note = (code: string, message: string) => {
        if (!/AccessDenied/.test(code) || !caller.roleArn?.includes('FreshpointRefresher')) return;
        this.denials.push({ action: `${service}:${operation}`, message });
      };
      try {
        const output = await call(service, operation, input, caller);
        // DeleteObjects succeeds as a whole, and reports each key that it may not delete.
        for (const { Code = '', Message = '' } of output?.Errors ?? []) note(Code, Message);
        return output;
      } catch (error) {
        note((error as Error).name, (error as Error).message);
        throw error;
      }
    };
  }
}
