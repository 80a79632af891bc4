import type { IrisSettings } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import type { Artifacts } from './artifacts.ts';
import type { DemoClients, Uploaded } from './aws.ts';
import type { Clock } from './clock.ts';
import { Conditions, type Wait, WaitedInVain } from './conditions.ts';
import { isServed, LoopLog, revisionIn, revisionOf } from './controller-log.ts';
import type { DemoCloud, DemoRuntime, ResourceEvent } from './demo-runtime.ts';
import type { Evaluation } from './endpoint-client.ts';
import { EndpointWatch } from './endpoint-watch.ts';
import { percent } from './timeline/lines.ts';
import type { Timeline } from './timeline/timeline.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { accuracy, type Training } from './train.ts';

/** What the steps of a demo work with. */
export interface StepsOptions {
  readonly runtime: DemoRuntime;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly train: () => Training;
  readonly buildArtifacts: () => Promise<Artifacts>;
  readonly connect: (url: string) => DemoClients;
  /**
   * Longest wait for any one thing, in milliseconds.
   * @default 60 000
   */
  readonly patienceMs?: number;
}

/** What is counted in every demo. */
export interface Counts {
  swaps: number;
  invocations: number;
  failedInvocations: number;
}

// Answers in a row from one model that show that no old fleet answers any more: many times the traffic's callers.
const CONVINCING = 40;

/** What the demos have in common: the first steps, and what later ones are made of. A step throws when the demo cannot go on. */
export abstract class DemoSteps {
  protected readonly options: StepsOptions;
  protected readonly timeline: Timeline;
  protected readonly loop = new LoopLog();
  protected readonly uploads = new Map<string, Uploaded>();
  protected training!: Training;
  protected artifacts!: Artifacts;
  protected cloud!: DemoCloud;
  protected clients!: DemoClients;
  protected endpoint!: string;
  protected watch!: EndpointWatch;
  protected traffic: Traffic | undefined;
  readonly #counts: Counts;
  readonly #conditions: Conditions;
  #starting: Promise<DemoCloud> | undefined;
  #bucket!: string;
  #newest = 'v1';
  #stopped = false;

  constructor(options: StepsOptions, counts: Counts) {
    this.options = options;
    this.timeline = options.timeline;
    this.#counts = counts;
    this.#conditions = new Conditions(options.clock);
  }

  /** The steps, in order. */
  protected abstract steps(): readonly (() => Promise<void>)[];

  /** All steps. */
  async run(): Promise<void> {
    for (const step of this.steps()) {
      if (this.#stopped) return;
      await step.call(this);
    }
  }

  /** Ends what was started, whatever step the demo came to. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.watch?.stop();
    const traffic = this.traffic?.stop();
    // Also a cloud that was only just being started.
    const cloud = await this.#starting?.catch(() => undefined);
    await cloud?.stop();
    await traffic;
    this.clients?.destroy();
  }

  protected async train(): Promise<void> {
    this.timeline.step('Train two classifiers on the Iris data');
    this.training = this.options.train();
    const { v1, v2, heldOut } = this.training;
    for (const { model, predict } of [v1, v2]) {
      const share = accuracy(predict, heldOut);
      this.timeline.note(
        `${model.name}  ${percent(share)} of ${heldOut.length} held-out rows  (${model.features.join(', ')})`,
        {
          model: model.name,
          accuracy: share,
        },
      );
    }
    this.artifacts = await this.options.buildArtifacts();
    this.timeline.note(
      'packed as model.tar.gz, with the inference code; padded, so that the upload is a multipart one',
    );
  }

  protected async synthesize(): Promise<void> {
    this.timeline.step('Synthesize the CDK app');
    await this.synth();
  }

  protected async synth(settings: IrisSettings = {}): Promise<void> {
    this.timeline.note(`cloud assembly in ${await this.options.runtime.synth(settings)}`);
  }

  protected async uploadFirst(): Promise<void> {
    this.timeline.step(`Start the local runtime, deploy ${NAMES.dataStack}, upload v1`);
    this.#starting = this.options.runtime.startLocal();
    this.cloud = await this.#starting;
    this.timeline.note(`AWS_ENDPOINT_URL=${this.cloud.url}`, { url: this.cloud.url });
    this.clients = this.options.connect(this.cloud.url);
    this.cloud.loopLog((entry) => {
      const text = this.loop.add(entry);
      if (text !== undefined) this.timeline.note(text, { loop: entry }, 'loop');
      this.#conditions.poke();
    });
    this.#bucket = await this.deploy(NAMES.dataStack, 'BucketName');
    await this.upload('v1', this.artifacts.v1Path);
  }

  protected async deployEndpoint(): Promise<void> {
    this.timeline.step(`Deploy ${NAMES.endpointStack}: the endpoint and its control loop`);
    this.endpoint = await this.deploy(NAMES.endpointStack, 'EndpointName');
    this.watch = new EndpointWatch({
      describe: () => this.clients.describeEndpoint(this.endpoint),
      clock: this.options.clock,
      newest: () => this.#newest,
      onLook: () => this.show(),
    });
    await this.watch.start();
    await this.until({
      expected: 'the endpoint gets InService',
      when: () => (this.watch.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.watch.describe(),
    });
    this.timeline.check('the endpoint is InService', true);
  }

  protected startTraffic(): void {
    this.traffic = createTraffic({
      client: this.clients.invoke,
      endpointName: this.endpoint,
      flowers: this.training.heldOut,
      clock: this.options.clock,
      onInvocation: () => this.show(),
    });
    this.traffic.start();
  }

  protected async deploy(
    stack: string,
    output: string,
    onEvent: (event: ResourceEvent) => void = () => undefined,
  ): Promise<string> {
    const done = new Set<string>();
    const { outputs } = await this.cloud.deploy(stack, (event) => {
      if (event.status.endsWith('_COMPLETE')) done.add(event.logicalId);
      this.showResource(event);
      onEvent(event);
    });
    this.timeline.note(`${stack}: ${done.size} resource${done.size === 1 ? '' : 's'} complete`);
    const value = outputs[output];
    if (value === undefined) {
      throw new WaitedInVain(
        `the stack ${stack} has the output ${output}`,
        `outputs ${Object.keys(outputs).join(', ')}`,
      );
    }
    return value;
  }

  protected showResource({ logicalId, type, status, reason }: ResourceEvent): void {
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
    this.uploads.set(name, uploaded);
    const parts = uploaded.etag.split('-')[1];
    const how = parts === undefined ? 'in one piece' : `in ${parts} parts`;
    this.timeline.note(`uploaded ${name} ${how} to ${this.uri}`, { model: name, ...uploaded });
    return uploaded;
  }

  /** Runs `freshpoint rollback`: a fleet that is launched now will hold the given upload. */
  protected async goBack(name: string): Promise<void> {
    this.#newest = name;
    await this.cloud.back(NAMES.endpointId, (line) => this.timeline.note(line));
  }

  protected get uri(): string {
    return `s3://${this.#bucket}/${NAMES.modelKey}`;
  }

  protected async answersFrom(model: string): Promise<void> {
    await this.until({
      expected: `${CONVINCING} answers in a row come from ${model}`,
      when: () => {
        const { answeredBy, inARow } = this.traffic!.snapshot();
        return answeredBy === model && inARow >= CONVINCING ? true : undefined;
      },
      got: () => {
        const { answeredBy, inARow, failures } = this.traffic!.snapshot();
        return `${inARow} from ${answeredBy ?? 'nobody'}${failures[0] ? `; ${failures[0].error}` : ''}`;
      },
    });
  }

  protected checkAnswer({ model, accuracy: share }: Evaluation, expectedModel: string, expected: number): void {
    this.timeline.check(
      `${expectedModel} answers, with ${percent(expected)} right`,
      model === expectedModel && share === expected,
      `${model}, with ${percent(share)} right`,
    );
  }

  protected checkNoFailures(): void {
    const { invocations, failed, failures } = this.traffic!.snapshot();
    const first =
      failures[0] && `${failures[0].error}, ${(failures[0].atMs / 1000).toFixed(1)} s after the traffic began`;
    this.timeline.check('no invocation failed', failed === 0, `${failed} of ${invocations}; the first: ${first}`);
  }

  protected show(): void {
    const view = this.watch?.view;
    const traffic = this.traffic?.snapshot();
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
    return this.#conditions.until({ ...wait, timeoutMs: this.options.patienceMs ?? 60_000 });
  }

  protected revisionOf(name: string): string {
    const { etag, size } = this.uploads.get(name)!;
    return revisionOf(this.uri, etag, size);
  }

  protected async untilServed(place: number, revision: string | undefined): Promise<void> {
    await this.until({
      expected: 'the loop finds that the newest revision is served',
      when: () => this.loop.find(place, (entry) => isServed(entry) && revisionIn(entry) === revision),
      got: () => this.loop.describe(),
    });
  }
}
