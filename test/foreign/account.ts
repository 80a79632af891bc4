import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, type DescribeEndpointOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { App } from 'aws-cdk-lib';
import { clientConfig } from './clients.ts';
import { Emulator } from './emulator.ts';
import { modelArchive } from './model-archive.ts';
import { publishedAssets } from './published-assets.ts';
import { SimulatedSageMaker } from './simulated-sagemaker.ts';

/** A synthesized template, as far as tests change it. */
export interface EditableTemplate {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;
}

/** How a stack operation ended. */
export interface StackEnd {
  /** `DELETE_COMPLETE` also if the stack is gone. */
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** The reasons of the failed resources, by logical id. */
  readonly failures: Readonly<Record<string, string>>;
}

/** One line of the controller's log. */
type ControllerLine = Readonly<Record<string, unknown>>;

const ACCOUNT = '000000000000-us-east-1';
const INTERVAL_MS = 200;
/** Time between two checks of a status, in milliseconds: shorter than any status lasts. */
const STATUS_INTERVAL_MS = 5;
/** A safety net for a busy machine. */
const TIMEOUT_MS = 120_000;

/** An account of ministack's, in which SageMaker is the local runtime's. */
export class ForeignAccount {
  /** SageMaker, by way of ministack. */
  readonly sagemaker: SageMakerClient;
  readonly #folder: string;
  readonly #emulator: Emulator;
  readonly #simulated: SimulatedSageMaker;
  readonly #cloudFormation: CloudFormationClient;
  readonly #s3: S3Client;
  readonly #invoke: SageMakerRuntimeClient;

  private constructor(folder: string, emulator: Emulator, simulated: SimulatedSageMaker) {
    const config = clientConfig(emulator.url);
    this.#folder = folder;
    this.#emulator = emulator;
    this.#simulated = simulated;
    this.#cloudFormation = new CloudFormationClient(config);
    this.#s3 = new S3Client({ ...config, forcePathStyle: true });
    this.sagemaker = new SageMakerClient(config);
    this.#invoke = new SageMakerRuntimeClient(config);
  }

  /** Starts both, and bootstraps the account for CDK. */
  static async open(): Promise<ForeignAccount> {
    const folder = await mkdtemp(join(tmpdir(), 'freshpoint-foreign-'));
    const simulated = await SimulatedSageMaker.start(join(folder, 'sagemaker'));
    const emulator = await Emulator.start(join(folder, 'emulator'), simulated.url);
    simulated.connect(emulator.url);
    const account = new ForeignAccount(folder, emulator, simulated);
    await account.#s3.send(new CreateBucketCommand({ Bucket: `cdk-hnb659fds-assets-${ACCOUNT}` }));
    const version = { Name: '/cdk-bootstrap/hnb659fds/version', Type: 'String' as const, Value: '21' };
    await new SSMClient(clientConfig(emulator.url)).send(new PutParameterCommand(version));
    return account;
  }

  /** Creates or updates a stack of the app. Returns how it ended. */
  async deploy(
    app: (outdir: string) => App,
    stackName: string,
    edit?: (template: EditableTemplate) => void,
  ): Promise<StackEnd> {
    const { directory } = app(await mkdtemp(join(this.#folder, 'assembly-'))).synth();
    await publishedAssets(this.#s3, directory, stackName, ACCOUNT);
    const template = JSON.parse(await readFile(join(directory, `${stackName}.template.json`), 'utf8'));
    edit?.(template);
    const input = {
      StackName: stackName,
      TemplateBody: JSON.stringify(template),
      Capabilities: ['CAPABILITY_NAMED_IAM' as const],
    };
    const found = await this.#stack(stackName);
    const started = thisSecond();
    await this.#cloudFormation.send(found ? new UpdateStackCommand(input) : new CreateStackCommand(input));
    return await this.#untilEnd(stackName, started);
  }

  async destroy(StackName: string): Promise<StackEnd> {
    const started = thisSecond();
    await this.#cloudFormation.send(new DeleteStackCommand({ StackName }));
    return await this.#untilEnd(StackName, started);
  }

  async upload(Bucket: string, Key: string, model: string | Buffer): Promise<void> {
    const Body = typeof model === 'string' ? await modelArchive(model) : model;
    await this.#s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  /** What the model says of itself. */
  async answer(EndpointName: string): Promise<Readonly<Record<string, string>>> {
    const request = { EndpointName, ContentType: 'application/json', Body: '[]' };
    const { Body } = await this.#invoke.send(new InvokeEndpointCommand(request));
    return JSON.parse(new TextDecoder().decode(Body));
  }

  describe(EndpointName: string): Promise<DescribeEndpointOutput> {
    return this.sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
  }

  /** Waits until the endpoint is InService and answers as this model. */
  async untilServes(endpointName: string, name: string): Promise<void> {
    await this.until(`${endpointName} serves ${name}`, async () => {
      const { EndpointStatus } = await this.describe(endpointName);
      return EndpointStatus === 'InService' && (await this.answer(endpointName)).name === name;
    });
  }

  /** The calls that IAM has denied, as the controller logged them. */
  get denials(): string[] {
    const lines = this.#log().map((line) => JSON.stringify(line));
    return lines.filter((line) => /not authorized|access ?denied/i.test(line));
  }

  /** Number of lines in the controller's log, for `untilLog`. */
  get logLength(): number {
    return this.#log().length;
  }

  /** Waits for a line of the controller's log whose index is at least `from`. */
  async untilLog(expected: string, matches: (line: ControllerLine) => boolean, from: number): Promise<ControllerLine> {
    return await this.until(`the controller logs that ${expected}`, () => this.#log().slice(from).find(matches));
  }

  /** It cannot be missed: the check and the simulated SageMaker share an event loop. */
  async untilUpdating(endpointName: string): Promise<void> {
    const isUpdating = async () => (await this.#simulated.statusOf(endpointName)) === 'Updating';
    await this.until(`${endpointName} is updated`, isUpdating, STATUS_INTERVAL_MS);
  }

  /** Evaluates `condition` until it gives something other than undefined or false. */
  async until<T>(
    expected: string,
    condition: () => Promise<T | undefined | false> | T | undefined | false,
    intervalMs = INTERVAL_MS,
  ): Promise<T> {
    const end = performance.now() + TIMEOUT_MS;
    while (performance.now() < end) {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      await pause(intervalMs);
    }
    throw new Error(`after ${TIMEOUT_MS} ms, expected: ${expected}. ${this.#emulator.tail()}`);
  }

  async close(): Promise<void> {
    await this.#emulator.stop();
    await this.#simulated.stop();
    for (const client of [this.#cloudFormation, this.#s3, this.sagemaker, this.#invoke]) client.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #log(): ControllerLine[] {
    const lines = this.#emulator.output
      .split('\n')
      .filter((line) => line.startsWith('{"level":') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line));
  }

  async #stack(StackName: string) {
    try {
      const { Stacks: [stack] = [] } = await this.#cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return stack;
    } catch (error) {
      if (/does not exist/.test(String(error))) return undefined;
      throw error;
    }
  }

  async #untilEnd(StackName: string, started: number): Promise<StackEnd> {
    const stack = await this.until(`the operation on ${StackName} ends`, async () => {
      const found = await this.#stack(StackName);
      return found?.StackStatus?.endsWith('_IN_PROGRESS') ? undefined : (found ?? 'gone');
    });
    if (stack === 'gone') return { status: 'DELETE_COMPLETE', outputs: {}, failures: {} };
    const { StackEvents = [] } = await this.#cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
    const failed = StackEvents.filter(
      ({ ResourceStatus, Timestamp }) =>
        ResourceStatus?.endsWith('_FAILED') && Timestamp && Timestamp.getTime() >= started,
    );
    return {
      status: stack.StackStatus ?? '',
      outputs: Object.fromEntries(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]) ?? []),
      failures: Object.fromEntries(
        failed.map(({ LogicalResourceId, ResourceStatusReason }) => [LogicalResourceId, ResourceStatusReason]),
      ),
    };
  }
}

/** ministack's stack events have whole seconds. */
function thisSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}
