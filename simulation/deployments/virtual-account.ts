import { text } from 'node:stream/consumers';
import { type EndpointSpec, historyPrefix, specParameterName, stateKey } from '@freshpoint/cdk/contract';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import type { DecisionEntry, Telemetry } from '@freshpoint/engine/ports';
import type { DeployResult, StackEvent } from '@freshpoint/simulator/cloudformation/index';
import { sleep } from '@freshpoint/simulator/core/clock';
import type {
  AnswerOf,
  EndpointConfigDescription,
  EndpointDescription,
  ModelContainer,
  ModelDescription,
} from '../worlds/answers.ts';
import type { CallPlan, Overseer } from '../worlds/function-run.ts';
import { EDITIONS, ENDPOINT_ID, ENDPOINT_NAME, type EndpointLayout, type Layout } from '../worlds/layout.ts';
import { refresherFactory } from '../worlds/refresher.ts';
import { assetsOf, isDeadLetterQueue, World, type WorldOptions } from '../worlds/world.ts';
import { DeploymentWatch } from './deployment-watch.ts';
import { type AppSettings, DATA_STACK, KEY, SERVING_STACK, templatesOf } from './settings-app.ts';
import { EndpointTraffic } from './traffic.ts';

/** An endpoint with its config and models. */
export interface Live {
  readonly endpoint: EndpointDescription;
  readonly config: EndpointConfigDescription;
  readonly models: readonly ModelDescription[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long a call of the function takes, there and back. */
const CALL_MS = 20;
const SEED = 1;
/** How long CloudFormation takes for each resource. */
const RESOURCE_MS = 3000;
/** Enough to meet every instance of a fleet. */
const ANSWERS = 10;

const ENDPOINT: EndpointLayout = {
  endpointName: ENDPOINT_NAME,
  id: ENDPOINT_ID,
  sources: { keys: [KEY] },
  otherSources: { keys: [KEY] },
  waitTime: 1,
  pollInterval: 1,
  sweepInterval: 3600,
  slotData: 'all',
  isTested: false,
};

/** Templates come from the settings, not from a layout. */
const LAYOUT: Layout = {
  name: 'settings',
  endpoint: ENDPOINT,
  second: ENDPOINT,
  editions: Object.fromEntries(EDITIONS.map((edition) => [edition, {}])) as Layout['editions'],
  bucketStack: {},
};

/**
 * An account in virtual time, with AWS's times: the synthesized templates and the handler's own code on the services of
 * the local runtime, without processes. Every endpoint is invoked all the time; `problems` lists violations.
 */
export class VirtualAccount {
  readonly decisions: DecisionEntry[] = [];
  readonly metrics: [name: string, value: number][] = [];
  readonly events: StackEvent[] = [];
  /** Whether the function dies once it has made a call of this operation. */
  dies: (operation: string) => boolean = () => false;
  /** How much longer a request of the function takes to its service, in ms. */
  delayMs: (operation: string) => number = () => 0;
  bucket = '';
  readonly #world: World;
  readonly #traffic: EndpointTraffic;
  readonly #watch: DeploymentWatch;
  readonly #broken = new Set<string>();
  #deploying = 0;

  constructor(cloudFormation: WorldOptions['cloudFormation'] = {}) {
    this.#world = new World({
      seed: SEED,
      layout: LAYOUT,
      times: {},
      skew: { s3: 0, sagemaker: 0 },
      judge: (data) => (data.some(({ etag }) => this.#broken.has(etag)) ? {} : { healthyAfterMs: 1000 }),
      loaded: () => undefined,
      cloudFormation: { resourceMs: RESOURCE_MS, ...cloudFormation },
      runner: (world) =>
        refresherFactory(
          world,
          plainOverseer(
            {
              decision: (entry) => this.decisions.push(entry),
              error: () => undefined,
              metric: (_, name, value) => this.metrics.push([name, value]),
            },
            {
              dies: (operation) => this.dies(operation),
              delayMs: (operation) => this.delayMs(operation),
            },
          ),
        ),
    });
    this.#traffic = new EndpointTraffic(this.#world, (problem) => this.problems.push(problem));
    this.#watch = new DeploymentWatch(this.#world, this.#traffic);
    this.#world.watch = this.#watch;
  }

  /** An account with the stacks of these settings, serving version `v1`. The bucket also has `objects`, by key. */
  static async with(
    settings: AppSettings = {},
    objects: Readonly<Record<string, string>> = {},
    cloudFormation: WorldOptions['cloudFormation'] = {},
  ): Promise<VirtualAccount> {
    const account = new VirtualAccount(cloudFormation);
    await account.create(settings, objects);
    await account.settle();
    return account;
  }

  async create(settings: AppSettings = {}, objects: Readonly<Record<string, string>> = {}): Promise<void> {
    const { outputs } = await this.deploy(settings, DATA_STACK);
    this.bucket = outputs.BucketName ?? '';
    for (const [key, version] of Object.entries({ [KEY]: 'v1', ...objects })) await this.upload(version, key);
    await this.deploy(settings);
    this.#traffic.start();
  }

  get clock() {
    return this.#world.clock;
  }

  get faults() {
    return this.#world.sagemaker.faults;
  }

  /** Accepted updates. */
  get updates() {
    return this.#watch.updates;
  }

  /** Events that must never happen. */
  get problems() {
    return this.#watch.problems;
  }

  get invocations(): number {
    return this.#traffic.invocations;
  }

  /** Called before each call; an error thrown here is the service's answer. */
  set interfere(interfere: DeploymentWatch['interfere']) {
    this.#watch.interfere = interfere;
  }

  /** Messages in the work queue and in the dead-letter queue, visible or not. */
  async messages(): Promise<{ readonly requests: number; readonly deadLetters: number }> {
    const found = { requests: 0, deadLetters: 0 };
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    for (const QueueUrl of QueueUrls) {
      const { Attributes } = await this.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: invisible } = Attributes;
      found[isDeadLetterQueue(QueueUrl) ? 'deadLetters' : 'requests'] += Number(visible) + Number(invisible);
    }
    return found;
  }

  /** Calls a service as the account's root. */
  call<S extends string, O extends string>(service: S, operation: O, input: object = {}): Promise<AnswerOf<S, O>> {
    return this.#world.run(this.#world.call(service, operation, input));
  }

  /** Starts to deploy; time passes only in `run` and in what uses it. */
  start(
    settings: AppSettings,
    stackName = SERVING_STACK,
    onEvent?: (event: StackEvent) => void,
  ): Promise<DeployResult> {
    const template = templatesOf(settings)[stackName];
    if (!template) throw new Error(`there is no stack ${stackName}`);
    this.#deploying += 1;
    const done = this.#world.cloudformation.deploy({
      stackName,
      template,
      assets: assetsOf(template),
      onEvent: (event) => {
        this.events.push(event);
        onEvent?.(event);
      },
    });
    const ended = done.finally(() => {
      this.#deploying -= 1;
    });
    ended.catch(() => undefined);
    return ended;
  }

  /** Rejects when the deployment was rolled back. */
  deploy(
    settings: AppSettings,
    stackName = SERVING_STACK,
    onEvent?: (event: StackEvent) => void,
  ): Promise<DeployResult> {
    return this.run(this.start(settings, stackName, onEvent));
  }

  destroy(stackName = SERVING_STACK): Promise<void> {
    this.#traffic.serving.clear();
    return this.run(this.#world.cloudformation.destroy(stackName));
  }

  /** Advances time until the work is done. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.#world.run(work);
  }

  pass(ms: number): Promise<void> {
    return this.run(sleep(this.clock, ms));
  }

  /** Advances time until `holds`, checked every second; an hour at most. */
  async until(condition: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    const end = this.clock.now() + HOUR_MS;
    while (!(await holds())) {
      if (this.clock.now() > end) throw new Error(`after an hour, this still does not hold: ${condition}`);
      await this.pass(1000);
    }
  }

  /** Uploads these bytes as the model. May be called while time passes. */
  async put(version: string, key = KEY): Promise<void> {
    await this.#putObject(version, key);
  }

  upload(version: string, key = KEY): Promise<void> {
    return this.run(this.put(version, key));
  }

  /** Uploads bytes with which no fleet comes up. */
  async uploadBroken(version: string): Promise<void> {
    this.#broken.add(await this.run(this.#putObject(version, KEY)));
  }

  /** Returns the ETag. */
  async #putObject(version: string, key: string): Promise<string> {
    const Body = Buffer.from(version);
    return (await this.#world.call('s3', 'PutObject', { Bucket: this.bucket, Key: key, Body })).ETag;
  }

  /** Advances time until nothing is being deployed, updated or requested; three hours at most. */
  async settle(): Promise<void> {
    const end = this.clock.now() + 3 * HOUR_MS;
    for (let calm = 0; calm < 2; ) {
      await this.pass(MINUTE_MS);
      calm = (await this.#isCalm()) ? calm + 1 : 0;
      if (this.clock.now() > end) throw new Error(`not calm within three hours: ${this.tail()}`);
    }
  }

  async #isCalm(): Promise<boolean> {
    if (this.#deploying > 0) return false;
    const { Endpoints } = await this.call('sagemaker', 'ListEndpoints');
    if (Endpoints.some(({ EndpointStatus }) => EndpointStatus !== 'InService')) return false;
    return (await this.messages()).requests === 0;
  }

  async live(endpointName = 'Iris'): Promise<Live> {
    const endpoint = await this.call('sagemaker', 'DescribeEndpoint', { EndpointName: endpointName });
    const { EndpointConfigName } = endpoint;
    const config = await this.call('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
    const models: ModelDescription[] = [];
    for (const { ModelName } of config.ProductionVariants) {
      models.push(await this.call('sagemaker', 'DescribeModel', { ModelName }));
    }
    return { endpoint, config, models };
  }

  /** The only container of an endpoint's first model. */
  async container(endpointName = 'Iris'): Promise<ModelContainer> {
    return containerOf(await this.live(endpointName));
  }

  /** Which of the stack's two configs is live. */
  async slot(id = 'Endpoint', endpointName = 'Iris'): Promise<'a' | 'b' | undefined> {
    const { a, b } = (await this.spec(id)).configs;
    const { EndpointConfigName } = (await this.live(endpointName)).endpoint;
    if (EndpointConfigName === a) return 'a';
    return EndpointConfigName === b ? 'b' : undefined;
  }

  /** The endpoint's state, as stored. */
  async state(): Promise<EndpointState> {
    const { Body } = await this.call('s3', 'GetObject', await this.#stateObject());
    return JSON.parse(await text(Body)) as EndpointState;
  }

  /** By hand, over the state that is there; without a text, the object is deleted. */
  async replaceState(Body?: string): Promise<void> {
    const object = await this.#stateObject();
    if (Body === undefined) await this.call('s3', 'DeleteObject', object);
    else await this.call('s3', 'PutObject', { ...object, Body });
  }

  async #stateObject(): Promise<{ readonly Bucket: string; readonly Key: string }> {
    const { store } = await this.spec();
    return { Bucket: store.bucket, Key: stateKey(store) };
  }

  /** The endpoint's spec. */
  async spec(id = 'Endpoint'): Promise<EndpointSpec> {
    const Name = specParameterName(`${SERVING_STACK}/${id}`);
    const { Parameter } = await this.call('ssm', 'GetParameter', { Name });
    return JSON.parse(Parameter.Value) as EndpointSpec;
  }

  /** The ETags of all answers, sorted: one when the whole fleet has loaded the same. */
  async answers(endpointName = 'Iris'): Promise<string[]> {
    const found = new Set<string>();
    for (let count = 0; count < ANSWERS; count++) {
      const text = await this.run(this.#traffic.invoke(endpointName));
      for (const { etag } of JSON.parse(text).data) found.add(etag);
    }
    return [...found].sort();
  }

  /** The ETags that the containers of one answer have loaded, in their order. */
  async loaded(endpointName = 'Iris'): Promise<string[]> {
    const text = await this.run(this.#traffic.invoke(endpointName));
    return (JSON.parse(text) as { data: { etag: string }[] }).data.map(({ etag }) => etag);
  }

  /** Names of the existing configs and models. */
  async made(): Promise<{ configs: string[]; models: string[] }> {
    const { EndpointConfigs } = await this.call('sagemaker', 'ListEndpointConfigs');
    const { Models } = await this.call('sagemaker', 'ListModels');
    return {
      configs: EndpointConfigs.map(({ EndpointConfigName }) => EndpointConfigName).sort(),
      models: Models.map(({ ModelName }) => ModelName).sort(),
    };
  }

  /** The endpoint's history, oldest first. */
  async history(): Promise<readonly HistoryRecord[]> {
    const { store } = await this.spec();
    const { Contents = [] } = await this.call('s3', 'ListObjectsV2', {
      Bucket: store.bucket,
      Prefix: historyPrefix(store),
    });
    const records: HistoryRecord[] = [];
    for (const { Key } of Contents) {
      const { Body } = await this.call('s3', 'GetObject', { Bucket: store.bucket, Key });
      records.push(JSON.parse(await text(Body)) as HistoryRecord);
    }
    return records;
  }

  /** Puts a message into the work queue, as the account's root. */
  async send(body: object): Promise<void> {
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    const QueueUrl = QueueUrls.find((url) => !isDeadLetterQueue(url));
    await this.call('sqs', 'SendMessage', { QueueUrl, MessageBody: JSON.stringify(body) });
  }

  /** The bodies of the messages in the dead-letter queue. */
  async deadLetters(): Promise<string[]> {
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    const QueueUrl = QueueUrls.find(isDeadLetterQueue);
    const { Messages = [] } = await this.call('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    return Messages.map(({ Body }) => Body);
  }

  /** By hand, without CloudFormation's knowledge. */
  async deleteEndpoint(EndpointName = 'Iris'): Promise<void> {
    this.#traffic.serving.delete(EndpointName);
    await this.call('sagemaker', 'DeleteEndpoint', { EndpointName });
    await this.pass(5 * MINUTE_MS);
  }

  /** By hand, without CloudFormation's knowledge. */
  async deleteQueues(): Promise<void> {
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    for (const QueueUrl of QueueUrls) await this.call('sqs', 'DeleteQueue', { QueueUrl });
  }

  /** The latest stack events and decisions, for messages. */
  tail(): string {
    const events = this.events
      .slice(-12)
      .map(({ logicalId, status, reason }) => `${logicalId} ${status} ${reason ?? ''}`);
    const decisions = this.decisions.slice(-8).map((entry) => JSON.stringify(entry));
    return [...events, ...decisions].join('\n');
  }

  stop(): void {
    this.#traffic.stop();
    this.#world.stop();
  }
}

/** The only container of the first model. */
export function containerOf({ models }: Live): ModelContainer {
  const container = models[0]?.PrimaryContainer;
  if (!container) throw new Error('expected a model with a primary container');
  return container;
}

interface CallTroubles {
  readonly dies: (operation: string) => boolean;
  readonly delayMs: (operation: string) => number;
}

/** No faults but these troubles, and calls that take as long as on AWS. */
function plainOverseer(telemetry: Telemetry, { dies, delayMs }: CallTroubles): Overseer {
  const nothing = () => undefined;
  const plan = (operation: string): CallPlan => ({
    requestMs: CALL_MS / 2 + delayMs(operation),
    replyMs: CALL_MS / 2,
    ...(dies(operation) && { kill: 'after' }),
  });
  return {
    skewMs: 0,
    plan: (_run, { operation }) => plan(operation),
    calling: nothing,
    stale: nothing,
    started: nothing,
    ended: nothing,
    answered: nothing,
    telemetry: () => telemetry,
  };
}
