import { type ReconcileRequest, reconcileRequest } from '@freshpoint/cdk/contract';
import type { QueueMessage } from '../../src/controller/batch.ts';
import { StateConflict } from '../../src/errors.ts';
import type { HistoryRecord } from '../../src/policy/history.ts';
import type {
  CheckView,
  EndpointView,
  SlotsView,
  SmokeTestsView,
  SourcesView,
  StackView,
} from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import type { DecisionEntry, Ports, StagingOutcome, UpdateOutcome } from '../../src/ports.ts';
import { endpoint, NOON, servedV1, spec, v2 } from '../policy/situations.ts';

/** A world of one endpoint behind the ports. Every call is in `calls`, in order; `fail[call]` is thrown instead. */
export class World {
  calls: string[] = [];
  fail: Record<string, Error> = {};
  spec: typeof spec | undefined = spec;
  state: EndpointState = servedV1;
  now = NOON;
  version = 7;
  endpoint: EndpointView | 'gone' = endpoint;
  sources: SourcesView = v2;
  check: CheckView = { kind: 'passed', warnings: [] };
  slots: SlotsView = {};
  staged: StagingOutcome = { kind: 'staged' };
  tests: SmokeTestsView = { kind: 'passed' };
  history: HistoryRecord[] = [];
  stack: StackView = { kind: 'idle', status: 'UPDATE_COMPLETE' };
  outcome: UpdateOutcome = { kind: 'accepted' };
  decisions: DecisionEntry[] = [];
  back: Array<[string, number]> = [];
  deadLetters: Array<[string, string]> = [];
  sent: ReconcileRequest[] = [];
  answers: Array<{ Status: string; Reason?: string }> = [];
  told: string[] = [];
  metrics: Record<string, number> = {};

  readonly ports: Ports = {
    records: {
      read: async () => {
        this.call('read');
        const lastRecord = this.history.at(-1)?.id;
        return { spec: this.spec, state: this.state, stateVersion: this.version, lastRecord };
      },
      write: async (_, state, after) => {
        const staging = state.staging ? ` staging ${state.staging.slot}${state.staging.paused ? ' paused' : ''}` : '';
        const { testAttempts: tried, verdict } = state.updating ?? {};
        const tests = tried ? ` tests ${tried}${verdict ? ` ${verdict.kind}` : ''}` : '';
        this.call(
          `write${staging}${state.updating ? ` updating${state.updating.accepted ? ' accepted' : ''}` : ''}${tests}`,
        );
        if (after !== this.version) throw new StateConflict('state');
        this.state = state;
        return ++this.version;
      },
      appendHistory: async (_, record) => {
        this.call('remember');
        this.history.push(record);
      },
    },
    endpoints: {
      describe: async () => {
        this.call('describe');
        return this.endpoint;
      },
      update: async (_, config) => {
        this.call(`update ${config}`);
        return this.outcome;
      },
    },
    sources: {
      observe: async () => {
        this.call('sources');
        return this.sources;
      },
      check: async () => {
        this.call('check');
        return this.check;
      },
    },
    slotStore: {
      observe: async () => {
        this.call('slots');
        return this.slots;
      },
      contents: async () => [],
      stage: async (_, slot, revision, { kind }) => {
        this.call(`fill ${slot} ${revision} from ${kind}`);
        if (this.staged.kind === 'staged') this.slots = { ...this.slots, [slot]: revision };
        return this.staged;
      },
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
      requeue: async (handle, seconds) => {
        this.call('back');
        this.back.push([handle, seconds]);
      },
      enqueue: async (body) => {
        this.call('send');
        this.sent.push(body);
      },
      deadLetter: async (body, reason) => {
        this.call('dead-letter');
        this.deadLetters.push([body, reason]);
      },
    },
    responses: {
      respond: async (_, answer) => {
        this.call(`answer ${answer.Status}`);
        this.answers.push(answer);
      },
    },
    eventBus: {
      publish: async (_, __, events) => {
        this.call(`publish ${events.map(({ type }) => type)}`);
        this.told.push(...events.map(({ type: what }) => what));
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
  };

  private call(name: string): void {
    this.calls.push(name);
    const error = this.fail[name];
    if (error) throw error;
  }
}

/** A message that promises to look at the endpoint. */
export function message(
  id: string,
  receives = 1,
  body: string = JSON.stringify(reconcileRequest('Iris/Endpoint')),
): QueueMessage {
  return { messageId: id, receiptHandle: `handle-${id}`, body, receives };
}
