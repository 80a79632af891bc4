import type { CloudFormation, CloudFormationExtras } from '@freshpoint/simulator/cloudformation/index';
import { defaultAccount } from '@freshpoint/simulator/core/account';
import {
  type Caller,
  Cloud,
  type Deps,
  type LeavingCaller,
  root,
  type Service,
} from '@freshpoint/simulator/core/cloud';
import { seededIds } from '@freshpoint/simulator/core/ids';
import { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';
import { type AccountServices, createAccount } from '@freshpoint/simulator/create-account';
import type { FunctionRunnerFactory } from '@freshpoint/simulator/lambda/index';
import { MemoryBlobs } from '@freshpoint/simulator/s3/index';
import { realisticTimes, type SageMaker, type Times } from '@freshpoint/simulator/sagemaker/index';
import type { Sqs } from '@freshpoint/simulator/sqs/sqs';
import {
  createVirtualLauncher,
  type LoadedData,
  type LaunchVerdict as Verdict,
  type VirtualInstance,
} from '@freshpoint/simulator/test/sagemaker/virtual-launcher';
import type { AnswerOf } from './answers.ts';
import { DATA_STACK, type Edition, ENDPOINT_STACK, keysOf, type Layout } from './layout.ts';
import { SlowCloud } from './slow-cloud.ts';
import { groupOf, kindOf } from './source-names.ts';
import { settleInVirtualTime } from './virtual-time.ts';
import type { Watch } from './watch.ts';
import { watchedService } from './watched-service.ts';

/** How the world differs from seed to seed. */
export interface WorldOptions {
  readonly seed: number;
  readonly layout: Layout;
  readonly times: Partial<Times>;
  /** By how much each service's clock is ahead, in ms. */
  readonly skew: { readonly s3: number; readonly sagemaker: number };
  readonly judge: (data: readonly LoadedData[]) => Verdict;
  /** What an instance answers to an invocation; `hang`: nothing. @default its id and its data */
  readonly answer?: (data: readonly LoadedData[]) => unknown;
  /** Called with what each instance has loaded. */
  readonly loaded: (instance: LaunchedInstance, data: readonly LoadedData[]) => void;
  /** How CloudFormation behaves. */
  readonly cloudFormation?: Pick<CloudFormationExtras, 'resourceMs' | 'overlooksRollbacks'>;
  readonly runner: (world: World) => FunctionRunnerFactory;
  /** How long CloudFormation works on one resource, in ms. @default no time */
  readonly resourceMs?: () => number;
}

/** An instance of an endpoint's fleet. */
export interface LaunchedInstance {
  readonly endpointName: string;
  readonly instanceId: string;
}

/** How long a poll of an empty queue waits, instead of 20 s: nothing else differs, and idle hours cost no CPU time. */
const LONG_POLL_SECONDS = 6 * 3600;
const ENDPOINT_POLL_MS = 10_000;

/** The account of one run: all services in memory, in virtual time. */
export class World {
  readonly clock = new VirtualClock();
  readonly cloud = new Cloud();
  readonly layout: Layout;
  readonly running: ReadonlySet<VirtualInstance>;
  watch: Watch | undefined;
  /** URLs of all queues that were created. */
  readonly queues: string[] = [];
  bucket = '';
  /** ETags of bytes that were uploaded in parts, and those of the same bytes in one. */
  readonly #wholeEtags = new Map<string, string>();
  /** Contents of pointers by ETag. */
  readonly #texts = new Map<string, string>();
  stackId = '';
  /** Operations without watch, permissions and time. */
  readonly #operations: Readonly<Record<string, Service['operations']>>;
  readonly #account: AccountServices;
  readonly #root = root(defaultAccount);

  constructor(options: WorldOptions) {
    const { clock, cloud } = this;
    this.layout = options.layout;
    const deps: Deps = { account: defaultAccount, clock, ids: seededIds(options.seed), cloud };
    const launcher = createVirtualLauncher(deps, {
      judge: (data, instance) => {
        options.loaded(instance, data);
        return options.judge(data);
      },
      answer: options.answer,
    });
    this.running = launcher.running;
    let addresses = 0;
    const { resourceMs } = options;
    this.#account = createAccount(deps, {
      blobs: new MemoryBlobs(),
      functions: {
        runner: options.runner(this),
        code: { store: async () => ({ path: '/code', sha256: 'code', size: 1 }), release: async () => undefined },
      },
      launcher,
      times: { ...realisticTimes, ...options.times },
      customResponseUrl: () => `https://answers/${addresses++}`,
      delivery: { plan: (event, { name }) => this.watch?.delays(event['detail-type'], name) ?? [0] },
      onServiceEvent: (event) => {
        if (event['detail-type'] === 'SageMaker Endpoint State Change') this.watch?.endpointChanged(event);
      },
      skew: options.skew,
      cloudFormation: {
        ...(resourceMs && { cloud: new SlowCloud(cloud, clock, resourceMs) }),
        endpointPollMs: ENDPOINT_POLL_MS,
        ...options.cloudFormation,
      },
    });
    const services = cloud.services();
    this.#operations = Object.fromEntries(services.map(({ name, operations }) => [name, operations]));
    for (const service of [...services, this.#withPolls(this.#account.sqs)]) {
      cloud.register(watchedService(service, () => this.watch));
    }
  }

  get sagemaker(): SageMaker {
    return this.#account.sagemaker;
  }

  get cloudformation(): CloudFormation {
    return this.#account.cloudformation;
  }

  /** The caller whose keys are in a function's environment. */
  callerOf(env: Readonly<Record<string, string>>): Caller {
    return this.#account.iam.callerOf(env.AWS_ACCESS_KEY_ID);
  }

  /** SQS, but long polls by functions last for hours and may lose their messages. */
  #withPolls(sqs: Sqs): Service {
    const { operations } = sqs.service;
    const { permissions, run: receive } = operationOf(operations, 'ReceiveMessage');
    const run = async (input: PollInput, caller: LeavingCaller) => {
      if (caller.roleArn === undefined) return await receive(input, caller);
      const options = {
        maxNumberOfMessages: input.MaxNumberOfMessages,
        waitTimeSeconds: LONG_POLL_SECONDS,
        signal: caller.signal,
      };
      const Messages = await sqs.poll(arnOfQueue(input.QueueUrl), options, caller);
      return this.watch?.losesPoll() ? {} : { Messages };
    };
    return { name: 'sqs', operations: { ...operations, ReceiveMessage: { permissions, run } } };
  }

  /** A custom resource's function responds. Returns the HTTP status. */
  respond(url: string, body: string): number {
    return this.#account.customResponses.respond(url, body);
  }

  /** Calls as the account's root: no faults. */
  call<S extends string, O extends string>(service: S, operation: O, input: object = {}): Promise<AnswerOf<S, O>> {
    return this.cloud.call(service, operation, input, this.#root) as Promise<AnswerOf<S, O>>;
  }

  /** The same at once, unwatched, also on behalf of another caller. */
  peek<S extends string, O extends string>(
    service: S,
    operation: O,
    input: object = {},
    caller: Caller = this.#root,
  ): AnswerOf<S, O> {
    const { run } = operationOf(this.#operations[service], operation);
    return run(input, caller) as AnswerOf<S, O>;
  }

  /** Bytes will be uploaded in parts. */
  addMultipart(partsEtag: string, wholeEtag: string): void {
    this.#wholeEtags.set(partsEtag, wholeEtag);
  }

  /** A pointer with this content will be uploaded. */
  addText(etag: string, text: string): void {
    this.#texts.set(etag, text);
  }

  /** The content of a pointer by its ETag. */
  textOf(etag: string): string | undefined {
    return this.#texts.get(etag);
  }

  /** One ETag for the same bytes, however they were uploaded or copied. */
  wholeEtag(etag: string): string {
    return this.#wholeEtags.get(etag) ?? etag;
  }

  /** URL of the work queue. */
  get workQueue(): string | undefined {
    return this.queues.find((url) => !isDeadLetterQueue(url));
  }

  get deadLetterQueue(): string | undefined {
    return this.queues.find(isDeadLetterQueue);
  }

  /** Deploys the endpoint's stack. Rejects when it was rolled back. */
  async deploy(edition: Edition): Promise<void> {
    const { stackId } = await this.#deployStack(ENDPOINT_STACK, this.layout.editions[edition]);
    this.stackId = stackId;
  }

  /** Both stacks, with `upload` in between: SageMaker checks the model data when a model is created. */
  async setUp(upload: () => Promise<void>): Promise<void> {
    const { outputs } = await this.#deployStack(DATA_STACK, this.layout.bucketStack);
    this.bucket = outputs.BucketName ?? '';
    for (const name of keysOf(this.layout.endpoint)) {
      if (kindOf(name) !== 'package') continue;
      await this.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: groupOf(name) });
    }
    await upload();
    await this.deploy('first');
  }

  #deployStack(stackName: string, template: object) {
    return this.cloudformation.deploy({ stackName, template, assets: assetsOf(template) });
  }

  stop(): void {
    void this.#account.stop();
  }

  /** Advances time until the work is done. */
  run<T>(work: Promise<T>): Promise<T> {
    return settleInVirtualTime(this.clock, work);
  }
}

interface PollInput {
  readonly QueueUrl: string;
  readonly MaxNumberOfMessages: number;
}

/** Whether the queue is the one for failed requests. */
export function isDeadLetterQueue(url: string): boolean {
  return /DeadLetter/.test(url);
}

function operationOf(operations: Service['operations'] | undefined, name: string) {
  const operation = operations?.[name];
  if (!operation) throw new Error(`no such operation: ${name}`);
  return operation;
}

function arnOfQueue(queueUrl: string): string {
  const { accountId, region } = defaultAccount;
  return `arn:aws:sqs:${region}:${accountId}:${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}`;
}

/** Files of a template's functions. No code is read here, so any path will do. */
export function assetsOf(template: object): ReadonlyMap<string, { readonly path: string }> {
  const keys = JSON.stringify(template).matchAll(/"S3Key":"(?<hash>[0-9a-f]+)\.zip"/g);
  return new Map([...keys].map(({ groups }) => [groups?.hash ?? '', { path: '/code' }]));
}
