import { specParameterName } from '@freshpoint/cdk/contract';
import { sleep } from '@freshpoint/local/core/clock';
import type { FunctionRunner, FunctionRunnerFactory } from '@freshpoint/local/lambda/index';
import type { EndpointStateChange } from '@freshpoint/local/sagemaker/index';
import { type Random, seededRandom } from '@freshpoint/simulation/random';
import type { CallPlan, FunctionRun, Overseer } from '@freshpoint/simulation/worlds/function-run';
import { ENDPOINT_ID, type Layout } from '@freshpoint/simulation/worlds/layout';
import { refresherFactory } from '@freshpoint/simulation/worlds/refresher';
import { asSdkError } from '@freshpoint/simulation/worlds/sdk-error';
import { quiet } from '@freshpoint/simulation/worlds/virtual-time';
import type { Call, Watch } from '@freshpoint/simulation/worlds/watch';
import { World } from '@freshpoint/simulation/worlds/world';
import type { Alternative } from './alternatives.ts';
import { Environments } from './environments.ts';
import { WAIT_TIME } from './stack.ts';
import type { UploadPattern } from './upload-patterns.ts';

const MINUTE = 60_000;
/** After the last upload; nobody does anything any more by then. */
const HORIZON_MS = 4 * 60 * MINUTE;
const ALTERNATIVE = 'alternative';

/** What one run of one pattern came to. */
export interface PatternResult {
  /** Every instance in service runs the newest bytes of every file, at the end of all. */
  readonly served: boolean;
  /** Accepted calls of UpdateEndpoint. */
  readonly swaps: number;
  readonly invocations: number;
  readonly coldStarts: number;
  /** AWS calls that the functions made. */
  readonly calls: number;
  /** Seconds of the invocations: calls on their way and sleep, without what the code itself takes. */
  readonly seconds: number;
  readonly sqsRequests: number;
  readonly s3Lists: number;
  readonly s3Heads: number;
  /** Published on the bus: S3's and the loop's own. */
  readonly busEvents: number;
  /** Seconds from the newest upload being `waitTime` old until the UpdateEndpoint that took it, when the endpoint was free. */
  readonly settledToUpdate?: number;
  /** Seconds from the newest upload until it was served, less waitTime, less the updates under way meanwhile. */
  readonly overhead?: number;
}

/** One seed of one pattern with one approach, in virtual time. `alternative` absent: Freshpoint. */
export class PatternRun implements Watch, Overseer {
  readonly skewMs = 0;
  readonly #world: World;
  readonly #pattern: UploadPattern;
  readonly #alternative: Alternative | undefined;
  readonly #random: Random;
  readonly #environments: Environments;
  readonly #newest = new Map<string, string>();
  #begun = false;
  #swaps = 0;
  #calls = 0;
  #busEvents = 0;
  readonly #requests = { sqs: 0, lists: 0, heads: 0 };
  #lastUploadAt = 0;
  /** Spans in which the endpoint was not InService. */
  readonly #busy: { from: number; to: number }[] = [];
  #updateAt: number | undefined;
  #servedAt: number | undefined;

  constructor(seed: number, layout: Layout, pattern: UploadPattern, alternative?: Alternative) {
    this.#pattern = pattern;
    this.#alternative = alternative;
    this.#random = seededRandom(seed);
    const health = this.#random.fork();
    this.#world = new World({
      seed,
      layout,
      // With download, container start, traffic shift and termination: updates of 5 to 10 minutes.
      times: { launchMs: this.#random.int(150, 300) * 1000 },
      skew: { s3: 0, sagemaker: 0 },
      judge: () => ({ healthyAfterMs: health.int(100, 250) * 1000 }),
      loaded: () => undefined,
      runner: (world) => this.#runners(world),
    });
    this.#environments = new Environments(() => this.#world.clock.now());
  }

  async run(): Promise<PatternResult> {
    const world = this.#world;
    const { clock } = world;
    world.watch = this;
    await world.run(
      world.setUp(async () => {
        for (let file = 0; file < this.#pattern.files; file++) await this.#upload(file);
      }),
    );
    await this.#until(clock.now() + 15 * MINUTE);
    if (this.#alternative) await world.run(this.#createFunction(this.#alternative));
    this.#begun = true;
    this.#environments.forget();
    const uploads = this.#pattern.plan(this.#random.fork());
    for (const { atMs, file } of uploads) clock.schedule(atMs, () => void this.#upload(file));
    await this.#until(clock.now() + Math.max(...uploads.map(({ atMs }) => atMs)) + HORIZON_MS);
    return this.#result();
  }

  #result(): PatternResult {
    const settledAt = this.#lastUploadAt + WAIT_TIME * 1000;
    const updateAt = this.#updateAt;
    const servedAt = this.#servedAt;
    const isFree = !this.#busy.some(({ from, to }) => from < (updateAt ?? 0) && to > settledAt - 1000);
    const busyMs = this.#busy.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, servedAt ?? 0) - Math.max(from, settledAt)),
      0,
    );
    return {
      served: this.#isServed(),
      swaps: this.#swaps,
      invocations: this.#environments.invocations,
      coldStarts: this.#environments.coldStarts,
      calls: this.#calls,
      seconds: this.#environments.seconds,
      sqsRequests: this.#requests.sqs,
      s3Lists: this.#requests.lists,
      s3Heads: this.#requests.heads,
      busEvents: this.#busEvents,
      ...(updateAt !== undefined && isFree && { settledToUpdate: (updateAt - settledAt) / 1000 }),
      ...(servedAt !== undefined && { overhead: (servedAt - settledAt - busyMs) / 1000 }),
    };
  }

  #isServed(): boolean {
    const { running } = this.#world;
    return [...running].every(({ data }) => {
      const loaded = new Map(data.map(({ uri, etag }) => [uri.slice(uri.indexOf('/', 5) + 1), etag]));
      return [...this.#newest].every(([key, etag]) => loaded.get(key) === etag);
    });
  }

  async #upload(file: number): Promise<void> {
    const { clock, layout, bucket } = this.#world;
    const Key = layout.keys[file]!;
    this.#lastUploadAt = clock.now();
    this.#servedAt = undefined;
    this.#updateAt = undefined;
    const Body = `${Key} ${this.#random.next()}`;
    const { ETag } = await this.#world.call('s3', 'PutObject', { Bucket: bucket, Key, Body });
    this.#newest.set(Key, ETag);
    if (!this.#alternative || !this.#begun) return;
    // S3 hands the event to Lambda within a second or so, as EventBridge does for Freshpoint.
    clock.schedule(this.#eventDelay(), () => {
      const event = { FunctionName: ALTERNATIVE, InvocationType: 'Event', Payload: '{}' };
      void this.#world.call('lambda', 'Invoke', event);
    });
  }

  #eventDelay(): number {
    return this.#random.int(100, 1500);
  }

  async #createFunction(given: Alternative): Promise<void> {
    const FunctionName = ALTERNATIVE;
    const Statement = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }];
    const { Role } = await this.#world.call('iam', 'CreateRole', {
      RoleName: ALTERNATIVE,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    });
    await this.#world.call('lambda', 'CreateFunction', {
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: Role.Arn,
      Timeout: 300,
      MemorySize: given.memorySize,
      Code: { ZipFile: Buffer.from('') },
    });
    if (given.reservedConcurrency !== undefined) {
      const ReservedConcurrentExecutions = given.reservedConcurrency;
      await this.#world.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
    }
    await this.#world.call('lambda', 'PutFunctionEventInvokeConfig', {
      FunctionName,
      MaximumEventAgeInSeconds: given.maximumEventAgeSeconds,
      MaximumRetryAttempts: given.maximumRetryAttempts,
    });
  }

  /** Freshpoint's functions run in each world: a deployment needs them. With an alternative they get no events. */
  #runners(world: World): FunctionRunnerFactory {
    const refreshers = refresherFactory(world, this);
    return {
      runtimes: refreshers.runtimes,
      create: (spec) =>
        spec.functionName === ALTERNATIVE ? this.#alternativeRunner(this.#alternative!) : refreshers.create(spec),
    };
  }

  #alternativeRunner(alternative: Alternative): FunctionRunner {
    const { clock } = this.#world;
    return {
      init: async () => undefined,
      invoke: async () => {
        const environment = this.#environments.enter();
        try {
          const spec = JSON.parse(
            (await this.#world.call('ssm', 'GetParameters', { Names: [specParameterName(ENDPOINT_ID)] })).Parameters[0]
              .Value,
          );
          await alternative.run({
            clock,
            spec,
            call: async (operation, input) => {
              this.#calls += 1;
              await sleep(clock, this.#random.int(15, 60));
              try {
                return await this.#world.call('sagemaker', operation, input);
              } catch (error) {
                throw asSdkError(error);
              }
            },
          });
          return { payload: Buffer.from('null') };
        } catch (error) {
          return { failure: { errorType: (error as Error).name, errorMessage: (error as Error).message } };
        } finally {
          environment.leave();
        }
      },
      stop: async () => undefined,
    };
  }

  async #until(at: number): Promise<void> {
    const { clock } = this.#world;
    await quiet();
    for (let next = clock.nextAt(); next !== undefined && next <= at; next = clock.nextAt()) {
      clock.step();
      await quiet();
    }
    await clock.advance(Math.max(0, at - clock.now()));
  }

  // Watch

  before(): void {}

  after({ service, operation }: Call, output: unknown, error: unknown): void {
    if (!this.#begun) return;
    if (service === 'sqs') {
      // An empty poll is paid by the month, not by the refresh.
      const isEmpty =
        operation === 'ReceiveMessage' && !(output as { Messages?: unknown[] } | undefined)?.Messages?.length;
      if (!isEmpty) this.#requests.sqs += 1;
    }
    if (operation === 'UpdateEndpoint' && !error) {
      this.#swaps += 1;
      this.#updateAt = this.#world.clock.now();
    }
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    if (!this.#begun) return;
    const now = this.#world.clock.now();
    const { EndpointStatus } = detail as { EndpointStatus: string };
    const last = this.#busy.at(-1);
    if (EndpointStatus !== 'IN_SERVICE') {
      if (!last || last.to !== Number.POSITIVE_INFINITY) this.#busy.push({ from: now, to: Number.POSITIVE_INFINITY });
      return;
    }
    if (last) last.to = now;
    // The old fleet's last instances go in the same instant.
    this.#world.clock.schedule(0, () => {
      if (this.#isServed()) this.#servedAt ??= now;
    });
  }

  delays(detailType: string): readonly number[] {
    if (this.#alternative) return [];
    if (this.#begun && detailType !== 'Scheduled Event') this.#busEvents += 1;
    return [this.#eventDelay()];
  }

  losesPoll(): boolean {
    return false;
  }

  // Overseer

  plan(_run: FunctionRun, service: string, operation: string): CallPlan {
    if (this.#begun) {
      this.#calls += 1;
      if (operation === 'ListObjectsV2') this.#requests.lists += 1;
      if (operation === 'HeadObject') this.#requests.heads += 1;
      if (service === 'events') this.#busEvents += 1;
    }
    const ms = this.#random.int(15, 60);
    return { requestMs: ms, replyMs: 0 };
  }

  stale(): unknown {
    return undefined;
  }

  readonly #leave = new Map<FunctionRun, () => void>();

  started(run: FunctionRun): void {
    const { leave } = this.#environments.enter();
    this.#leave.set(run, leave);
  }

  ended(run: FunctionRun): void {
    this.#leave.get(run)?.();
    this.#leave.delete(run);
  }

  calling(): void {}

  answered(): void {}

  telemetry() {
    const nothing = () => undefined;
    return { decision: nothing, error: nothing, metric: nothing };
  }
}
