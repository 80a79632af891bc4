import { type ReconcileRequest, reconcileRequest } from '@freshpoint/cdk/contract';
import type { QueueMessage } from '../../src/controller/queue-message.ts';
import { StateConflict } from '../../src/errors.ts';
import { type HistoryRecord, historyRecordName } from '../../src/policy/history.ts';
import type {
  CheckView,
  EndpointView,
  SlotsView,
  SmokeTestsView,
  SourceFile,
  SourcesView,
  StackView,
} from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import type { CustomResourceResponse, DecisionEntry, Ports, StagingOutcome, UpdateOutcome } from '../../src/ports.ts';
import { endpoint, NOON, servedV1, spec, v2 } from '../policy/situations.ts';

const ROLE_ID = 'AROAREFRESHER';
/** In seconds. */
const BATCHING_WINDOW = 12;

/** What a service answers to a call that no policy allows. */
export const denied = Object.assign(new Error('Access Denied'), {
  name: 'AccessDenied',
  $metadata: { httpStatusCode: 403 },
});

/** What S3 answers to too many calls. */
export const slowDown = Object.assign(new Error('Please reduce your request rate.'), {
  name: 'SlowDown',
  $metadata: { httpStatusCode: 503 },
});

/** An account with one endpoint, behind the ports. `calls` has every call, in order; `fail[call]` is thrown instead. */
export class World {
  calls: string[] = [];
  fail: Record<string, Error> = {};
  spec: typeof spec | undefined = spec;
  state: EndpointState = servedV1;
  hasState = true;
  now = NOON;
  version = 7;
  endpoint: EndpointView | 'gone' = endpoint;
  sources: SourcesView = v2;
  /** What the sources are once an asset was copied. */
  initialized: SourcesView = v2;
  assetOutcome: 'copied' | 'changed' | 'unfinished' = 'copied';
  check: CheckView = { kind: 'passed', warnings: [] };
  slots: SlotsView = {};
  contents: SourceFile[] = [];
  stored: string[] = [];
  stagingOutcome: StagingOutcome = { kind: 'staged' };
  tests: SmokeTestsView = { kind: 'passed' };
  history: HistoryRecord[] = [];
  readonly #appendedAt = new Map<string, number>();
  stack: StackView = { kind: 'idle', status: 'UPDATE_COMPLETE' };
  updateOutcome: UpdateOutcome = { kind: 'accepted' };
  decisions: DecisionEntry[] = [];
  requeued: Array<[string, number]> = [];
  deadLetters: Array<[string, string]> = [];
  enqueued: ReconcileRequest[] = [];
  responses: CustomResourceResponse[] = [];
  published: string[] = [];
  metrics: Record<string, number> = {};
  /** What happens while a pass sleeps. */
  whileAsleep: () => void = () => undefined;
  /** When CloudFormation wrote the spec, epoch ms. */
  specModified = 0;

  readonly ports: Ports = {
    specs: {
      read: async () => {
        this.call('read');
        return this.spec && { ...this.spec, modified: this.specModified };
      },
    },
    states: {
      read: async () => (this.hasState ? { state: this.state, etag: String(this.version) } : undefined),
      write: async (_, state, after) => {
        this.call(`write${shown(state)}`);
        if (after !== (this.hasState ? String(this.version) : undefined)) throw new StateConflict('state');
        this.state = state;
        this.hasState = true;
        this.version += 1;
        return String(this.version);
      },
    },
    history: {
      append: async (_, record) => {
        this.call('append history');
        const name = historyRecordName(record);
        const writtenAt = this.#appendedAt.get(name);
        if (writtenAt !== undefined) return writtenAt;
        this.#appendedAt.set(name, this.now);
        this.history.push(record);
        return undefined;
      },
      list: async () => this.history.toReversed().map((record) => ({ ...record, writtenAt: this.now })),
    },
    endpoints: {
      describe: async () => {
        this.call('describe');
        return this.endpoint;
      },
      update: async (_, config) => {
        this.call(`update ${config}`);
        return this.updateOutcome;
      },
    },
    sources: {
      observe: async ([source]) => {
        this.call('sources');
        return source && 'bucket' in source && source.bucket === 'assets' ? v2 : this.sources;
      },
      check: async () => {
        this.call('check');
        return this.check;
      },
    },
    revisions: {
      observe: async () => {
        this.call('slots');
        return this.slots;
      },
      contents: async () =>
        this.contents.map((source) => ({ source, from: { bucket: 'data', key: `copy of ${source.key}` } })),
      list: async () => this.stored,
      stage: async ({ slot, revision, files }) => {
        const from = files?.some((file) => file.from) ? 'slot' : files ? 'sources' : 'store';
        this.call(`stage ${slot} ${revision} from ${from}`);
        if (this.stagingOutcome.kind === 'staged') this.slots = { ...this.slots, [slot]: revision };
        return this.stagingOutcome;
      },
      abandon: async (_, { uploadId }) => this.call(`abandon ${uploadId}`),
      removeOthers: async (_, kept) => this.call(`keep ${kept}`),
    },
    created: {
      copyAsset: async (_, to) => {
        this.call(`copy asset to ${to.key}`);
        this.sources = this.initialized;
        return this.assetOutcome;
      },
      removeAsset: async (to) => this.call(`remove asset ${to.key}`),
      removeStore: async ({ prefix }) => this.call(`remove ${prefix}`),
    },
    smokeTests: {
      run: async () => {
        this.call('test');
        return this.tests;
      },
    },
    stacks: {
      describe: async () => {
        this.call('stack');
        return this.stack;
      },
    },
    queue: {
      batchingWindow: BATCHING_WINDOW,
      requeue: async (handle, seconds) => {
        this.call('requeue');
        this.requeued.push([handle, seconds]);
      },
      enqueue: async (body) => {
        this.call('enqueue');
        this.enqueued.push(body);
      },
      deadLetter: async (body, reason) => {
        this.call('dead-letter');
        this.deadLetters.push([body, reason]);
      },
    },
    roleId: ROLE_ID,
    responses: {
      respond: async (_, response) => {
        this.call(`respond ${response.Status}`);
        this.responses.push(response);
      },
    },
    eventBus: {
      publish: async (_, __, events) => {
        this.call(`publish ${events.map(({ type }) => type)}`);
        this.published.push(...events.map(({ type }) => type));
      },
    },
    telemetry: {
      decision: (entry) => this.decisions.push(entry),
      error: () => this.calls.push('error'),
      metric: (_, name, value) => {
        this.metrics[name] = value;
      },
    },
    now: () => this.now,
    sleep: async (ms) => {
      this.call(`sleep ${ms / 1000} s`);
      this.now += ms;
      this.whileAsleep();
    },
  };

  private call(name: string): void {
    this.calls.push(name);
    const error = this.fail[name];
    if (error) throw error;
  }
}

/** What a call of `write` shows of the state. */
function shown({ lease, rollout }: EndpointState): string {
  const leased = lease ? ` lease ${lease.slot}${lease.paused ? ' paused' : ''}` : '';
  if (rollout === undefined || rollout.phase === 'settling') return leased;
  const accepted = 'accepted' in rollout && rollout.accepted ? ' accepted' : '';
  const tests = rollout.phase === 'testing' ? ` ${rollout.attempts}${` ${rollout.verdict?.kind ?? ''}`.trimEnd()}` : '';
  return `${leased} ${rollout.phase}${accepted}${tests}`;
}

/** A message with a request to reconcile the endpoint. */
export function message(
  id: string,
  receives = 1,
  body: string = JSON.stringify(reconcileRequest('Iris/Endpoint')),
): QueueMessage {
  const senderId = `${ROLE_ID}:refresher`;
  return { messageId: id, receiptHandle: `handle-${id}`, body, senderId, receives };
}
