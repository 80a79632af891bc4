import type { DecisionEntry, Telemetry } from '@freshpoint/engine/ports';
import type { DeployResult, StackEvent } from '@freshpoint/local/cloudformation/index';
import { sleep } from '@freshpoint/local/core/clock';
import type { Caller } from '@freshpoint/local/core/cloud';
import type { EndpointStateChange } from '@freshpoint/local/sagemaker/index';
import { type CallPlan, type FunctionRun, type Overseer, refresherFactory } from '../refresher.ts';
import { type Call, type Watch, World } from '../world.ts';
import { type AppSettings, DATA_STACK, KEY, SERVING_STACK, templatesOf } from './settings-app.ts';

/** An update of an endpoint that SageMaker accepted. */
export interface Update {
  readonly by: 'stack' | 'loop';
  readonly endpoint: string;
  readonly config: string;
}

/** What an endpoint runs. */
export interface Live {
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  readonly endpoint: any;
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  readonly config: any;
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  readonly models: any[];
}

const MINUTE = 60_000;
/** How often every endpoint is asked, in ms. */
const TRAFFIC_MS = 10_000;
/** What a call of the function takes, in ms, there and back. */
const CALL_MS = 20;

/**
 * An account in virtual time, with times as on AWS: the synthesized templates and the handler's own code on the local
 * runtime's services, without processes. Every endpoint is asked all the time; `problems` has what must never happen.
 */
export class VirtualAccount implements Watch, Overseer {
  readonly skewMs = 0;
  readonly updates: Update[] = [];
  readonly problems: string[] = [];
  readonly decisions: DecisionEntry[] = [];
  readonly events: StackEvent[] = [];
  bucket = '';
  invocations = 0;
  /** Throws what the service is to answer. */
  meddle: (call: Call) => void = () => undefined;
  readonly #world: World;
  readonly #serving = new Set<string>();
  readonly #broken = new Set<string>();
  #deploying = 0;
  #stopped = false;

  constructor() {
    const layout = { name: 'settings' } as unknown as ConstructorParameters<typeof World>[0]['layout'];
    this.#world = new World({
      seed: 1,
      layout,
      times: {},
      skew: { s3: 0, sagemaker: 0 },
      judge: (data) => (data.some(({ etag }) => this.#broken.has(etag)) ? {} : { healthyAfterMs: 1000 }),
      loaded: () => undefined,
      runner: (world) => refresherFactory(world, this),
    });
    this.#world.watch = this;
  }

  /** An account with the stacks of these settings, serving version `v1`. `objects` lie in the bucket as well, by key. */
  static async with(
    settings: AppSettings = {},
    objects: Readonly<Record<string, string>> = {},
  ): Promise<VirtualAccount> {
    const account = new VirtualAccount();
    await account.create(settings, objects);
    await account.settle();
    return account;
  }

  async create(settings: AppSettings = {}, objects: Readonly<Record<string, string>> = {}): Promise<void> {
    const { outputs } = await this.deploy(settings, DATA_STACK);
    this.bucket = outputs.BucketName!;
    for (const [key, version] of Object.entries({ [KEY]: 'v1', ...objects })) await this.upload(version, key);
    await this.deploy(settings);
    this.#ask();
  }

  get clock() {
    return this.#world.clock;
  }

  get faults() {
    return this.#world.sagemaker.faults;
  }

  /** Calls a service as the account's root. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  call(service: string, operation: string, input: object = {}): Promise<any> {
    return this.#world.run(this.#world.call(service, operation, input));
  }

  /** Starts to deploy; time passes only in `run` and in what uses it. */
  start(
    settings: AppSettings,
    stackName = SERVING_STACK,
    onEvent?: (event: StackEvent) => void,
  ): Promise<DeployResult> {
    const template = templatesOf(settings)[stackName]!;
    const keys = JSON.stringify(template).matchAll(/"S3Key":"([0-9a-f]+)\.zip"/g);
    const assets = new Map([...keys].map(([, hash]) => [hash!, { path: '/code' }]));
    this.#deploying += 1;
    const done = this.#world.cloudformation.deploy({
      stackName,
      template,
      assets,
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
    this.#serving.clear();
    return this.run(this.#world.cloudformation.destroy(stackName));
  }

  /** Lets time pass until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T> {
    return this.#world.run(promise);
  }

  pass(ms: number): Promise<void> {
    return this.run(sleep(this.clock, ms));
  }

  /** Lets time pass until `fits`, looked at every second; an hour at most. */
  async until(what: string, fits: () => Promise<boolean> | boolean): Promise<void> {
    const end = this.clock.now() + 60 * MINUTE;
    while (!(await fits())) {
      if (this.clock.now() > end) throw new Error(`an hour passed in vain until ${what}`);
      await this.pass(1000);
    }
  }

  /** Uploads these bytes as the model. May be called while time passes. */
  async put(version: string, key = KEY, broken = false): Promise<void> {
    const output = await this.#world.call('s3', 'PutObject', {
      Bucket: this.bucket,
      Key: key,
      Body: Buffer.from(version),
    });
    if (broken) this.#broken.add(output.ETag);
  }

  upload(version: string, key = KEY, broken = false): Promise<void> {
    return this.run(this.put(version, key, broken));
  }

  /** Lets time pass until nothing is deployed, updated or waiting in the queue any more; three hours at most. */
  async settle(): Promise<void> {
    const end = this.clock.now() + 180 * MINUTE;
    for (let calm = 0; calm < 2; ) {
      await this.pass(MINUTE);
      calm = (await this.#isCalm()) ? calm + 1 : 0;
      if (this.clock.now() > end) throw new Error(`not calm within three hours: ${this.tail()}`);
    }
  }

  async #isCalm(): Promise<boolean> {
    if (this.#deploying > 0) return false;
    const { Endpoints } = await this.call('sagemaker', 'ListEndpoints');
    if (Endpoints.some(({ EndpointStatus }: { EndpointStatus: string }) => EndpointStatus !== 'InService'))
      return false;
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    for (const QueueUrl of QueueUrls.filter((url: string) => !/DeadLetter/.test(url))) {
      const { Attributes } = await this.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: invisible } = Attributes;
      if (Number(visible) + Number(invisible) > 0) return false;
    }
    return true;
  }

  async live(endpointName = 'Iris'): Promise<Live> {
    const endpoint = await this.call('sagemaker', 'DescribeEndpoint', { EndpointName: endpointName });
    const { EndpointConfigName } = endpoint;
    const config = await this.call('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
    const models = [];
    for (const { ModelName } of config.ProductionVariants) {
      models.push(await this.call('sagemaker', 'DescribeModel', { ModelName }));
    }
    return { endpoint, config, models };
  }

  /** Which of the two configs of the stack is live. */
  async slot(id = 'Endpoint', endpointName = 'Iris'): Promise<'a' | 'b' | undefined> {
    const { Parameter } = await this.call('ssm', 'GetParameter', { Name: `/freshpoint/${SERVING_STACK}/${id}/spec` });
    const { configs } = JSON.parse(Parameter.Value);
    const { endpoint } = await this.live(endpointName);
    return endpoint.EndpointConfigName === configs.a
      ? 'a'
      : endpoint.EndpointConfigName === configs.b
        ? 'b'
        : undefined;
  }

  /** The ETags of all that answers, sorted: one when the whole fleet has loaded the same. */
  async answers(endpointName = 'Iris'): Promise<string[]> {
    const found = new Set<string>();
    for (let count = 0; count < 10; count++) {
      const text = await this.run(this.#invoke(endpointName));
      for (const { etag } of JSON.parse(text).data) found.add(etag);
    }
    return [...found].sort();
  }

  /** Names of the configs and models that there are. */
  async made(): Promise<{ configs: string[]; models: string[] }> {
    const { EndpointConfigs } = await this.call('sagemaker', 'ListEndpointConfigs');
    const { Models } = await this.call('sagemaker', 'ListModels');
    return {
      configs: EndpointConfigs.map((each: { EndpointConfigName: string }) => each.EndpointConfigName).sort(),
      models: Models.map((each: { ModelName: string }) => each.ModelName).sort(),
    };
  }

  /** By hand, behind CloudFormation's back. */
  async deleteEndpoint(EndpointName = 'Iris'): Promise<void> {
    this.#serving.delete(EndpointName);
    await this.call('sagemaker', 'DeleteEndpoint', { EndpointName });
    await this.pass(5 * MINUTE);
  }

  /** By hand, behind CloudFormation's back. */
  async deleteQueues(): Promise<void> {
    const { QueueUrls = [] } = await this.call('sqs', 'ListQueues');
    for (const QueueUrl of QueueUrls) await this.call('sqs', 'DeleteQueue', { QueueUrl });
  }

  /** For messages. */
  tail(): string {
    const events = this.events
      .slice(-12)
      .map(({ logicalId, status, reason }) => `${logicalId} ${status} ${reason ?? ''}`);
    const decisions = this.decisions.slice(-8).map((entry) => JSON.stringify(entry));
    return [...events, ...decisions].join('\n');
  }

  stop(): void {
    this.#stopped = true;
    this.#world.cloudformation.stop();
  }

  async #invoke(EndpointName: string): Promise<string> {
    const { Body } = await this.#world.call('sagemaker', 'InvokeEndpoint', { EndpointName, Body: '[]' });
    const chunks: Uint8Array[] = [];
    for await (const chunk of Body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  #ask(): void {
    if (this.#stopped) return;
    for (const name of this.#serving) {
      this.invocations += 1;
      this.#invoke(name).catch((error: Error) => {
        if (this.#serving.has(name)) this.problems.push(`an invocation of ${name} failed: ${error.message}`);
      });
    }
    this.clock.schedule(TRAFFIC_MS, () => this.#ask());
  }

  // Watch

  before(call: Call): void {
    this.meddle(call);
    const { service, operation, input } = call;
    if (service !== 'sagemaker') return;
    if (operation === 'DeleteEndpointConfig') this.#checkUnused(`config ${input.EndpointConfigName}`, input);
    if (operation === 'DeleteModel') this.#checkUnused(`model ${input.ModelName}`, input);
  }

  after({ service, operation, input, caller }: Call, _output: unknown, error: unknown): void {
    if (service !== 'sagemaker' || operation !== 'UpdateEndpoint') return;
    const by = isFunction(caller) ? 'loop' : 'stack';
    if (error === undefined) {
      this.updates.push({ by, endpoint: input.EndpointName, config: input.EndpointConfigName });
    } else {
      this.problems.push(`UpdateEndpoint of the ${by} was refused: ${(error as Error).message}`);
    }
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    if (detail.EndpointStatus === 'IN_SERVICE') this.#serving.add(detail.EndpointName);
    if (detail.EndpointStatus === 'DELETING') this.#serving.delete(detail.EndpointName);
  }

  delays(): readonly number[] {
    return [100];
  }

  losesPoll(): boolean {
    return false;
  }

  #checkUnused(what: string, { EndpointConfigName, ModelName }: { EndpointConfigName?: string; ModelName?: string }) {
    for (const name of this.#serving) {
      const endpoint = this.#world.peek('sagemaker', 'DescribeEndpoint', { EndpointName: name });
      const used = [endpoint.EndpointConfigName, endpoint.PendingDeploymentSummary?.EndpointConfigName];
      for (const config of used) {
        if (config === undefined) continue;
        if (config === EndpointConfigName) this.problems.push(`${what} was deleted while ${name} was on it`);
        if (ModelName === undefined) continue;
        const { ProductionVariants } = this.#world.peek('sagemaker', 'DescribeEndpointConfig', {
          EndpointConfigName: config,
        });
        if (ProductionVariants.some((variant: { ModelName: string }) => variant.ModelName === ModelName)) {
          this.problems.push(`${what} was deleted while ${name} was on it`);
        }
      }
    }
  }

  // Overseer

  plan(): CallPlan {
    return { requestMs: CALL_MS / 2, replyMs: CALL_MS / 2 };
  }

  calling(): void {}
  started(): void {}
  ended(): void {}
  answered(): void {}

  stale(): undefined {
    return undefined;
  }

  telemetry(_run: FunctionRun): Telemetry {
    return {
      decision: (entry) => this.decisions.push(entry),
      error: () => undefined,
      metric: () => undefined,
    };
  }
}

/** True for calls of the refresher's function. */
export function isFunction(caller: Caller): boolean {
  return /FreshpointRefresher/.test(caller.roleArn ?? '');
}
