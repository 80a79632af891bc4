import { relative } from 'node:path';
import type { Clock } from '@freshpoint/simulator/core/clock';
import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { Artifacts } from './artifacts.ts';
import type { DemoClients, Uploaded } from './aws.ts';
import { Conditions, type Wait } from './conditions.ts';
import { ControllerLog, expectedRevision, isServing, revisionIn } from './controller-log.ts';
import type { DemoCloud, DemoRuntime, ResourceEvent } from './demo-runtime.ts';
import type { Evaluation } from './endpoint-client.ts';
import { EndpointWatch } from './endpoint-watch.ts';
import { percent } from './timeline/lines.ts';
import type { Timeline } from './timeline/timeline.ts';
import { createTraffic, type PredictionTraffic, type TrafficSnapshot } from './traffic.ts';
import { accuracy, type Training } from './train.ts';

/** Surroundings of a demo. */
export interface StepsOptions {
  readonly runtime: DemoRuntime;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly train: () => Training;
  readonly buildArtifacts: () => Promise<Artifacts>;
  readonly connect: (url: string) => DemoClients;
  /** Whether to serve the console, and to stay after the last step until the demo is interrupted. */
  readonly console?: boolean;
  /**
   * Longest wait for one condition, in milliseconds.
   * @default 60 000
   */
  readonly patienceMs?: number;
}

/** Figures of every demo. */
export interface Counts {
  swaps: number;
  invocations: number;
  failedInvocations: number;
}

/** Name of the broken archive. */
export const BROKEN = 'v3';

const PATIENCE_MS = 60_000;

/** Consecutive answers from one model after which no old fleet answers: many times the number of concurrent callers. */
const CONVINCING_ANSWERS = 40;

/** The demos' first steps, and the parts that later steps consist of. A step throws if the demo cannot continue. */
export abstract class DemoSteps {
  protected readonly options: StepsOptions;
  protected readonly timeline: Timeline;
  protected readonly log = new ControllerLog();
  protected training!: Training;
  protected artifacts!: Artifacts;
  protected cloud!: DemoCloud;
  protected clients!: DemoClients;
  protected endpoint!: string;
  protected watch!: EndpointWatch;
  readonly #uploads = new Map<string, Uploaded>();
  readonly #counts: Counts;
  readonly #conditions: Conditions;
  #traffic: PredictionTraffic | undefined;
  #starting: Promise<DemoCloud> | undefined;
  #bucket = '';
  #newest = 'v1';
  #consoleUrl: string | undefined;
  #stopped = false;

  constructor(options: StepsOptions, counts: Counts) {
    this.options = options;
    this.timeline = options.timeline;
    this.#counts = counts;
    this.#conditions = new Conditions(options.clock);
  }

  /** The steps, in order. */
  protected abstract steps(): readonly (() => Promise<void>)[];

  /** Runs all steps. */
  async run(): Promise<void> {
    for (const step of this.steps()) {
      if (this.#stopped) return;
      await step.call(this);
    }
  }

  /** With the console, keeps everything running until the demo is interrupted. */
  async stay(interrupted: AbortSignal): Promise<void> {
    if (this.#consoleUrl === undefined || interrupted.aborted) return;
    this.timeline.step('Stay for the console, until Ctrl-C');
    this.timeline.note(this.#consoleUrl);
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }));
  }

  /** Ends everything that was started, during any step. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.watch?.stop();
    const traffic = this.#traffic?.stop();
    // The cloud may still be starting.
    const cloud = await this.#starting?.catch(() => undefined);
    await cloud?.stop();
    await traffic;
    this.clients?.destroy();
  }

  protected async train(): Promise<void> {
    this.training = this.options.train();
    const { v1, v2, heldOut } = this.training;
    this.timeline.step(`Train two classifiers on the Iris data and test them on ${heldOut.length} held-out rows`);
    for (const { model, predict } of [v1, v2]) {
      const share = accuracy(predict, heldOut);
      this.timeline.note(`${model.name}: accuracy ${percent(share)} (${model.features.join(', ')})`, {
        model: model.name,
        accuracy: share,
      });
    }
    this.artifacts = await this.options.buildArtifacts();
    this.timeline.note('packed as model.tar.gz with the inference code, padded so that uploads have two parts');
  }

  protected async synthesize(): Promise<void> {
    this.timeline.step('Synthesize the CDK app, with v1 as its first model');
    await this.synth();
  }

  protected async synth(settings: IrisSettings = {}): Promise<void> {
    const folder = relative(process.cwd(), await this.options.runtime.synth(this.artifacts.v1Path, settings));
    this.timeline.note(`cloud assembly in ${folder}`);
  }

  protected async startRuntime(): Promise<void> {
    this.timeline.step('Start the local runtime');
    this.#starting = this.options.runtime.startLocal();
    this.cloud = await this.#starting;
    this.timeline.note(`AWS_ENDPOINT_URL=${this.cloud.url}`, { url: this.cloud.url });
    this.clients = this.options.connect(this.cloud.url);
    this.cloud.onControllerLog((entry) => {
      const text = this.log.add(entry);
      if (text !== undefined) this.timeline.note(text, { entry }, 'controller');
      this.#conditions.poke();
    });
  }

  protected async deployEndpoint(): Promise<void> {
    this.timeline.step(`Deploy ${NAMES.stack}: the bucket with v1, the endpoint and its controller`);
    const { BucketName: bucket = '', EndpointName: endpoint = '' } = await this.deploy();
    this.#bucket = bucket;
    this.endpoint = endpoint;
    this.#uploads.set('v1', await this.clients.objectAt(bucket, NAMES.modelKey));
    this.watch = new EndpointWatch({
      describe: () => this.clients.describeEndpoint(this.endpoint),
      clock: this.options.clock,
      newest: () => this.#newest,
      onPoll: () => this.show(),
    });
    await this.watch.start();
    await this.untilInService();
    this.timeline.pass('the endpoint is InService');
    if (!this.options.console) return;
    this.#consoleUrl = await this.cloud.openConsole();
    this.timeline.note(`console: ${this.#consoleUrl}`, { url: this.#consoleUrl });
  }

  protected startTraffic(): void {
    this.#traffic = createTraffic({
      client: this.clients.invoke,
      endpointName: this.endpoint,
      flowers: this.training.heldOut,
      clock: this.options.clock,
      onInvocation: () => this.show(),
    });
    this.#traffic.start();
  }

  /** Ends the traffic and returns the number of invocations. */
  protected async endTraffic(): Promise<number> {
    this.timeline.step('Stop the traffic');
    const { invocations } = (await this.#traffic?.stop()) ?? { invocations: 0 };
    this.show();
    return invocations;
  }

  /** Deploys the stack and returns its outputs. */
  protected async deploy(
    onEvent: (event: ResourceEvent) => void = () => undefined,
  ): Promise<Readonly<Record<string, string>>> {
    const complete = new Set<string>();
    const outputs = await this.cloud.deploy((event) => {
      if (event.status.endsWith('_COMPLETE')) complete.add(event.logicalId);
      this.#showResource(event);
      onEvent(event);
    });
    this.timeline.note(`${NAMES.stack}: ${complete.size} resources complete`);
    return outputs;
  }

  #showResource({ logicalId, type, status, reason }: ResourceEvent): void {
    const text = `${status} ${type} ${logicalId}`;
    if (status.includes('FAILED') || status.includes('ROLLBACK')) {
      this.timeline.note(`${text}${reason === undefined ? '' : `: ${reason}`}`, { logicalId, type, status });
    } else {
      this.timeline.activity(text, { logicalId, type, status });
    }
  }

  protected async upload(name: string, path: string): Promise<Uploaded> {
    this.#newest = name;
    this.timeline.activity(`uploading ${name}`);
    const uploaded = await this.clients.upload(path, this.#bucket, NAMES.modelKey);
    this.#uploads.set(name, uploaded);
    const parts = uploaded.etag.split('-')[1] ?? '1';
    const how = parts === '1' ? 'in one part' : `in ${parts} parts`;
    this.timeline.note(`uploaded ${name} ${how} to ${this.#uri}`, { model: name, ...uploaded });
    return uploaded;
  }

  /** Runs `freshpoint rollback` to the given upload. */
  protected async rollBackTo(name: string): Promise<void> {
    this.#newest = name;
    await this.cloud.rollback(NAMES.endpointId, (line) => this.timeline.note(line, undefined, 'freshpoint'));
  }

  protected async untilAnswersFrom(model: string): Promise<void> {
    await this.until({
      expected: `${CONVINCING_ANSWERS} consecutive answers come from ${model}`,
      when: () => {
        const { answeredBy, inARow } = this.#snapshot;
        return answeredBy === model && inARow >= CONVINCING_ANSWERS ? true : undefined;
      },
      got: () => {
        const { answeredBy, inARow, failures } = this.#snapshot;
        return `${inARow} from ${answeredBy ?? 'no model'}${failures[0] ? `; ${failures[0].error}` : ''}`;
      },
    });
  }

  protected checkAnswer({ model, accuracy: share }: Evaluation, expectedModel: string, expected: number): void {
    this.timeline.check({
      expected: `${expectedModel} answers with an accuracy of ${percent(expected)}`,
      holds: model === expectedModel && share === expected,
      got: `${model} with ${percent(share)}`,
    });
  }

  protected checkNoFailures(): void {
    const { invocations, failed, failures } = this.#snapshot;
    const first =
      failures[0] && `${failures[0].error}, ${(failures[0].atMs / 1000).toFixed(1)} s after the traffic began`;
    const got = `${failed} of ${invocations}; the first: ${first}`;
    this.timeline.check({ expected: 'no invocation has failed', holds: failed === 0, got });
  }

  protected show(): void {
    const view = this.watch?.view;
    const traffic = this.#traffic?.snapshot();
    if (traffic) {
      this.#counts.invocations = traffic.invocations;
      this.#counts.failedInvocations = traffic.failed;
    }
    this.#counts.swaps = this.watch?.swaps ?? 0;
    this.timeline.status({
      endpoint: view && { name: view.EndpointName ?? this.endpoint, status: view.EndpointStatus ?? 'unknown' },
      lanes: this.watch?.lanes(),
      traffic,
    });
    this.#conditions.poke();
  }

  protected until<T>(wait: Omit<Wait<T>, 'timeoutMs'>): Promise<T> {
    return this.#conditions.until({ ...wait, timeoutMs: this.options.patienceMs ?? PATIENCE_MS });
  }

  protected async untilInService(): Promise<void> {
    await this.until({
      expected: 'the endpoint is InService',
      when: () => (this.watch.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.watch.describe(),
    });
  }

  /** Waits until the controller logs, after its first `from` lines, that the newest revision is served. */
  protected async untilServing(from: number, revision: string | undefined): Promise<void> {
    await this.until({
      expected: 'the controller logs that the newest revision is served',
      when: () => this.log.find(from, (entry) => isServing(entry) && revisionIn(entry) === revision),
      got: () => this.log.describe(),
    });
  }

  protected revisionOfUpload(name: string): string {
    return expectedRevision(this.#uri, this.uploaded(name));
  }

  protected uploaded(name: string): Uploaded {
    const uploaded = this.#uploads.get(name);
    if (!uploaded) throw new Error(`${name} has not been uploaded.`);
    return uploaded;
  }

  get #uri(): string {
    return `s3://${this.#bucket}/${NAMES.modelKey}`;
  }

  get #snapshot(): TrafficSnapshot {
    if (!this.#traffic) throw new Error('The traffic has not been started.');
    return this.#traffic.snapshot();
  }
}
