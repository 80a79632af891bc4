import { type CloudFormation, type CustomResponse, createCloudFormation } from '@freshpoint/local/cloudformation/index';
import { defaultAccount } from '@freshpoint/local/core/account';
import type { Clock } from '@freshpoint/local/core/clock';
import { type Caller, Cloud, type Deps, root, type Service } from '@freshpoint/local/core/cloud';
import { seededIds } from '@freshpoint/local/core/ids';
import { VirtualClock } from '@freshpoint/local/core/virtual-clock';
import { createEvents, type Events } from '@freshpoint/local/events/events';
import { createIam } from '@freshpoint/local/iam/iam';
import { createLambda, type FunctionRunnerFactory } from '@freshpoint/local/lambda/index';
import { createLogs } from '@freshpoint/local/logs/logs';
import { createS3, MemoryBlobs } from '@freshpoint/local/s3/index';
import {
  createSageMaker,
  createVirtualLauncher,
  type EndpointStateChange,
  type LoadedData,
  realisticTimes,
  type SageMaker,
  type Times,
  type Verdict,
  type VirtualInstance,
} from '@freshpoint/local/sagemaker/index';
import { createSqs, type LeavingCaller } from '@freshpoint/local/sqs/sqs';
import { createSsm } from '@freshpoint/local/ssm/ssm';
import { DATA_STACK, type Edition, ENDPOINT_STACK, type Layout } from './templates.ts';

/** One call of one operation, as the service sees it. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  readonly input: any;
  readonly caller: Caller;
}

/** What looks on, and may meddle. */
export interface Watch {
  /** Before the operation runs; what it throws is the answer. */
  before(call: Call): void;
  /** After it has run; `error` when it threw. */
  after(call: Call, output: unknown, error: unknown): void;
  /** An endpoint's status changed, at this very instant. */
  endpointChanged(event: EndpointStateChange): void;
  /** When each copy of an event reaches the queue, in ms from now. */
  delays(detailType: string): readonly number[];
  /** Whether what a poll of the queue brought is lost on its way to the function. */
  losesPoll(): boolean;
}

/** How the world differs from seed to seed. */
export interface WorldOptions {
  readonly seed: number;
  readonly layout: Layout;
  readonly times: Partial<Times>;
  /** By how much each service's clock is ahead, in ms. */
  readonly skew: { readonly s3: number; readonly sagemaker: number };
  readonly judge: (data: readonly LoadedData[]) => Verdict;
  /** What an instance answers to an invocation; `hang`: nothing. Default: its id and its data. */
  readonly answer?: (data: readonly LoadedData[]) => unknown;
  /** Told what each instance has loaded. */
  readonly loaded: (instanceId: string, data: readonly LoadedData[]) => void;
  readonly runner: (world: World) => FunctionRunnerFactory;
}

/** An empty queue answers after so long instead of 20 s: nothing else differs, and idle hours cost nothing. */
const LONG_POLL_SECONDS = 6 * 3600;

/** What is waited for takes no longer than this; in ms. */
const LONGEST_RUN_MS = 24 * 3_600_000;

/** The account of one run: all services in memory, in virtual time. */
export class World {
  readonly clock = new VirtualClock();
  readonly cloud = new Cloud();
  readonly layout: Layout;
  readonly sagemaker: SageMaker;
  readonly cloudformation: CloudFormation;
  readonly events: Events;
  readonly running: ReadonlySet<VirtualInstance>;
  /** Operations without observers, permissions and time. */
  readonly raw: Readonly<Record<string, Service['operations']>>;
  /** Whose keys are in a function's environment. */
  readonly callerOf: (env: Readonly<Record<string, string>>) => Caller;
  watch: Watch | undefined;
  /** URLs of all queues that were made. */
  readonly queues: string[] = [];
  bucket = '';
  stackId = '';
  /** Where custom resources answer; undefined once nobody listens any more. */
  readonly #answers = new Map<string, ((response: CustomResponse) => void) | undefined>();
  readonly #root = root(defaultAccount);

  constructor(options: WorldOptions) {
    const { clock, cloud } = this;
    this.layout = options.layout;
    const deps: Deps = { account: defaultAccount, clock, ids: seededIds(options.seed), cloud };
    const times: Times = { ...realisticTimes, ...options.times };
    const iam = createIam(deps);
    this.callerOf = (env) => iam.callerOf(env.AWS_ACCESS_KEY_ID);
    const callerForRole = (roleArn: string): Caller => iam.callerFor(roleArn, 'SageMaker');
    this.events = createEvents(deps, { plan: (event) => this.watch?.delays(event['detail-type']) ?? [0] });
    const publish = (event: { 'detail-type': string; source: string; resources: readonly string[]; detail: unknown }) =>
      this.events.publish({ ...event, detailType: event['detail-type'] });
    const s3 = createS3(
      { ...deps, clock: skewed(clock, options.skew.s3) },
      { blobs: new MemoryBlobs(), emit: publish, iam },
    );
    const sqs = createSqs(deps, { iam });
    const lambda = createLambda(deps, {
      runner: options.runner(this),
      code: { store: async () => ({ path: '/code', sha256: 'code', size: 1 }), release: async () => undefined },
      issueCredentials: (roleArn, functionName) => iam.issueCredentials(roleArn, functionName),
      canAssumeRole: (roleArn) => iam.canAssume(roleArn, 'lambda.amazonaws.com'),
    });
    const ofSageMaker = { ...deps, clock: skewed(clock, options.skew.sagemaker) };
    const launcher = createVirtualLauncher(deps, {
      callerForRole,
      judge: (data, { instanceId }) => {
        options.loaded(instanceId, data);
        return options.judge(data);
      },
      answer: options.answer,
    });
    this.running = launcher.running;
    this.sagemaker = createSageMaker(ofSageMaker, {
      launcher,
      times,
      callerForRole,
      emit: (event) => {
        publish(event);
        this.watch?.endpointChanged(event);
      },
    });
    this.cloudformation = createCloudFormation(deps, {
      customResponses: {
        create: () => {
          const url = `https://answers/${this.#answers.size}`;
          const { promise, resolve } = Promise.withResolvers<CustomResponse>();
          this.#answers.set(url, resolve);
          return { url, response: promise, close: () => this.#answers.set(url, undefined) };
        },
      },
      endpointPollMs: 10_000,
    });
    const services = [
      iam,
      this.events,
      s3,
      sqs,
      lambda,
      this.sagemaker,
      this.cloudformation,
      createSsm(deps),
      createLogs(deps),
    ];
    this.raw = Object.fromEntries(services.map(({ service }) => [service.name, service.operations]));
    for (const { service } of services) cloud.register(this.#watched(service));
    const polled = this.raw.sqs!.ReceiveMessage!;
    cloud.register(
      this.#watched({
        name: 'sqs',
        operations: {
          ...sqs.service.operations,
          ReceiveMessage: {
            permissions: polled.permissions,
            run: async (input: { QueueUrl: string; MaxNumberOfMessages: number }, caller: LeavingCaller) => {
              if (caller.roleArn === undefined) return await polled.run(input, caller);
              const { QueueUrl, MaxNumberOfMessages } = input;
              const Messages = await sqs.poll(
                arnOfQueue(QueueUrl),
                { maxNumberOfMessages: MaxNumberOfMessages, waitTimeSeconds: LONG_POLL_SECONDS, signal: caller.signal },
                caller,
              );
              return this.watch?.losesPoll() ? {} : { Messages };
            },
          },
        },
      }),
    );
  }

  /** A custom resource's function answers; its HTTP status. */
  answer(url: string, body: string): number {
    const settle = this.#answers.get(url);
    this.#answers.set(url, undefined);
    settle?.(JSON.parse(body) as CustomResponse);
    return settle ? 200 : 403;
  }

  /** Calls as the account's root, which is no caller that faults are for. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  call(service: string, operation: string, input: object = {}): Promise<any> {
    return this.cloud.call(service, operation, input, this.#root);
  }

  /** The same at once, unseen. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  peek(service: string, operation: string, input: object = {}): any {
    return this.raw[service]![operation]!.run(input, this.#root);
  }

  /** Deploys the endpoint's stack. Rejects when it was rolled back. */
  async deploy(edition: Edition): Promise<void> {
    const { stackId } = await this.#deployStack(ENDPOINT_STACK, this.layout.editions[edition]);
    this.stackId = stackId;
  }

  /** Both stacks, with `upload` in between: SageMaker wants to see the model data when a model is made. */
  async setUp(upload: () => Promise<void>): Promise<void> {
    const { outputs } = await this.#deployStack(DATA_STACK, this.layout.bucketStack);
    this.bucket = outputs.BucketName!;
    await upload();
    await this.deploy('first');
  }

  #deployStack(stackName: string, template: object) {
    return this.cloudformation.deploy({ stackName, template, assets: assetsOf(template) });
  }

  /** Lets time pass until the promise settles. Throws when nothing is scheduled any more. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const until = this.clock.now() + LONGEST_RUN_MS;
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    for (;;) {
      await quiet();
      if (isSettled) return await settled;
      if (this.clock.now() > until) throw new Error(`After ${LONGEST_RUN_MS / 3_600_000} h the promise is still open.`);
      if (!this.clock.step()) throw new Error('Nothing is scheduled any more, and the promise is still open.');
    }
  }

  #watched(service: Service): Service {
    const operations = Object.entries(service.operations).map(([operation, { permissions, run }]) => {
      const seen = (input: object, caller: Caller): unknown => {
        const { watch } = this;
        if (!watch) return run(input, caller);
        const call: Call = { service: service.name, operation, input, caller };
        const answer = (output: unknown) => {
          watch.after(call, output, undefined);
          return output;
        };
        const refusal = (error: unknown) => {
          watch.after(call, undefined, error);
          throw error;
        };
        watch.before(call);
        let output: unknown;
        try {
          output = run(input, caller);
        } catch (error) {
          return refusal(error);
        }
        // Nothing may come between the effect and those who look on.
        return output instanceof Promise ? output.then(answer, refusal) : answer(output);
      };
      return [operation, { permissions, run: seen }] as const;
    });
    return { name: service.name, operations: Object.fromEntries(operations) };
  }
}

/**
 * Lets every promise that can settle without time passing do so: a tick that a microtask asks for comes once no microtask
 * is left. Must be called from one, that is after an `await`.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** A clock that is ahead of `clock` by `ms`. */
export function skewed(clock: Clock, ms: number): Clock {
  return { now: () => clock.now() + ms, schedule: (delayMs, task) => clock.schedule(delayMs, task) };
}

function arnOfQueue(queueUrl: string): string {
  const { accountId, region } = defaultAccount;
  return `arn:aws:sqs:${region}:${accountId}:${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}`;
}

/** Nobody reads a function's code here: any place will do. */
function assetsOf(template: object): ReadonlyMap<string, { path: string }> {
  const keys = JSON.stringify(template).matchAll(/"S3Key":"([0-9a-f]+)\.zip"/g);
  return new Map([...keys].map(([, hash]) => [hash!, { path: '/code' }]));
}
