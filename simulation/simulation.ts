import { EVENT_SOURCE, stateParameterName } from '@freshpoint/cdk/contract';
import type { DecisionEntry, Telemetry } from '@freshpoint/engine/ports';
import { sleep } from '@freshpoint/local/core/clock';
import type { EndpointStateChange, LoadedData, Verdict } from '@freshpoint/local/sagemaker/index';
import { drawCall, type FaultRates, NO_FAULTS } from './faults.ts';
import { Journal } from './journal.ts';
import { type Mover, Oracle } from './oracle.ts';
import { PERSON, Person } from './person.ts';
import { type Random, seededRandom } from './random.ts';
import { type CallPlan, type FunctionRun, type Overseer, refresherFactory } from './refresher.ts';
import type { Scenario } from './scenario.ts';
import { ENDPOINT_ID, ENDPOINT_NAME, type Layout } from './templates.ts';
import { type Call, quiet, type Watch, World } from './world.ts';

/** What a run was like. */
export interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly situations: readonly string[];
  readonly timeline: readonly string[];
  /** Calls that the function made from when the stack was there until everything was at rest. */
  readonly calls: number;
  readonly swaps: number;
  /** From calm until at rest, in ms. */
  readonly restAfterMs: number;
  /** What is left, without times and versions: equal for runs that came to the same end. */
  readonly end: string;
}

/** Extras of a run. */
export interface RunOptions {
  readonly timeline?: boolean;
  /** The function is killed at its nth call once the stack is there, before the request or before the reply. */
  readonly killAt?: { readonly call: number; readonly kill: 'before' | 'after' };
}

const MINUTE = 60_000;
const BUSY_STATUS = /IN_PROGRESS$/;

/** One seed: builds a world, lets the scenario happen, waits for rest, and tells what was wrong. */
export class Simulation implements Watch, Overseer {
  readonly skewMs: number;
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #seed: number;
  readonly #world: World;
  readonly #journal: Journal;
  readonly #oracle: Oracle;
  readonly #person: Person;
  readonly #faultRandom: Random;
  #rates: FaultRates = NO_FAULTS;
  #current: FunctionRun | undefined;
  readonly #open = new Set<FunctionRun>();
  #calls = 0;
  #callsAtRest = 0;
  #looks = 0;
  #conflicts = 0;
  /** When the latest event that isn't lost was sent. */
  #eventAt = 0;
  #eventsUnderWay = 0;
  readonly #statusCounts = new Map<string, number>();
  /** DescribeEndpoint's answers and SSM's values over time, for reads of the past. */
  readonly #descriptions: { readonly at: number; readonly output: unknown }[] = [];
  readonly #parameters = new Map<string, { readonly at: number; readonly parameter: object }[]>();
  #changed = false;
  #isBegun = false;
  #calmAt = 0;
  /** When the latest run that answered began. */
  #lookedAt = 0;

  constructor(seed: number, scenario: Scenario, layout: Layout, options: RunOptions = {}) {
    this.#seed = seed;
    this.#scenario = scenario;
    this.#options = options;
    this.skewMs = scenario.skew.loop;
    const random = seededRandom(seed ^ 0x5eed);
    this.#faultRandom = random.fork();
    this.#world = new World({
      seed,
      layout,
      times: { launchMs: scenario.launchMs },
      skew: scenario.skew,
      judge: (data) => this.#judge(data),
      answer: (data) => this.#answer(data),
      runner: (world) => refresherFactory(world, this),
      loaded: (instanceId, data) => this.#oracle.loaded(instanceId, data),
    });
    this.#journal = new Journal(() => this.#world.clock.now(), options.timeline === true);
    this.#oracle = new Oracle(this.#world, this.#journal, scenario.skew);
    this.#person = new Person(this.#world, this.#journal, this.#oracle, random.fork());
  }

  async run(): Promise<Result> {
    const { clock } = this.#world;
    // See quiet(): whoever calls may come straight from an event.
    await undefined;
    this.#world.watch = this;
    await this.#world.run(
      this.#world.setUp(async () => {
        await this.#person.uploadAll();
        await sleep(clock, 5 * MINUTE);
      }),
    );
    this.#oracle.begin();
    this.#isBegun = true;
    this.#calls = 0;
    this.#rates = this.#scenario.rates;
    this.#changed = false;
    for (const { when, action } of this.#scenario.steps) {
      if ('atMs' in when) clock.schedule(when.atMs, () => void this.#act(action));
    }
    await this.#until(clock.now() + this.#scenario.calmAfterMs);
    this.#journal.note('', () => 'calm: nothing new, no more faults');
    this.#rates = NO_FAULTS;
    await this.#world.run(this.#person.calmDown());
    const restAfterMs = await this.#rest();
    this.#oracle.checkWhole(this.#conflicts);
    await this.#checkDeadLetters();
    return this.#result(restAfterMs, this.#end());
  }

  /** The result of a run that ended with an error. */
  broken(error: Error): Result {
    this.#journal.violation(`the run broke: ${error.stack}`);
    return this.#result(0, '');
  }

  #result(restAfterMs: number, end: string): Result {
    const { violations, situations, lines } = this.#journal;
    return {
      seed: this.#seed,
      violations,
      situations: [...situations],
      timeline: lines,
      calls: this.#callsAtRest,
      swaps: this.#oracle.updates.filter(({ by }) => by === 'loop').length,
      restAfterMs,
      end,
    };
  }

  #act(action: Scenario['steps'][number]['action']): Promise<void> | undefined {
    return this.#person.isCalm ? undefined : this.#person.act(action);
  }

  async #until(at: number): Promise<void> {
    const { clock } = this.#world;
    await quiet();
    for (let next = clock.nextAt(); next !== undefined && next <= at; next = clock.nextAt()) {
      clock.step();
      await quiet();
    }
  }

  /** Liveness: at rest within the bound, and a sweep later still. Returns how long it took, in ms. */
  async #rest(): Promise<number> {
    const { clock } = this.#world;
    const from = clock.now();
    const until = from + this.#boundMs();
    this.#calmAt = from;
    let unrest = await this.#restUntil(until);
    if (unrest.length > 0) {
      this.#journal.violation(
        `not at rest ${Math.round((until - from) / MINUTE)} min after calm: ${unrest.join('; ')}`,
      );
      return until - from;
    }
    const restAfterMs = clock.now() - from;
    this.#callsAtRest = this.#calls;
    this.#journal.note('', () => 'at rest');
    const updates = this.#oracle.updates.length;
    await this.#until(clock.now() + this.#world.layout.sweepInterval * 1000 + 5 * MINUTE);
    // A sweep may just be looking.
    unrest = await this.#restUntil(clock.now() + 2 * MINUTE);
    if (unrest.length > 0) this.#journal.violation(`at rest, and then not any more: ${unrest.join('; ')}`);
    if (this.#oracle.updates.length > updates) this.#journal.violation('at rest, and then there was another swap');
    const { state } = this.#oracle.state();
    const { revision } = this.#oracle.sources;
    const isRefused = state.quarantine?.some((entry) => entry.revision === revision);
    if (state.pin) this.#journal.reached('at rest on what a person wanted');
    this.#journal.reached(
      isRefused ? 'endpoint refused the newest upload to the end' : 'endpoint converged on the newest upload',
    );
    return restAfterMs;
  }

  /** Lets time pass until everything is at rest; what still is not then. */
  async #restUntil(until: number): Promise<string[]> {
    const { clock } = this.#world;
    let unrest = await this.#unrest();
    while (unrest.length > 0 && clock.now() < until) {
      this.#changed = false;
      while (!this.#changed && clock.now() < until && clock.step()) await quiet();
      unrest = await this.#unrest();
    }
    return unrest;
  }

  async #unrest(): Promise<string[]> {
    const open = this.#oracle.unrest();
    if (this.#open.size > 0) open.push('the function runs');
    if (this.#lookedAt < this.#calmAt) open.push('the loop has not looked yet');
    const { Attributes } = await this.#world.call('sqs', 'GetQueueAttributes', {
      QueueUrl: this.#queue(false),
      AttributeNames: ['All'],
    });
    const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'].map((n) =>
      Number(Attributes[n]),
    );
    if (counts.some((count) => count > 0)) open.push(`promises are open: ${counts.join(' visible, ')} not`);
    return open;
  }

  /**
   * What may pass between calm and rest, in ms: the sweep brings a promise that was lost, a message comes back from a
   * function that died, a pause after an error ends, what isn't known yet is waited for, the upload settles, and then
   * updates follow each other: three tries of a revision and one of the bytes that came meanwhile.
   */
  #boundMs(): number {
    const { layout } = this.#world;
    const healthCheck = 480_000;
    const canary = 120_000;
    const update = this.#scenario.launchMs + healthCheck + canary + 2 * 15_000 + 30_000 + 30_000 + 2000;
    const looks = 360_000 + 60_000 + 300_000 + 60_000;
    const unknown = 300_000 + 300_000;
    const settle = (layout.waitTime + 10) * 1000;
    const poll = (layout.pollInterval + 10) * 1000;
    return layout.sweepInterval * 1000 + looks + unknown + 300_000 + settle + 4 * (update + 2 * poll);
  }

  async #checkDeadLetters(): Promise<void> {
    const { Messages = [] } = await this.#world.call('sqs', 'ReceiveMessage', {
      QueueUrl: this.#queue(true),
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    });
    for (const { Body, MessageAttributes } of Messages) {
      const reason: string | undefined = MessageAttributes?.reason?.StringValue;
      const isExpected = reason && /runs endpoint config|endpoint is (UpdateRollbackFailed|Failed)/.test(reason);
      if (!isExpected) this.#journal.violation(`a promise went to the dead letters: ${reason ?? 'no reason'} ${Body}`);
      else if (/runs endpoint config/.test(reason)) this.#journal.reached('promise failed for an unknown config');
    }
  }

  #queue(dead: boolean): string {
    return this.#world.queues.find((url) => /DeadLetter/.test(url) === dead)!;
  }

  #end(): string {
    const { state } = this.#oracle.state();
    const { configs } = this.#oracle.spec();
    const endpoint = this.#oracle.describe();
    return JSON.stringify({
      active: endpoint.EndpointConfigName === configs.a ? 'a' : 'b',
      status: endpoint.EndpointStatus,
      served: this.#oracle.servedEtags(),
      quarantine: state.quarantine?.map(({ revision, message }) => [revision, message]),
      updating: state.updating,
      swaps: this.#oracle.updates.filter(({ outcome }) => outcome === 'served').length,
    });
  }

  #judge(data: readonly LoadedData[]): Verdict {
    const qualities = data.map(({ etag }) => this.#oracle.quality.get(etag));
    if (qualities.includes('junk'))
      return { reason: 'Failed to extract model data archive for container "container_1".' };
    if (qualities.includes('broken')) return {};
    return { healthyAfterMs: qualities.includes('slow') ? 300_000 : 1000 };
  }

  /** What the fleet answers to a smoke test. */
  #answer(data: readonly LoadedData[]): unknown {
    const qualities = data.map(({ etag }) => this.#oracle.quality.get(etag));
    return qualities.includes('hung') ? 'hang' : { ok: !qualities.includes('wrong') };
  }

  // Watch

  before(call: Call): void {
    const { service, operation, input } = call;
    if (this.#isPlaceWrite(call)) this.#oracle.placeBefore(call);
    if (service === 'sagemaker') {
      if (operation === 'UpdateEndpoint') {
        const by = this.#moverOf(call);
        this.#oracle.fault = this.#meddleWithUpdate(by);
        this.#oracle.beforeUpdate(call, by, this.#current);
      } else if (operation === 'CreateEndpoint') this.#oracle.beforeCreate();
      else if (operation === 'DeleteEndpointConfig') this.#oracle.configDeleted(input.EndpointConfigName);
    }
    if (service === 'sqs' && operation === 'DeleteMessageBatch' && this.#faultRandom.chance(this.#rates.lostDelete)) {
      this.#journal.reached('deletion of a kept message lost');
      this.#journal.note('queue', () => 'a deletion fails');
      throw new Error('the queue is not available');
    }
  }

  after(call: Call, output: unknown, error: unknown): void {
    const { service, operation, input } = call;
    if (service === 'sagemaker' && operation === 'UpdateEndpoint') this.#oracle.afterUpdate(error);
    if (this.#isPlaceWrite(call)) this.#oracle.placeAfter(call, this.#current);
    if (error !== undefined) return;
    const isSource = service === 's3' && input.Bucket === this.#world.bucket;
    if (isSource && (operation === 'PutObject' || operation === 'DeleteObject')) this.#oracle.sourcesChanged();
    if (service === 'sqs' && operation === 'DeleteMessageBatch') this.#checkPromises();
    if (service === 'events' && operation === 'PutEvents') this.#oracle.eventTold(call);
    if (service === 'ssm' && operation === 'PutParameter') {
      const { Version } = output as { Version: number };
      const parameter = { Name: input.Name, Type: 'String', Value: input.Value, Version };
      const values = this.#parameters.get(input.Name) ?? [];
      this.#parameters.set(input.Name, [...values, { at: this.#world.clock.now(), parameter }]);
      if (input.Name === stateParameterName(ENDPOINT_ID)) {
        this.#oracle.stateWritten(this.#moverOf(call), Version, input.Value, this.#current);
        this.#journal.note('state', () => `v${Version} ${input.Value}`);
      }
    }
    if (service === 'sqs' && operation === 'CreateQueue')
      this.#world.queues.push((output as { QueueUrl: string }).QueueUrl);
    if (service === 'sqs' && operation === 'SendMessage' && this.#faultRandom.chance(this.#rates.doubledMessage)) {
      this.#journal.reached('message doubled');
      this.#world.peek('sqs', 'SendMessage', { ...input, DelaySeconds: this.#faultRandom.int(0, 120) });
    }
  }

  /** A write to the bucket of the slots' copies. */
  #isPlaceWrite({ service, operation, input }: Call): boolean {
    if (service !== 's3' || input.Bucket === undefined || input.Bucket === this.#world.bucket) return false;
    return /^(PutObject|CopyObject|CompleteMultipartUpload|DeleteObject)$/.test(operation);
  }

  endpointChanged(event: EndpointStateChange): void {
    const { EndpointStatus: status, EndpointConfigName, FailureReason } = event.detail;
    this.#journal.note('SageMaker', () => `${status} on ${EndpointConfigName} ${FailureReason ?? ''}`);
    this.#oracle.endpointChanged(event);
    const output = this.#oracle.describe();
    this.#descriptions.push({ at: this.#world.clock.now(), output });
    this.#changed = true;
    if (!this.#isBegun) return;
    if (status === 'UPDATE_ROLLBACK_FAILED') this.#mendRollback();
    const nth = (this.#statusCounts.get(status) ?? 0) + 1;
    this.#statusCounts.set(status, nth);
    for (const { when, action } of this.#scenario.steps) {
      if (!('status' in when) || when.status !== status || when.nth !== nth) continue;
      this.#world.clock.schedule(when.delayMs, () => void this.#act(action));
    }
  }

  delays(detailType: string): readonly number[] {
    if (detailType === 'Scheduled Event') return [0];
    const random = this.#faultRandom;
    if (random.chance(this.#rates.lostEvent)) {
      this.#journal.reached('event lost');
      return [];
    }
    this.#eventAt = this.#world.clock.now();
    const delays = this.#drawDelays();
    for (const delay of delays) {
      this.#eventsUnderWay += 1;
      this.#world.clock.schedule(delay + 1, () => {
        this.#eventsUnderWay -= 1;
      });
    }
    return delays;
  }

  #drawDelays(): readonly number[] {
    const random = this.#faultRandom;
    const late = () => {
      if (!random.chance(this.#rates.lateEvent)) return random.int(100, 1500);
      this.#journal.reached('event late');
      return random.int(1, 600) * 1000;
    };
    if (!random.chance(this.#rates.doubledEvent)) return [late()];
    this.#journal.reached('event doubled');
    return [late(), late()];
  }

  losesPoll(): boolean {
    const isLost = this.#faultRandom.chance(this.#rates.lostPoll);
    if (isLost) this.#journal.reached('poll lost');
    return isLost;
  }

  /**
   * Contract 2: while there is something to serve, somebody promises to look. Where nobody but the loop has touched the
   * endpoint and the newest upload's event wasn't lost, that is a message in the queue, not the sweep.
   */
  #checkPromises(): void {
    if (!this.#isBegun || this.#eventsUnderWay > 0 || this.#open.size > 0 || this.#person.isEditing) return;
    const oracle = this.#oracle;
    const isOurs = oracle.isUntouchedByOthers() && this.#eventAt >= oracle.sources.at;
    if (!isOurs || oracle.hasPromises()) return;
    const unrest = oracle.unrest();
    if (unrest.length > 0) this.#journal.violation(`nobody promises to look any more: ${unrest.join('; ')}`);
  }

  /** A person sees the alarm and moves the endpoint to one config again. */
  #mendRollback(): void {
    this.#journal.reached('UpdateRollbackFailed');
    const { EndpointConfigName } = this.#oracle.describe();
    this.#world.clock.schedule(this.#faultRandom.int(1, 30) * MINUTE, () => {
      if (this.#oracle.status !== 'UPDATE_ROLLBACK_FAILED') return;
      const input = { EndpointName: ENDPOINT_NAME, EndpointConfigName, RetainAllVariantProperties: true };
      void this.#world.cloud.call('sagemaker', 'UpdateEndpoint', input, PERSON).catch(() => undefined);
    });
  }

  #moverOf({ caller }: Call): Mover {
    if (caller.roleArn !== undefined) return 'loop';
    return caller.arn === PERSON.arn ? 'person' : 'deployment';
  }

  /** Decides how an update that will be accepted goes. */
  #meddleWithUpdate(by: Mover): string | undefined {
    const random = this.#faultRandom;
    const rates = this.#rates;
    if (this.#oracle.status !== 'IN_SERVICE') return undefined;
    const { nextUpdate } = this.#world.sagemaker.faults;
    if (by === 'deployment') {
      const stack = this.#stackStatus();
      if (stack !== 'UPDATE_IN_PROGRESS' || !random.chance(rates.deploymentRefused)) return undefined;
      nextUpdate(ENDPOINT_NAME, { kind: 'refuse' });
      return 'refused';
    }
    if (by !== 'loop') return undefined;
    if (random.chance(rates.refused)) nextUpdate(ENDPOINT_NAME, { kind: 'refuse' });
    else if (random.chance(rates.refusedSilently)) nextUpdate(ENDPOINT_NAME, { kind: 'refuse', reason: '' });
    else if (random.chance(rates.internal)) nextUpdate(ENDPOINT_NAME, { kind: 'internal' });
    else if (random.chance(rates.rollbackFailed)) nextUpdate(ENDPOINT_NAME, { kind: 'rollback-failed' });
    else if (random.chance(rates.hours)) {
      this.#journal.reached('update took hours');
      nextUpdate(ENDPOINT_NAME, { kind: 'delay', ms: random.int(60, 180) * MINUTE });
      return undefined;
    } else return undefined;
    return 'refused';
  }

  #stackStatus(): string | undefined {
    return this.#world.peek('cloudformation', 'DescribeStacks', { StackName: this.#world.stackId }).Stacks[0]
      .StackStatus;
  }

  // Overseer

  plan(run: FunctionRun, service: string, operation: string): CallPlan {
    this.#calls += 1;
    const { killAt } = this.#options;
    const plan = drawCall(this.#faultRandom, this.#rates, operation);
    if (this.#isBegun && killAt?.call === this.#calls) return { ...plan, kill: killAt.kill };
    const isPlain =
      !plan.kill && !plan.mishapBefore && !plan.mishapAfter && plan.staleMs === undefined && plan.replyMs < 1000;
    if (isPlain) return plan;
    const { requestMs: _, replyMs, ...fault } = plan;
    this.#journal.note(
      `run ${run.id}`,
      () => `fault at ${service}:${operation} ${JSON.stringify({ ...fault, replyMs })}`,
    );
    if (plan.mishapBefore === 'throttled') this.#journal.reached('throttled');
    this.#oracle.ambiguities += 1;
    run.isDisturbed = true;
    this.#noteKill(run, operation, plan);
    return plan;
  }

  #noteKill(run: FunctionRun, operation: string, plan: CallPlan): void {
    if (operation === 'CopyObject') {
      if (plan.kill === 'before') this.#journal.reached('killed between the copies of a slot');
      if (plan.mishapBefore || plan.mishapAfter) this.#journal.reached('copy failed half-way');
    }
    if (operation === 'InvokeEndpoint' && plan.kill) this.#journal.reached('killed during the smoke tests');
    if (operation === 'UpdateEndpoint') {
      if (plan.kill === 'before') this.#journal.reached('killed between intent and call');
      if (plan.kill === 'after') this.#journal.reached('killed after the call, before its reply');
      if (plan.mishapAfter) this.#journal.reached('UpdateEndpoint made, reply lost');
    } else if (run.seen.has('UpdateEndpoint') && plan.kill === 'before') {
      this.#journal.reached('killed after the reply, before the state says so');
    }
  }

  calling(run: FunctionRun): void {
    this.#current = run;
  }

  stale(service: string, operation: string, input: object, staleMs: number): unknown {
    const at = this.#world.clock.now() - staleMs;
    if (operation === 'DescribeEndpoint') {
      const index = this.#descriptions.findLastIndex((entry) => entry.at <= at);
      if (index < 0 || index === this.#descriptions.length - 1) return undefined;
      this.#journal.reached('endpoint read stale');
      this.#journal.note(service, () => `answers ${operation} of ${staleMs} ms ago`);
      return this.#descriptions[index]!.output;
    }
    const { Names } = input as { Names: string[] };
    const Parameters: object[] = [];
    let isStale = false;
    for (const name of Names) {
      const values = this.#parameters.get(name);
      const found = values?.findLast((entry) => entry.at <= at);
      if (!found) return undefined;
      if (found !== values!.at(-1)) isStale = true;
      Parameters.push(found.parameter);
    }
    if (!isStale) return undefined;
    this.#journal.reached('state read stale');
    this.#journal.note(service, () => `answers ${operation} of ${staleMs} ms ago`);
    return { Parameters, InvalidParameters: [] };
  }

  started(run: FunctionRun): void {
    this.#open.add(run);
    if (this.#open.size > 1) this.#journal.reached('two loops at once');
    this.#journal.note(`run ${run.id}`, () => 'begins');
  }

  ended(run: FunctionRun, how: string): void {
    this.#open.delete(run);
    this.#changed = true;
    if (how === 'answered') this.#lookedAt = Math.max(this.#lookedAt, run.startedAt);
    if (how === 'timed out') {
      this.#journal.reached('function timed out');
      this.#oracle.ambiguities += 1;
    }
    this.#journal.note(`run ${run.id}`, () => how);
  }

  answered(run: FunctionRun, service: string, operation: string, input: object, output: unknown, error: unknown): void {
    const { name = '', message = '' } = (error ?? {}) as Error;
    if (/AccessDenied|UnrecognizedClient|InvalidClientToken/.test(name)) {
      this.#journal.violation(`${service}:${operation} by run ${run.id}: ${message}`);
    }
    if (this.#isBegun && operation === 'GetParameters') this.#onLook();
    if (operation === 'GetParameters' && /:\d+$/.test((input as { Names: string[] }).Names[0]!)) {
      this.#conflicts += 1;
      run.hadConflict = true;
      this.#journal.reached('write of the state covered another one');
    }
    if (operation === 'UpdateEndpoint') {
      if (!error) this.#noteOrigin();
      this.#journal.note(`run ${run.id}`, () => `UpdateEndpoint to ${JSON.stringify(input)} ${message}`);
      if (/in-progress/.test(message)) this.#journal.reached('two loops raced for one update');
    }
    if (operation === 'DescribeStacks' && output) {
      const status: string = (output as { Stacks: { StackStatus: string }[] }).Stacks[0]!.StackStatus;
      if (BUSY_STATUS.test(status)) this.#journal.reached('look while the stack is deploying');
    }
    if (operation === 'PutEvents') {
      this.#journal.note(`run ${run.id}`, () => `tells ${EVENT_SOURCE}: ${JSON.stringify(input)}`);
    }
  }

  #onLook(): void {
    this.#looks += 1;
    for (const { when, action } of this.#scenario.steps) {
      if (!('look' in when) || when.look !== this.#looks) continue;
      this.#world.clock.schedule(when.delayMs, () => void this.#act(action));
    }
  }

  #noteOrigin(): void {
    const { at } = this.#oracle.sources;
    if (this.#eventAt < at) this.#journal.reached('promise brought by the sweep');
    if (this.#person.releasedAt > at) this.#journal.reached('held promise swapped after the release');
  }

  telemetry(run: FunctionRun): Telemetry {
    const who = `run ${run.id}`;
    return {
      decision: (entry) => {
        this.#journal.note(who, () => JSON.stringify({ ...entry, endpoint: undefined }));
        this.#noteDecision(entry);
      },
      error: (_, error) => this.#journal.note(who, () => `error ${error}`),
      metric: () => undefined,
    };
  }

  #noteDecision({ reason, decision, message }: DecisionEntry): void {
    const journal = this.#journal;
    if (reason === 'Settling') journal.reached('settling');
    if (reason === 'SourceMissing') journal.reached('source missing when looked at');
    if (message === 'a refresh is about to begin') journal.reached('two loops raced for one update');
    if (reason === 'Suspended') journal.reached('held with something to swap');
    if (message === 'UpdateEndpoint was accepted but is not visible yet')
      journal.reached('accepted update not visible yet');
    if (decision === 'started') journal.reached('update adopted from the intent alone');
    if (message === 'a source was written while it was copied') journal.reached('source written while it was copied');
    if (message?.endsWith('is being filled')) journal.reached('waited for whoever fills a slot');
    if (decision === 'stage' && reason === 'Pinned') journal.reached('a retained revision was put into a slot');
    if (decision === 'stage' && reason === 'Deployment') journal.reached('a deployment filled a slot');
  }
}
