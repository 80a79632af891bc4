import { type Random, seededRandom } from '@freshpoint/simulation/random';
import type { Attempt, CallPlan, FunctionRun, Overseer } from '@freshpoint/simulation/worlds/function-run';
import type { Layout } from '@freshpoint/simulation/worlds/layout';
import { refresherFactory } from '@freshpoint/simulation/worlds/refresher';
import { quiet } from '@freshpoint/simulation/worlds/virtual-time';
import type { Call, Watch } from '@freshpoint/simulation/worlds/watch';
import { World } from '@freshpoint/simulation/worlds/world';
import type { FunctionRunnerFactory } from '@freshpoint/simulator/lambda/index';
import type { EndpointStateChange } from '@freshpoint/simulator/sagemaker/index';
import { modelArchive } from '../support/archive.ts';
import { ALTERNATIVE, alternativeRunner, createAlternative, invokeAlternative } from './alternative-function.ts';
import type { Alternative } from './alternatives.ts';
import { Environments } from './environments.ts';
import { servesNewest } from './fleet.ts';
import { WAIT_TIME_SECONDS } from './stack.ts';
import type { UploadPattern } from './upload-patterns.ts';

const MINUTE_MS = 60_000;
/** How long a run goes on after the last upload: nothing happens any more by then. */
const HORIZON_MS = 4 * 60 * MINUTE_MS;
/** From the stack's deployment to the first upload of the pattern. */
const REST_MS = 15 * MINUTE_MS;

/** What one run of one pattern came to. */
export interface PatternResult {
  /** Every instance in service runs the newest bytes of every file, when the run ends. */
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
  /** Requests that S3 bills as PUT, COPY, POST or LIST. */
  readonly s3Writes: number;
  /** Requests that S3 bills as GET and all other. */
  readonly s3Reads: number;
  /** Published on the bus: S3's and the controller's own. */
  readonly busEvents: number;
  /** Metrics of which the controller published data. */
  readonly metrics: number;
  /**
   * Seconds from the newest upload being `waitTime` old until the UpdateEndpoint that took it, when the endpoint was
   * free.
   */
  readonly settledToUpdate?: number;
  /** Seconds from the newest upload until it was served, less waitTime, less the updates under way meanwhile. */
  readonly overhead?: number;
}

/** One seed of one pattern with one approach, in virtual time. */
export class PatternRun implements Watch, Overseer {
  readonly skewMs = 0;
  readonly #world: World;
  readonly #pattern: UploadPattern;
  readonly #alternative: Alternative | undefined;
  readonly #random: Random;
  readonly #environments: Environments;
  /** ETag of the newest upload, by file. */
  readonly #newest = new Map<number, string>();
  readonly #leave = new Map<FunctionRun, () => void>();
  #begun = false;
  #uploads = 0;
  #swaps = 0;
  #calls = 0;
  #busEvents = 0;
  /** By endpoint and name. */
  readonly #metrics = new Set<string>();
  readonly #requests = { sqs: 0, s3Writes: 0, s3Reads: 0 };
  #lastUploadAt = 0;
  /** Spans in which the endpoint was not InService. */
  readonly #busy: { from: number; to: number }[] = [];
  #updateAt: number | undefined;
  #servedAt: number | undefined;

  /** `alternative` absent: Freshpoint. */
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
    await this.#until(clock.now() + REST_MS);
    if (this.#alternative) await world.run(createAlternative(world, this.#alternative));
    if (!this.#isServed()) throw new Error('The endpoint does not serve what was there when it was made.');
    this.#begun = true;
    this.#environments.forget();
    const uploads = this.#pattern.plan(this.#random.fork());
    for (const { atMs, file } of uploads) clock.schedule(atMs, () => void this.#upload(file));
    await this.#until(clock.now() + Math.max(0, ...uploads.map(({ atMs }) => atMs)) + HORIZON_MS);
    return this.#result();
  }

  #result(): PatternResult {
    const { invocations, coldStarts, seconds } = this.#environments;
    return {
      served: this.#isServed(),
      swaps: this.#swaps,
      invocations,
      coldStarts,
      calls: this.#calls,
      seconds,
      sqsRequests: this.#requests.sqs,
      s3Writes: this.#requests.s3Writes,
      s3Reads: this.#requests.s3Reads,
      busEvents: this.#busEvents,
      metrics: this.#metrics.size,
      ...this.#delays(),
    };
  }

  #delays(): Pick<PatternResult, 'settledToUpdate' | 'overhead'> {
    const settledAt = this.#lastUploadAt + WAIT_TIME_SECONDS * 1000;
    const updateAt = this.#updateAt;
    const servedAt = this.#servedAt;
    const isFree = !this.#busy.some(({ from, to }) => from < (updateAt ?? 0) && to > settledAt - 1000);
    const busyMs = this.#busy.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, servedAt ?? 0) - Math.max(from, settledAt)),
      0,
    );
    return {
      ...(updateAt !== undefined && isFree && { settledToUpdate: (updateAt - settledAt) / 1000 }),
      ...(servedAt !== undefined && { overhead: (servedAt - settledAt - busyMs) / 1000 }),
    };
  }

  #isServed(): boolean {
    return this.#newest.size === this.#pattern.files && servesNewest(this.#world.running, this.#newest.values());
  }

  async #upload(file: number): Promise<void> {
    const { clock, layout, bucket } = this.#world;
    this.#uploads += 1;
    this.#lastUploadAt = clock.now();
    this.#servedAt = undefined;
    this.#updateAt = undefined;
    const Body = modelArchive(JSON.stringify({ file, upload: this.#uploads }));
    const { ETag } = await this.#world.call('s3', 'PutObject', {
      Bucket: bucket,
      Key: layout.endpoint.sources.keys[file],
      Body,
    });
    this.#newest.set(file, ETag);
    if (!this.#alternative || !this.#begun) return;
    // S3 hands the event to Lambda within a second or so, as EventBridge does for Freshpoint.
    clock.schedule(this.#eventDelay(), () => void invokeAlternative(this.#world));
  }

  #eventDelay(): number {
    return this.#random.int(100, 1500);
  }

  /** How long a call of AWS takes, in ms. */
  #callMs(): number {
    return this.#random.int(15, 60);
  }

  /** Freshpoint's functions run in each world: a deployment needs them. With an alternative they get no events. */
  #runners(world: World): FunctionRunnerFactory {
    const refreshers = refresherFactory(world, this);
    const call = () => {
      this.#calls += 1;
      return this.#callMs();
    };
    return {
      runtimes: refreshers.runtimes,
      create: (spec) =>
        spec.functionName === ALTERNATIVE && this.#alternative
          ? alternativeRunner(this.#alternative, { world, environments: this.#environments, call })
          : refreshers.create(spec),
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
    if (operation === 'UpdateEndpoint' && error === undefined) {
      this.#swaps += 1;
      this.#updateAt = this.#world.clock.now();
    }
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    if (!this.#begun) return;
    const now = this.#world.clock.now();
    const last = this.#busy.at(-1);
    if (detail.EndpointStatus !== 'IN_SERVICE') {
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

  plan(_run: FunctionRun, { service, operation }: Attempt): CallPlan {
    if (this.#begun) {
      this.#calls += 1;
      if (service === 's3') this.#countS3(operation);
      if (service === 'events') this.#busEvents += 1;
    }
    return { requestMs: this.#callMs(), replyMs: 0 };
  }

  /** By the classes of "Amazon S3 pricing": deletions and aborts are free. */
  #countS3(operation: string): void {
    if (/^(Delete|Abort)/.test(operation)) return;
    const isRead = /^(Get|Head)/.test(operation) || operation === 'ListParts';
    this.#requests[isRead ? 's3Reads' : 's3Writes'] += 1;
  }

  stale(): unknown {
    return undefined;
  }

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
    const metric = (endpoint: string, name: string) => {
      if (this.#begun) this.#metrics.add(`${endpoint} ${name}`);
    };
    return { decision: nothing, error: nothing, metric };
  }
}
