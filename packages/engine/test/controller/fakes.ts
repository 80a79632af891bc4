import { type PromiseMessage, promiseMessage } from '@freshpoint/cdk/contract';
import type { Received } from '../../src/controller/batch.ts';
import { StateConflict } from '../../src/errors.ts';
import type { HistoryRecord } from '../../src/policy/history.ts';
import type {
  CheckView,
  EndpointView,
  SlotsView,
  SourcesView,
  StackView,
  TestsView,
} from '../../src/policy/observation.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import type { DecisionEntry, FillOutcome, Ports, UpdateOutcome } from '../../src/ports.ts';
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
  filled: FillOutcome = { kind: 'filled' };
  tests: TestsView = { kind: 'passed' };
  history: HistoryRecord[] = [];
  stack: StackView = { kind: 'idle', status: 'UPDATE_COMPLETE' };
  outcome: UpdateOutcome = { kind: 'accepted' };
  decisions: DecisionEntry[] = [];
  back: Array<[string, number]> = [];
  deadLetters: Array<[string, string]> = [];
  sent: PromiseMessage[] = [];
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
        const filling = state.filling ? ` filling ${state.filling.slot}${state.filling.paused ? ' paused' : ''}` : '';
        const { tests: tried, verdict } = state.intent ?? {};
        const tests = tried ? ` tests ${tried}${verdict ? ` ${verdict.kind}` : ''}` : '';
        this.call(`write${filling}${state.intent ? ` intent${state.intent.called ? ' called' : ''}` : ''}${tests}`);
        if (after !== this.version) throw new StateConflict('state');
        this.state = state;
        return ++this.version;
      },
      remember: async (_, record) => {
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
      look: async () => {
        this.call('sources');
        return this.sources;
      },
      check: async () => {
        this.call('check');
        return this.check;
      },
    },
    places: {
      look: async () => {
        this.call('slots');
        return this.slots;
      },
      contents: async () => [],
      fill: async (_, slot, revision, { kind }) => {
        this.call(`fill ${slot} ${revision} from ${kind}`);
        if (this.filled.kind === 'filled') this.slots = { ...this.slots, [slot]: revision };
        return this.filled;
      },
    },
    smokeTests: {
      run: async () => {
        this.call('test');
        return this.tests;
      },
    },
    stacks: {
      look: async () => {
        this.call('stack');
        return this.stack;
      },
    },
    promises: {
      back: async (handle, seconds) => {
        this.call('back');
        this.back.push([handle, seconds]);
      },
      send: async (body) => {
        this.call('send');
        this.sent.push(body);
      },
      fail: async (body, reason) => {
        this.call('dead-letter');
        this.deadLetters.push([body, reason]);
      },
    },
    answers: {
      answer: async (_, answer) => {
        this.call(`answer ${answer.Status}`);
        this.answers.push(answer);
      },
    },
    events: {
      tell: async (_, __, tellings) => {
        this.call(`tell ${tellings.map(({ what }) => what)}`);
        this.told.push(...tellings.map(({ what }) => what));
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
  body: string = JSON.stringify(promiseMessage('Iris/Endpoint')),
): Received {
  return { messageId: id, receiptHandle: `handle-${id}`, body, receives };
}
