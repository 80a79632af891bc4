import type { Artifacts } from './artifacts.ts';
import type { DemoClients, Uploaded } from './aws.ts';
import type { Clock } from './clock.ts';
import { Conditions, type Wait, WaitedInVain } from './conditions.ts';
import type { DemoCloud, DemoRuntime, ResourceEvent } from './demo-runtime.ts';
import { type Evaluation, evaluate } from './endpoint-client.ts';
import { EndpointWatch } from './endpoint-watch.ts';
import { isQuarantine, isServed, isSwap, LoopLog, revisionIn, revisionOf } from './loop-log.ts';
import { NAMES } from './names.ts';
import { percent } from './timeline/lines.ts';
import type { Timeline } from './timeline/timeline.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { accuracy, type Training } from './train.ts';

/** What the steps of the demo work with. */
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

/** What is known of one model's time in service; filled in as the demo goes. */
export interface Service {
  revision?: string;
  slot?: string;
  accuracy?: number;
}

/** What came of the demo so far. */
export interface Figures {
  readonly before: Service;
  readonly after: Service;
  swaps: number;
  invocations: number;
  failedInvocations: number;
}

/** The figures at the start. */
export function emptyFigures(): Figures {
  return { before: {}, after: {}, swaps: 0, invocations: 0, failedInvocations: 0 };
}

// Answers in a row from the new model that show that no old fleet answers any more: many times the traffic's callers.
const CONVINCING = 40;

/** The demo's main job, one method per step. A step throws when the demo cannot go on. */
export class Steps {
  readonly #options: StepsOptions;
  readonly #timeline: Timeline;
  readonly #figures: Figures;
  readonly #conditions: Conditions;
  readonly #loop = new LoopLog();
  #training!: Training;
  #artifacts!: Artifacts;
  #starting: Promise<DemoCloud> | undefined;
  #cloud!: DemoCloud;
  #clients!: DemoClients;
  #bucket!: string;
  #endpoint!: string;
  #watch: EndpointWatch | undefined;
  #traffic: Traffic | undefined;
  #newest = 'v1';
  #stopped = false;
  readonly #uploads = new Map<string, Uploaded>();

  constructor(options: StepsOptions, figures: Figures) {
    this.#options = options;
    this.#timeline = options.timeline;
    this.#figures = figures;
    this.#conditions = new Conditions(options.clock);
  }

  /** All steps. */
  async run(): Promise<void> {
    const steps = [
      this.train,
      this.synthesize,
      this.uploadFirst,
      this.deployEndpoint,
      this.predict,
      this.refresh,
      this.refuse,
      this.repeat,
      this.stopTraffic,
    ];
    for (const step of steps) {
      if (this.#stopped) return;
      await step.call(this);
    }
  }

  /** Ends what was started, whatever step the demo came to. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watch?.stop();
    const traffic = this.#traffic?.stop();
    // Also a cloud that was only just being started.
    const cloud = await this.#starting?.catch(() => undefined);
    await cloud?.stop();
    await traffic;
    this.#clients?.destroy();
  }

  async train(): Promise<void> {
    this.#timeline.step('Train two classifiers on the Iris data');
    this.#training = this.#options.train();
    const { v1, v2, heldOut } = this.#training;
    for (const { model, predict } of [v1, v2]) {
      const share = accuracy(predict, heldOut);
      this.#timeline.note(
        `${model.name}  ${percent(share)} of ${heldOut.length} held-out rows  (${model.features.join(', ')})`,
        {
          model: model.name,
          accuracy: share,
        },
      );
    }
    this.#artifacts = await this.#options.buildArtifacts();
    this.#timeline.note(
      'packed as model.tar.gz, with the inference code; padded, so that the upload is a multipart one',
    );
  }

  async synthesize(): Promise<void> {
    this.#timeline.step('Synthesize the CDK app');
    this.#timeline.note(`cloud assembly in ${await this.#options.runtime.synth()}`);
  }

  async uploadFirst(): Promise<void> {
    this.#timeline.step(`Start the local runtime, deploy ${NAMES.dataStack}, upload v1`);
    this.#starting = this.#options.runtime.startLocal();
    this.#cloud = await this.#starting;
    this.#timeline.note(`AWS_ENDPOINT_URL=${this.#cloud.url}`, { url: this.#cloud.url });
    this.#clients = this.#options.connect(this.#cloud.url);
    this.#cloud.loopLog((entry) => {
      const text = this.#loop.add(entry);
      if (text !== undefined) this.#timeline.note(text, { loop: entry }, 'loop');
      this.#conditions.poke();
    });
    this.#bucket = await this.#deploy(NAMES.dataStack, 'BucketName');
    await this.#upload('v1', this.#artifacts.v1Path);
  }

  async deployEndpoint(): Promise<void> {
    this.#timeline.step(`Deploy ${NAMES.endpointStack}: the endpoint and its control loop`);
    this.#endpoint = await this.#deploy(NAMES.endpointStack, 'EndpointName');
    this.#watch = new EndpointWatch({
      describe: () => this.#clients.describeEndpoint(this.#endpoint),
      clock: this.#options.clock,
      newest: () => this.#newest,
      onLook: () => this.#show(),
    });
    await this.#watch.start();
    await this.#until({
      expected: 'the endpoint gets InService',
      when: () => (this.#watch!.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.#watch!.describe(),
    });
    this.#timeline.check('the endpoint is InService', true);
  }

  async predict(): Promise<void> {
    const { heldOut, v1 } = this.#training;
    this.#timeline.step(`Ask for predictions: InvokeEndpoint with ${heldOut.length} held-out rows`);
    const answer = await evaluate(this.#clients.invoke, this.#endpoint, heldOut);
    this.#figures.before.accuracy = answer.accuracy;
    this.#figures.before.slot = this.#watch!.activeSlot;
    this.#checkAnswer(answer, 'v1', accuracy(v1.predict, heldOut));
  }

  async refresh(): Promise<void> {
    this.#timeline.step('Upload v2 over it while the traffic goes on');
    this.#traffic = createTraffic({
      client: this.#clients.invoke,
      endpointName: this.#endpoint,
      flowers: this.#training.heldOut,
      clock: this.#options.clock,
      onInvocation: () => this.#show(),
    });
    this.#traffic.start();
    await this.#answersFrom('v1');
    const before = this.#watch!.view?.EndpointConfigName;
    const place = this.#loop.length;
    await this.#upload('v2', this.#artifacts.v2Path);
    await this.#until({
      expected: 'the endpoint is InService on its other config',
      when: () => {
        const view = this.#watch!.view;
        return view?.EndpointStatus === 'InService' && view.EndpointConfigName !== before ? true : undefined;
      },
      got: () => `${this.#watch!.describe()}; ${this.#loop.describe()}`,
    });
    this.#timeline.check('the endpoint swapped its slots and is InService', true);
    await this.#answersFrom('v2');
    // Before the next upload: what lies there when the loop looks is what it takes the fleet to have loaded.
    await this.#untilServed(place, this.#revisionOf('v2'));
    const answer = await evaluate(this.#clients.invoke, this.#endpoint, this.#training.heldOut);
    this.#figures.after.accuracy = answer.accuracy;
    this.#figures.after.slot = this.#watch!.activeSlot;
    this.#noteRevisions(revisionIn(this.#loop.find(place, isSwap)));
    this.#checkAnswer(answer, 'v2', accuracy(this.#training.v2.predict, this.#training.heldOut));
    const was = this.#figures.before.accuracy ?? 0;
    this.#timeline.check(`the accuracy rose from ${percent(was)}`, answer.accuracy > was, percent(answer.accuracy));
    this.#checkNoFailures();
  }

  async refuse(): Promise<void> {
    this.#timeline.step('Upload a broken archive');
    const config = this.#watch!.view?.EndpointConfigName;
    const place = this.#loop.length;
    await this.#upload('broken', this.#artifacts.brokenPath);
    const entry = await this.#until({
      expected: 'the loop puts the broken revision into quarantine',
      when: () => this.#loop.find(place, isQuarantine),
      got: () => `${this.#loop.describe()}; ${this.#watch!.describe()}`,
    });
    await this.#until({
      expected: 'the endpoint is InService again',
      when: () => (this.#watch!.view?.EndpointStatus === 'InService' ? true : undefined),
      got: () => this.#watch!.describe(),
    });
    const view = this.#watch!.view;
    const reason = view?.FailureReason ?? entry.detail;
    this.#timeline.check('the fleet refused it, and the loop put it into quarantine', true);
    const told = typeof reason === 'string' && reason !== '';
    this.#timeline.check(`the reason is told${told ? `: ${reason}` : ''}`, told, 'no reason');
    this.#timeline.check('the slots were not swapped', view?.EndpointConfigName === config, this.#watch!.describe());
    const answer = await evaluate(this.#clients.invoke, this.#endpoint, this.#training.heldOut);
    this.#checkAnswer(answer, 'v2', this.#figures.after.accuracy ?? 0);
    this.#checkNoFailures();
  }

  async repeat(): Promise<void> {
    this.#timeline.step('Upload the bytes of v2 again');
    const { updates } = this.#watch!;
    const place = this.#loop.length;
    const first = this.#uploads.get('v2')!;
    const again = await this.#upload('v2', this.#artifacts.v2Path);
    this.#timeline.check(
      'the same bytes have the same ETag',
      again.etag === first.etag,
      `${again.etag}, not ${first.etag}`,
    );
    const { revision } = this.#figures.after;
    await this.#untilServed(place, revision);
    const begun = this.#watch!.updates - updates;
    this.#timeline.check('nothing was swapped', begun === 0, `${begun} updates began`);
  }

  async stopTraffic(): Promise<void> {
    this.#timeline.step('Stop the traffic');
    const totals = await this.#traffic!.stop();
    this.#show();
    this.#timeline.note(`${totals.invocations} invocations, without a pause for the swap`);
    this.#timeline.check('one swap', this.#figures.swaps === 1, `${this.#figures.swaps}`);
    this.#checkNoFailures();
    this.#watch!.stop();
  }

  async #deploy(stack: string, output: string): Promise<string> {
    const done = new Set<string>();
    const { outputs } = await this.#cloud.deploy(stack, (event) => {
      if (event.status.endsWith('_COMPLETE')) done.add(event.logicalId);
      this.#showResource(event);
    });
    this.#timeline.note(`${stack}: ${done.size} resource${done.size === 1 ? '' : 's'} complete`);
    const value = outputs[output];
    if (value === undefined) {
      throw new WaitedInVain(
        `the stack ${stack} has the output ${output}`,
        `outputs ${Object.keys(outputs).join(', ')}`,
      );
    }
    return value;
  }

  #showResource({ logicalId, type, status, reason }: ResourceEvent): void {
    const text = `${status} ${type} ${logicalId}`;
    if (status.includes('FAILED') || status.includes('ROLLBACK')) {
      this.#timeline.note(`${text}${reason === undefined ? '' : `: ${reason}`}`, { logicalId, type, status });
    } else {
      this.#timeline.activity(text, { logicalId, type, status });
    }
  }

  async #upload(name: string, path: string): Promise<Uploaded> {
    this.#newest = name;
    this.#timeline.activity(`uploading ${name}`);
    const uploaded = await this.#clients.upload(path, this.#bucket, NAMES.modelKey);
    this.#uploads.set(name, uploaded);
    const parts = uploaded.etag.split('-')[1];
    const how = parts === undefined ? 'in one piece' : `in ${parts} parts`;
    this.#timeline.note(`uploaded ${name} ${how} to ${this.#uri}`, { model: name, ...uploaded });
    return uploaded;
  }

  get #uri(): string {
    return `s3://${this.#bucket}/${NAMES.modelKey}`;
  }

  // The loop tells a revision only when it swaps; v1 was there before it. Both are made in the same way.
  #noteRevisions(swappedTo: string | undefined): void {
    const [v1, v2] = ['v1', 'v2'].map((name) => this.#revisionOf(name));
    this.#timeline.check(`the loop swapped to the uploaded revision ${v2}`, swappedTo === v2, swappedTo);
    this.#figures.before.revision = v1;
    this.#figures.after.revision = swappedTo;
  }

  #revisionOf(name: string): string {
    const { etag, size } = this.#uploads.get(name)!;
    return revisionOf(this.#uri, etag, size);
  }

  async #untilServed(place: number, revision: string | undefined): Promise<void> {
    await this.#until({
      expected: 'the loop finds that the newest revision is served',
      when: () => this.#loop.find(place, (entry) => isServed(entry) && revisionIn(entry) === revision),
      got: () => this.#loop.describe(),
    });
  }

  async #answersFrom(model: string): Promise<void> {
    await this.#until({
      expected: `${CONVINCING} answers in a row come from ${model}`,
      when: () => {
        const { answeredBy, inARow } = this.#traffic!.snapshot();
        return answeredBy === model && inARow >= CONVINCING ? true : undefined;
      },
      got: () => {
        const { answeredBy, inARow, failures } = this.#traffic!.snapshot();
        return `${inARow} from ${answeredBy ?? 'nobody'}${failures[0] ? `; ${failures[0].error}` : ''}`;
      },
    });
  }

  #checkAnswer({ model, accuracy: share }: Evaluation, expectedModel: string, expected: number): void {
    this.#timeline.check(
      `${expectedModel} answers, with ${percent(expected)} right`,
      model === expectedModel && share === expected,
      `${model}, with ${percent(share)} right`,
    );
  }

  #checkNoFailures(): void {
    const { invocations, failed, failures } = this.#traffic!.snapshot();
    const first =
      failures[0] && `${failures[0].error}, ${(failures[0].atMs / 1000).toFixed(1)} s after the traffic began`;
    this.#timeline.check('no invocation failed', failed === 0, `${failed} of ${invocations}; the first: ${first}`);
  }

  #show(): void {
    const view = this.#watch?.view;
    const traffic = this.#traffic?.snapshot();
    if (traffic) {
      this.#figures.invocations = traffic.invocations;
      this.#figures.failedInvocations = traffic.failed;
    }
    this.#figures.swaps = this.#watch?.swaps ?? 0;
    this.#timeline.status({
      endpoint: view && { name: view.EndpointName ?? this.#endpoint, status: view.EndpointStatus ?? 'unknown' },
      lanes: this.#watch?.lanes(),
      traffic,
    });
    this.#conditions.poke();
  }

  #until<T>(wait: Omit<Wait<T>, 'timeoutMs'>): Promise<T> {
    return this.#conditions.until({ ...wait, timeoutMs: this.#options.patienceMs ?? 60_000 });
  }
}
