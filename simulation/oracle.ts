import {
  type EndpointSpec,
  EVENT_SOURCE,
  EVENT_TYPES,
  type Slot,
  slotDataKey,
  specParameterName,
  stateParameterName,
} from '@freshpoint/cdk/contract';
import type { EndpointState, Updating } from '@freshpoint/engine/policy/state';
import type { EndpointStateChange, LoadedData } from '@freshpoint/local/sagemaker/index';
import type { Journal } from './journal.ts';
import type { FunctionRun } from './refresher.ts';
import { type Quality, readSources, type SourcesNow } from './sources.ts';
import { ENDPOINT_ID, ENDPOINT_NAME } from './templates.ts';
import type { Call, World } from './world.ts';

export type Mover = 'loop' | 'deployment' | 'person';

/** One accepted update of the endpoint, and what became of it. */
export interface Update {
  readonly by: Mover;
  readonly config: string;
  readonly from: string;
  /** The intent's revision, of an update by the loop, and what set it off. */
  readonly revision?: string;
  readonly cause?: Updating['trigger'];
  readonly startedAt: number;
  readonly counts: readonly number[];
  readonly deploymentConfig: string;
  /** Set by the injected outcome. */
  readonly fault?: string;
  readonly reasonBefore?: string;
  readonly run?: FunctionRun;
  /** What its instances have loaded. */
  readonly loaded: Map<string, readonly LoadedData[]>;
  endedAt?: number;
  outcome?: 'served' | 'refused' | 'stuck';
  reason?: string;
  /** When the loop told that it succeeded. */
  toldAt?: number;
  /** The run that wrote a state without this update's intent while it was under way. */
  forgottenBy?: FunctionRun;
}

/** S3's seconds are whole, and clocks differ by at most 6 s: what is called settled may be so much younger, in ms. */
const TOLERANCE = 12_000;

const BUSY = new Set(['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting']);

/**
 * Knows the truth and compares what the loop does with it. Nothing here comes from the engine: the invariants are the
 * contract's, in terms of calls and bytes.
 */
export class Oracle {
  readonly updates: Update[] = [];
  readonly history: SourcesNow[] = [];
  /** By ETag. */
  readonly quality = new Map<string, Quality>();
  /** ETags of each revision that there ever was. */
  readonly revisions = new Map<string, readonly string[]>();
  readonly told: { readonly what: string; readonly revision: string; readonly configName: string }[] = [];
  /** Revisions that a person wanted, whatever the tests say of them. */
  readonly blessed = new Set<string>();
  /** Calls whose effect and reply may differ, and reads of the past: each may cost a swap. */
  ambiguities = 0;
  /** A hold that was acknowledged and not released: the version of the state that has it. */
  holdVersion: number | undefined;
  /** The update under way. */
  update: Update | undefined;
  /** The update whose fleet serves. */
  live: Update | undefined;
  status = '';
  isDeploying = false;
  fault: string | undefined;
  readonly #world: World;
  readonly #journal: Journal;
  readonly #skewMs: { readonly s3: number; readonly loop: number };
  #attempt: Update | undefined;
  /** Version of the state that brought the latest intent. */
  #intentVersion = 0;
  /** When it was scaled or patched. */
  readonly #touchedAt: number[] = [];
  /** When the endpoint's status changed. */
  #changedAt = 0;
  /** The run that wrote a state without the hold, until it is put back. */
  #holdCoveredBy: FunctionRun | undefined;
  #isHoldWritten = false;
  #placed: { readonly uri: string; readonly etag?: string } | undefined;
  #intentState: { readonly state: EndpointState; readonly at: number } | undefined;
  readonly #quarantined = new Set<string>();
  readonly #condemned = new Set<string>();

  constructor(world: World, journal: Journal, skewMs: { readonly s3: number; readonly loop: number }) {
    this.#world = world;
    this.#journal = journal;
    this.#skewMs = skewMs;
  }

  get sources(): SourcesNow {
    return this.history.at(-1)!;
  }

  isBroken(etag: string): boolean {
    const bad = this.#world.layout.isTested ? ['broken', 'junk', 'wrong', 'hung'] : ['broken', 'junk'];
    return bad.includes(this.quality.get(etag) ?? '');
  }

  /** Revisions that served by the loop's doing, oldest first, each as often as it came; first what the stack began with. */
  servedRevisions(): string[] {
    const first = this.history[0]?.revision;
    const served = this.updates.flatMap(({ by, outcome, revision }) =>
      by === 'loop' && outcome === 'served' && revision !== undefined ? revision : [],
    );
    return first === undefined ? served : [first, ...served];
  }

  sourcesAt(at: number): SourcesNow {
    return this.history.findLast((entry) => entry.at <= at) ?? this.history[0]!;
  }

  sourcesChanged(): void {
    const now = readSources(this.#world);
    this.history.push(now);
    if (now.revision !== undefined) this.revisions.set(now.revision, [...now.etags.values()]);
  }

  spec(): EndpointSpec {
    return JSON.parse(this.#parameter(specParameterName(ENDPOINT_ID)).Value) as EndpointSpec;
  }

  state(): { readonly state: EndpointState; readonly version: number } {
    const { Value, Version } = this.#parameter(stateParameterName(ENDPOINT_ID));
    return { state: JSON.parse(Value) as EndpointState, version: Version };
  }

  #parameter(name: string): { Value: string; Version: number } {
    return this.#world.peek('ssm', 'GetParameters', { Names: [name] }).Parameters[0];
  }

  // biome-ignore lint/suspicious/noExplicitAny: AWS's shape
  describe(): any {
    return this.#world.peek('sagemaker', 'DescribeEndpoint', { EndpointName: ENDPOINT_NAME });
  }

  /** Whether there is a message in the queue, visible or not. */
  hasPromises(): boolean {
    const QueueUrl = this.#world.queues.find((url) => !/DeadLetter/.test(url));
    const { Attributes } = this.#world.peek('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    return ['', 'NotVisible', 'Delayed'].some((which) => Number(Attributes[`ApproximateNumberOfMessages${which}`]) > 0);
  }

  /** Whether all that happened to the endpoint was the loop's doing, and nothing is stuck. */
  isUntouchedByOthers(): boolean {
    const isOurs = this.updates.every(({ by, outcome }) => by === 'loop' && outcome !== 'stuck');
    return isOurs && this.#touchedAt.length === 0 && !this.isDeploying;
  }

  /** When it was scaled, patched or moved by anybody but the loop. */
  isTouchedSince(since: number): boolean {
    const isMoved = this.updates.some(({ by, startedAt }) => by === 'person' && startedAt >= since);
    return isMoved || this.#touchedAt.some((at) => at >= since);
  }

  /**
   * SSM has no conditional write: a hold that comes in the very moment in which the loop writes is covered, and put back
   * by the loop. Where the function ends in between, it is lost: the price of keeping it in the loop's own parameter.
   */
  isHoldForgiven(): boolean {
    return this.#holdCoveredBy?.isDisturbed === true;
  }

  /** The stack is there, and the story begins: what came before is what the endpoint was made with. */
  begin(): void {
    this.history.splice(0, this.history.length - 1);
    this.updates.length = 0;
    this.#touchedAt.length = 0;
  }

  /** A fleet's instance has loaded its data. */
  loaded(instanceId: string, data: readonly LoadedData[]): void {
    this.update?.loaded.set(instanceId, data);
  }

  /** Before an update is accepted or rejected. */
  beforeUpdate(call: Call, by: Mover, run: FunctionRun | undefined): void {
    const endpoint = this.describe();
    const updating = by === 'loop' ? this.#checkSwap(call, run!, endpoint) : undefined;
    this.#attempt = {
      by,
      config: call.input.EndpointConfigName,
      from: endpoint.EndpointConfigName,
      revision: updating?.revision,
      cause: updating?.trigger,
      startedAt: this.#world.clock.now(),
      counts: countsOf(endpoint),
      deploymentConfig: JSON.stringify(endpoint.LastDeploymentConfig),
      fault: this.fault,
      reasonBefore: endpoint.FailureReason,
      run,
      loaded: new Map(),
    };
    // Told already while the call runs.
    this.update ??= BUSY.has(endpoint.EndpointStatus) ? undefined : this.#attempt;
  }

  afterUpdate(error: unknown): void {
    const attempt = this.#attempt!;
    this.#attempt = undefined;
    if (error === undefined) this.updates.push(attempt);
    else if (this.update === attempt) this.update = undefined;
  }

  beforeCreate(): void {
    this.update = {
      by: 'deployment',
      config: '',
      from: '',
      startedAt: this.#world.clock.now(),
      counts: [],
      deploymentConfig: '',
      loaded: new Map(),
    };
  }

  /** Contracts 3, 4, 6, 7 at the moment of the call. Returns the intent. */
  #checkSwap(call: Call, run: FunctionRun, now: ReturnType<Oracle['describe']>): Updating | undefined {
    const wrong = (text: string) => this.#journal.violation(`UpdateEndpoint by run ${run.id}: ${text}`);
    const { EndpointConfigName: target } = call.input;
    const seen = (operation: string) => run.seen.get(operation)?.output;

    const parameters: { Name: string; Value: string }[] = seen('GetParameters')?.Parameters ?? [];
    const value = parameters.find(({ Name }) => Name === specParameterName(ENDPOINT_ID))?.Value;
    if (value === undefined) {
      wrong('without having read the spec');
      return undefined;
    }
    const spec = JSON.parse(value) as EndpointSpec;

    const endpoint = seen('DescribeEndpoint');
    if (endpoint?.EndpointStatus !== 'InService') wrong(`the endpoint was seen ${endpoint?.EndpointStatus}`);
    const other = { [spec.configs.a]: spec.configs.b, [spec.configs.b]: spec.configs.a }[endpoint?.EndpointConfigName];
    if (other !== target) wrong(`to ${target}, seen on ${endpoint?.EndpointConfigName}`);

    const stack: string | undefined = seen('DescribeStacks')?.Stacks?.[0]?.StackStatus;
    if (stack === undefined || stack.endsWith('_IN_PROGRESS')) wrong(`the stack was seen ${stack}`);

    if (call.input.RetainAllVariantProperties !== true) wrong('RetainAllVariantProperties is not true');
    if (call.input.RetainDeploymentConfig !== true) wrong('RetainDeploymentConfig is not true');

    const state = this.#stateOfCaller();
    const { updating } = state;
    if (!updating || updating.configName !== target) {
      wrong(`the state has ${updating ? `an updating for ${updating.configName}` : 'no intent'}`);
      return undefined;
    }
    const refused = state.quarantine?.find(({ revision }) => revision === updating.revision);
    const isBlessed = updating.trigger === 'pin' && refused && (state.pin?.at ?? 0) > refused.at;
    if (refused && !isBlessed) wrong('its revision is quarantined');
    const isHeld = this.holdVersion !== undefined && this.holdVersion < this.#intentVersion;
    if (isHeld && !this.isHoldForgiven()) wrong('the endpoint is held');
    if (spec.data) this.#checkPlace(spec, updating, wrong);
    if (updating.trigger === 'upload') this.#checkSources(spec, updating, run, wrong);
    else if (updating.trigger === 'pin') {
      if (state.pin?.revision !== updating.revision) wrong('nobody wants its revision');
    } else this.#journal.reached('went back from what failed its smoke test');
    this.#checkNeed(updating, now, wrong);
    return updating;
  }

  /** What the fleet will load is what the intent says. */
  #checkPlace({ data }: EndpointSpec, { slot, revision }: Updating, wrong: (text: string) => void): void {
    const expected = this.revisions.get(revision);
    const found = data!.files.map((_, index) => this.#etagAt(data!.bucket, slotDataKey(data!.root, slot, index)));
    if (!expected || JSON.stringify(found) !== JSON.stringify(expected)) {
      wrong(`slot ${slot} holds ${found}, revision ${revision.slice(0, 12)} is ${expected}`);
    }
  }

  #etagAt(bucket: string, key: string): string | undefined {
    try {
      return this.#world.peek('s3', 'HeadObject', { Bucket: bucket, Key: key }).ETag;
    } catch {
      return undefined;
    }
  }

  /** Before an object of the places is written, and after: what is live or pending must not become other bytes. */
  placeBefore(call: Call): void {
    this.#placed = {
      uri: `s3://${call.input.Bucket}/${call.input.Key}`,
      etag: this.#etagAt(call.input.Bucket, call.input.Key),
    };
  }

  placeAfter(call: Call, run: FunctionRun | undefined): void {
    const { uri, etag } = this.#placed!;
    if (etag === this.#etagAt(call.input.Bucket, call.input.Key)) return;
    if (!this.status) return;
    const endpoint = this.describe();
    const configs = [endpoint.EndpointConfigName, endpoint.PendingDeploymentSummary?.EndpointConfigName];
    const isLive = configs.some((name) => name !== undefined && this.#urisOf(name).includes(uri));
    const isRunning = [...this.#world.running].some(({ data }) => data.some((each) => each.uri === uri));
    // Somebody moved it by hand in this very moment.
    const isRaced = this.isTouchedSince(this.#world.clock.now() - 60_000);
    if ((isLive || isRunning) && !isRaced) {
      this.#journal.violation(`run ${run?.id} writes other bytes to ${uri}, which is ${isLive ? 'live' : 'running'}`);
    }
  }

  #urisOf(config: string): string[] {
    try {
      const { ProductionVariants } = this.#world.peek('sagemaker', 'DescribeEndpointConfig', {
        EndpointConfigName: config,
      });
      return ProductionVariants.flatMap(({ ModelName }: { ModelName: string }) => {
        const { PrimaryContainer, Containers } = this.#world.peek('sagemaker', 'DescribeModel', { ModelName });
        return [PrimaryContainer, ...(Containers ?? [])].flatMap((container) => container?.ModelDataUrl ?? []);
      });
    } catch {
      return [];
    }
  }

  /**
   * The state. Where another writer has covered the intent in this very second, and is about to find out and put it
   * back: the one with the intent.
   */
  #stateOfCaller(): EndpointState {
    const { state, version } = this.state();
    const written = this.#intentState;
    if (state.updating || !written || version !== this.#intentVersion + 1) return state;
    return this.#world.clock.now() - written.at < 1000 ? written.state : state;
  }

  #checkSources(spec: EndpointSpec, updating: Updating, run: FunctionRun, wrong: (text: string) => void): void {
    const times = run.sourcesReadAt.slice(-spec.sources.length);
    const isRead = (at: number) => {
      const { revision, newest } = this.sourcesAt(at);
      return revision === updating.revision && newest === updating.newestSource;
    };
    const readAt = times.findLast(isRead) ?? times.at(-1) ?? 0;
    const sources = this.sourcesAt(readAt);
    if (readAt === 0) wrong('without having looked at the sources');
    else if (sources.revision === undefined) wrong('a source was missing');
    else if (sources.revision !== updating.revision) wrong('the intent has another revision than the sources');
    if (sources.revision !== updating.revision) return;
    const age = readAt - (sources.newest - this.#skewMs.s3);
    if (age >= spec.waitTime * 1000 - TOLERANCE) return;
    const since = spec.maxWaitTime === undefined ? Number.NaN : readAt - this.#unsettledSince(readAt, spec.waitTime);
    if (since >= spec.maxWaitTime! * 1000 - TOLERANCE) this.#journal.reached('endless uploads, swapped by maxWaitTime');
    else wrong(`the newest source was ${age} ms old, waitTime is ${spec.waitTime} s, unsettled for ${since} ms`);
  }

  /** Since when there was a change every `waitTime` or more often. */
  #unsettledSince(at: number, waitTime: number): number {
    let since = at;
    let next = at;
    for (const entry of [...this.history].reverse()) {
      if (entry.at > at) continue;
      // What is there is settled so long after it was first seen, unless something newer came by then.
      const seenAt = entry.seenAt ?? entry.at;
      if (next - seenAt > waitTime * 1000 + TOLERANCE) break;
      since = Math.min(since, seenAt);
      next = entry.at;
    }
    return since;
  }

  /** A fleet that came of an undisturbed swap and has surely loaded these bytes is not swapped away. */
  #checkNeed(updating: Updating, now: ReturnType<Oracle['describe']>, wrong: (text: string) => void): void {
    const { live } = this;
    if (
      updating.trigger !== 'upload' ||
      live?.by !== 'loop' ||
      live.revision !== updating.revision ||
      this.ambiguities > 0
    )
      return;
    if (now.EndpointConfigName !== live.config || this.updates.some(({ by }) => by !== 'loop')) return;
    const begun = live.startedAt - 60_000;
    const until = live.toldAt ?? Number.POSITIVE_INFINITY;
    if (this.history.some(({ at }) => at >= begun && at <= until + TOLERANCE)) return;
    // Written again, and scaled or patched in between: an instance may have loaded something else.
    if (this.#changedAt > live.endedAt! && this.sources.at > live.endedAt!) return;
    wrong('what it wants to serve is served already');
  }

  /** The state was written. */
  stateWritten(by: Mover, version: number, value: string, run: FunctionRun | undefined): void {
    const state = JSON.parse(value) as EndpointState;
    if (this.update?.by === 'loop') this.update.forgottenBy = state.updating ? undefined : run;
    if (state.suspension) this.#holdCoveredBy = undefined;
    // Also before the person has the answer that the hold is written.
    else if (by === 'loop' && this.#isHoldWritten) this.#holdCoveredBy ??= run;
    this.#isHoldWritten = state.suspension !== undefined || (by === 'loop' && this.#isHoldWritten);
    if (by === 'loop' && state.updating && state.updating.accepted === undefined) {
      this.#intentVersion = version;
      this.#intentState = { state, at: this.#world.clock.now() };
    }
    if (by !== 'loop') return;
    const { settling } = state;
    const entry = this.history.findLast(({ revision }) => revision === settling?.revision);
    if (entry && settling) entry.seenAt = settling.seen;
    for (const { revision, message, failedSmokeTests } of state.quarantine ?? []) {
      if (failedSmokeTests) this.#condemned.add(revision);
      if (this.#quarantined.has(revision)) continue;
      this.#quarantined.add(revision);
      this.#checkQuarantine(revision, message);
    }
  }

  /** Contract 5: at once with a reason that is the model's, after three tries else; and of the right revision. */
  #checkQuarantine(revision: string, reason: string | undefined): void {
    const refused = this.updates.filter((update) => update.revision === revision && update.outcome !== 'served');
    const judged = refused.filter(
      (update) => update.reason !== undefined && !/^Request to service/.test(update.reason),
    );
    const short = revision.slice(0, 12);
    if (!reason) this.#journal.violation(`${short} is quarantined without a reason`);
    if (this.history.some(({ partly }) => partly === revision)) {
      this.#journal.reached('refused because a source was missing');
      return;
    }
    if (/smoke test/i.test(reason ?? '')) this.#journal.reached('failed its smoke test');
    if (/Smoke test .* not answered|did not come to an end/.test(reason ?? ''))
      this.#journal.reached('did not answer its smoke test');
    // Three tries that faults took away count as three without an answer.
    if (/Smoke test .* not answered|did not come to an end/.test(reason ?? '') && this.ambiguities >= 3) return;
    if (/is no archive/.test(reason ?? '')) this.#journal.reached('refused before the fleet was asked');
    if (this.revisions.get(revision)?.some((etag) => this.isBroken(etag))) {
      // Whoever's update it was that these bytes refused.
      this.#journal.reached('broken model quarantined');
      return;
    }
    // Served, and moved back by somebody before the loop looked: for it that is a refusal without a word.
    const moved = this.updates.filter(({ by }) => by !== 'loop').length;
    if (judged.length === 0 && refused.length + moved < 3) {
      this.#journal.violation(`${short} is quarantined after ${refused.length} refusals without a judgement`);
    }
    const isOutOfTries = refused.length - judged.length + moved >= 3;
    if (!isOutOfTries && judged.length > 0 && judged.every(({ fault }) => fault === undefined)) {
      this.#journal.violation(`${short} is good, and quarantined for bytes that came while it was loaded`);
    }
    if (judged.length === 0) this.#journal.reached('quarantined after three tries');
  }

  eventTold(call: Call): void {
    for (const { Source, DetailType, Detail } of call.input.Entries) {
      if (Source !== EVENT_SOURCE) continue;
      const what = Object.entries(EVENT_TYPES).find(([, type]) => type === DetailType)?.[0] ?? DetailType;
      const told: Oracle['told'][number] = { what, ...JSON.parse(Detail) };
      this.told.push(told);
      const { live } = this;
      if (what === 'succeeded' && live?.revision === told.revision) live.toldAt ??= this.#world.clock.now();
    }
  }

  configDeleted(name: string): void {
    if (!this.status) return;
    const endpoint = this.describe();
    const names = [endpoint.EndpointConfigName, endpoint.PendingDeploymentSummary?.EndpointConfigName];
    if (names.includes(name) && this.updates.at(-1)?.by !== 'person') {
      this.#journal.violation(`endpoint config ${name} is deleted while the endpoint uses it`);
    }
  }

  endpointChanged({ detail }: EndpointStateChange): void {
    this.status = detail.EndpointStatus;
    this.#changedAt = this.#world.clock.now();
    const { update } = this;
    if (!update) this.#touchedAt.push(this.#changedAt);
    if (!update || !['IN_SERVICE', 'UPDATE_ROLLBACK_FAILED', 'FAILED'].includes(this.status)) return;
    this.update = undefined;
    update.endedAt = this.#world.clock.now();
    update.reason = detail.FailureReason;
    if (this.status !== 'IN_SERVICE') {
      update.outcome = 'stuck';
      return;
    }
    // After UpdateRollbackFailed an update goes to the config that is there already.
    const isRefused = update.config === update.from && detail.FailureReason !== undefined;
    const isServed = update.config === '' || (detail.EndpointConfigName === update.config && !isRefused);
    update.outcome = isServed ? 'served' : 'refused';
    if (isServed) {
      this.#checkDeployment(update);
      this.live = update;
    }
    this.#noteRefusal(update);
    if (isServed && update.by === 'loop') this.#checkCapacity(update);
  }

  /** A deployment changes settings: its fleet has loaded what was served, unless that failed its smoke test. */
  #checkDeployment(update: Update): void {
    const before = this.live;
    if (update.by !== 'deployment' || before?.by !== 'loop' || update.from !== before.config) return;
    if (!this.#world.layout.isPerSlot || before.revision === undefined || this.#condemned.has(before.revision)) return;
    const expected = this.revisions.get(before.revision);
    const loaded = [...update.loaded.values()].map((data) => data.map(({ etag }) => etag));
    if (loaded.some((etags) => JSON.stringify(etags) !== JSON.stringify(expected))) {
      this.#journal.violation(`a deployment's fleet has loaded ${loaded[0]}, served was ${expected}`);
    } else this.#journal.reached('a deployment kept what was served');
  }

  #noteRefusal(update: Update): void {
    if (update.by !== 'loop') return;
    const { reason } = update;
    if (update.outcome === 'refused') {
      if (reason === undefined) this.#journal.reached('refused without a reason');
      else if (/^Request to service/.test(reason)) this.#journal.reached('refused by an internal failure');
      else this.#journal.reached('refused with a reason');
      return;
    }
    const before = this.updates.filter((other) => other.revision === update.revision && other !== update);
    if (before.some((other) => /^Request to service/.test(other.reason ?? ''))) {
      this.#journal.reached('internal failure, then accepted');
    }
    const last = this.updates.at(-2);
    if (last && last.outcome === 'refused' && last.revision !== update.revision) {
      this.#journal.reached('quarantined revision replaced by a good one');
    }
  }

  /** Contract 6. */
  #checkCapacity(update: Update): void {
    const endpoint = this.describe();
    const counts = countsOf(endpoint);
    if (counts.some((count, index) => count < update.counts[index]!)) {
      this.#journal.violation(`a refresh took capacity away: ${update.counts} instances before, ${counts} after`);
    }
    if (update.counts.some((count) => count > 2)) this.#journal.reached('scaled count survived a swap');
    if (JSON.stringify(endpoint.LastDeploymentConfig) !== update.deploymentConfig) {
      this.#journal.violation('a refresh changed the deployment config');
    } else if (update.deploymentConfig !== undefined) this.#journal.reached('canary settings survived a swap');
  }

  /** What keeps the run from being at rest; empty when the newest upload is served or refused and nothing is open. */
  unrest(): string[] {
    const endpoint = this.describe();
    const { state } = this.state();
    const spec = this.spec();
    const open: string[] = [];
    if (endpoint.EndpointStatus !== 'InService') open.push(`the endpoint is ${endpoint.EndpointStatus}`);
    const slots = [spec.configs.a, spec.configs.b];
    if (!slots.includes(endpoint.EndpointConfigName)) open.push(`the endpoint runs ${endpoint.EndpointConfigName}`);
    if (state.updating) open.push('the state has an intent');
    const { revision } = this.sources;
    const isRefused = state.quarantine?.some((each) => each.revision === this.sources.partly);
    if (revision === undefined) return isRefused ? open : [...open, 'a source is missing'];
    const { pin } = state;
    const isWanted = this.#world.layout.isPerSlot && pin && (pin.supersedes ?? revision) === revision;
    if (isWanted) return [...open, ...this.#unrestOf(state, pin.revision, pin.at)];
    const entry = state.quarantine?.find((each) => each.revision === revision);
    if (entry?.failedSmokeTests && this.#isStuckWith(state, revision)) open.push('what failed its smoke test serves');
    return [...open, ...this.#unrestOf(state, revision, Number.POSITIVE_INFINITY)];
  }

  /** What keeps it from serving this revision, or from having refused it after `since`. */
  #unrestOf(state: EndpointState, revision: string, since: number): string[] {
    const entry = state.quarantine?.find((each) => each.revision === revision);
    if (entry && (entry.at >= since || since === Number.POSITIVE_INFINITY)) {
      return entry.message ? [] : ['what is to be served is quarantined without a reason'];
    }
    const uris = [...this.sources.etags.keys()];
    const etags = revision === this.sources.revision ? [...this.sources.etags.values()] : this.revisions.get(revision);
    if (!etags) return [];
    const isBlessed = this.blessed.has(revision);
    if (since === Number.POSITIVE_INFINITY && !isBlessed && etags.some((etag) => this.isBroken(etag))) {
      return ['the newest upload is broken and not quarantined'];
    }
    const expected = new Map(etags.map((etag, index) => [uris[index]!, etag]));
    return this.serves(expected) ? [] : ['what is to be served is not'];
  }

  /** Whether a condemned revision serves though the other slot has something better. */
  #isStuckWith(state: EndpointState, revision: string): boolean {
    const { data, configs } = this.spec();
    const endpoint = this.describe();
    if (!data || state.suspension || state.serving?.revision !== revision) return false;
    if (state.serving.configName !== endpoint.EndpointConfigName) return false;
    const other: Slot = endpoint.EndpointConfigName === configs.a ? 'b' : 'a';
    const etags = data.files.map((_, index) => this.#etagAt(data.bucket, slotDataKey(data.root, other, index)));
    const held = [...this.revisions].find(([, each]) => JSON.stringify(each) === JSON.stringify(etags))?.[0];
    return held !== undefined && held !== revision && !state.quarantine?.some((each) => each.revision === held);
  }

  /** Whether every instance that a deployment of the fleet launched has loaded these bytes, by source. */
  serves(etags: ReadonlyMap<string, string>): boolean {
    const loaded = [...this.#world.running].filter(({ spec }) => this.live?.loaded.has(spec.instanceId));
    if (loaded.length === 0) return false;
    return loaded.every(
      ({ data }) =>
        data.length === etags.size && data.every(({ uri, etag }) => etags.get(this.#sourceOf(uri)) === etag),
    );
  }

  /** The source that lies at a place, or the URI as it is. */
  #sourceOf(uri: string): string {
    const { data } = this.spec();
    if (!data) return uri;
    for (const slot of ['a', 'b'] as Slot[]) {
      for (const [index, file] of data.files.entries()) {
        if (uri === `s3://${data.bucket}/${slotDataKey(data.root, slot, index)}`)
          return `s3://${file.bucket}/${file.key}`;
      }
    }
    return uri;
  }

  /** What the fleet has loaded, each once. */
  servedEtags(): string[] {
    const data = [...this.#world.running].flatMap((instance) => instance.data);
    return [...new Set(data.map(({ uri, etag }) => `${this.#sourceOf(uri)} ${etag}`))].sort();
  }

  /** At the end: contract 10 and economy. */
  checkWhole(conflicts: number): void {
    for (const update of this.updates) {
      if (update.by !== 'loop' || update.outcome === 'stuck') continue;
      const until = update.endedAt! + 1_800_000;
      const isCrossed = this.updates.some(
        ({ by, startedAt }) => by !== 'loop' && startedAt >= update.startedAt && startedAt <= until,
      );
      const isTold = this.told.some(
        ({ what, revision, configName }) =>
          (what === (update.outcome === 'served' ? 'succeeded' : 'refused') ||
            // It came up, and answered its smoke test wrongly.
            (what === 'refused' && this.#isTestedBad(update))) &&
          revision === update.revision &&
          configName === update.config,
      );
      // Rolled back after a call of which nobody heard, without a word, with the one that stood there before or with one
      // that is gone by now: it can't be told from a call that was never made.
      const isWordless =
        update.reason === undefined ||
        update.reason === update.reasonBefore ||
        this.#touchedAt.some((at) => at > update.endedAt! && at < until);
      const isHidden =
        update.outcome === 'refused' && isWordless && (update.run?.isDisturbed || update.run?.hadConflict);
      // As with a hold: covered by a run that ended, or didn't hear of it, before it could put the intent back.
      const isForgotten = update.forgottenBy?.isDisturbed;
      if (!isTold && !isCrossed && !isHidden && !isForgotten) {
        this.#journal.violation(`nobody was told that ${update.revision?.slice(0, 12)} was ${update.outcome}`);
      }
    }
    // Ways back are bounded by liveness: at rest, and then no more swap.
    const swaps = this.updates.filter(({ by, cause }) => by === 'loop' && cause === 'upload');
    const retries = swaps.filter(({ outcome, reason }) => outcome !== 'served' && !/ping|extract/.test(reason ?? ''));
    // Whoever scales or patches takes a reason away, and makes what was uploaded again uncertain.
    const others = this.updates.filter(({ by }) => by !== 'loop').length + Math.ceil(this.#touchedAt.length / 2);
    const allowed = this.#settledRevisions() + retries.length + others + this.ambiguities + conflicts;
    if (swaps.length > allowed) {
      this.#journal.violation(
        `${swaps.length} swaps; ${allowed} are accounted for: ${this.#settledRevisions()} settled revisions, ` +
          `${retries.length} retries, ${others} moves by others, ${this.ambiguities + conflicts} uncertainties`,
      );
    }
  }

  #isTestedBad({ revision }: Update): boolean {
    return revision !== undefined && this.#condemned.has(revision);
  }

  #settledRevisions(): number {
    const { waitTime, maxWaitTime } = this.#world.layout;
    const waits = waitTime * 1000 - TOLERANCE;
    const entries = this.history.slice(1);
    if (entries.length === 0) return 0;
    const settled = entries.filter(({ at, newest }, index) => {
      const next = entries[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return next - at >= waits || newest === entries[index - 1]?.newest;
    });
    const span = entries.at(-1)!.at - entries[0]!.at;
    const endless = maxWaitTime === undefined ? 0 : Math.floor(span / maxWaitTime / 1000);
    return settled.length + endless;
  }
}

function countsOf(endpoint: { ProductionVariants?: { DesiredInstanceCount?: number }[] }): number[] {
  return (endpoint.ProductionVariants ?? []).map(({ DesiredInstanceCount }) => DesiredInstanceCount ?? 0);
}
