import { EVENT_SOURCE } from '@freshpoint/cdk/contract';
import type { Telemetry } from '@freshpoint/engine/ports';
import { drawFault } from '../faults/call-faults.ts';
import { NO_FAULTS } from '../faults/rates.ts';
import type { Answers } from '../worlds/answers.ts';
import type { Attempt, CallPlan, Exchange, FunctionRun, Overseer, Staleness } from '../worlds/function-run.ts';
import { drawCallTimes } from '../worlds/latency.ts';
import { isStateKey } from '../worlds/layout.ts';
import { situationsOf } from './decision-situations.ts';
import type { RunContext } from './run-context.ts';
import type { RunOptions } from './run-result.ts';

/** How old the spec may be that a pass reads, in ms. */
const OUTDATED_SPEC_MS = 20_000;
const SOURCE_READS = new Set(['HeadObject', 'GetObject', 'ListObjectsV2', 'CopyObject']);
const DENIED = /AccessDenied|UnrecognizedClient|InvalidClientToken/;

/** Injects faults into the function's calls, and notes what the function does. */
export class FunctionOverseer implements Overseer {
  readonly skewMs: number;
  readonly #context: RunContext;
  readonly #options: RunOptions;

  constructor(context: RunContext, options: RunOptions) {
    this.#context = context;
    this.#options = options;
    this.skewMs = context.scenario.skew.controller;
  }

  plan(run: FunctionRun, attempt: Attempt): CallPlan {
    const { service, operation } = attempt;
    const { latencyRandom, isBegun, journal, oracle, scenario } = this.#context;
    this.#context.calls += 1;
    this.#noteTests(run, operation);
    const { killAt } = this.#options;
    const fault = this.#drawFault(attempt);
    const plan = { ...drawCallTimes(latencyRandom, scenario.latency, { service, operation }), ...fault };
    if (isBegun && killAt?.call === this.#context.calls) return { ...plan, kill: killAt.kill };
    if (Object.keys(fault).length === 0) return plan;
    journal.note(`run ${run.id}`, () => `fault at ${service}:${operation} ${JSON.stringify(fault)}`);
    if (plan.mishapBefore === 'throttled') journal.reached('throttled');
    this.#noteFault(run, operation, plan);
    if (attempt.before) journal.reached('repeated by the SDK');
    // It has no effect, and may be hidden from the controller by the SDK's retries.
    if (plan.mishapBefore) return plan;
    oracle.ledger.ambiguities += 1;
    run.isDisturbed = true;
    return plan;
  }

  #drawFault(attempt: Attempt): Partial<CallPlan> {
    const { faultRandom, rates, requestRates, journal } = this.#context;
    if (rates === NO_FAULTS || requestRates.admits(attempt.service)) return drawFault(faultRandom, rates, attempt);
    journal.reached('throttled because of other traffic');
    return { mishapBefore: 'throttled' };
  }

  /** No two passes send smoke tests at the same time. */
  #noteTests(run: FunctionRun, operation: string): void {
    const { openRuns, journal } = this.#context;
    run.isTesting = operation === 'InvokeEndpoint';
    if (!run.isTesting) return;
    const other = [...openRuns].find((each) => each !== run && each.isTesting);
    if (other) journal.violation(`runs ${other.id} and ${run.id} send smoke tests at the same time`);
  }

  #noteFault(run: FunctionRun, operation: string, { kill, mishapBefore, mishapAfter }: CallPlan): void {
    const { journal } = this.#context;
    if (operation === 'CopyObject') {
      if (kill === 'before') journal.reached('killed between the copies of a slot');
      if (mishapBefore || mishapAfter) journal.reached('copy failed halfway');
    }
    if (operation === 'InvokeEndpoint' && kill) journal.reached('killed during the smoke tests');
    if (operation === 'UpdateEndpoint') {
      if (kill === 'before') journal.reached('killed between recording an update and calling UpdateEndpoint');
      if (kill === 'after') journal.reached('killed after calling UpdateEndpoint, before its reply');
      if (mishapAfter) journal.reached('UpdateEndpoint succeeded, reply lost');
    } else if (run.hasSeen('UpdateEndpoint') && kill === 'before') {
      journal.reached('killed after the reply of UpdateEndpoint, before recording it');
    }
  }

  calling(run: FunctionRun): void {
    this.#context.current = run;
  }

  stale({ service, operation, input }: Parameters<Overseer['stale']>[0], staleness: Staleness): unknown {
    const { world, past, journal } = this.#context;
    const isEndpoint = operation === 'DescribeEndpoint';
    const { Names = [] } = input as { Names?: readonly string[] };
    const now = world.clock.now();
    if (staleness === 'last swap') return this.#beforeLastSwap(now);
    const at = now - staleness;
    const answer = isEndpoint ? past.descriptionAt(at) : past.parametersAt(at, Names);
    if (answer === undefined) return undefined;
    if (isEndpoint) journal.reached('stale read of the endpoint');
    journal.note(service, () => `answers ${operation} as of ${staleness} ms ago`);
    return answer;
  }

  #beforeLastSwap(now: number): unknown {
    const { past, journal } = this.#context;
    const answer = past.beforeLastSwap(now);
    if (answer === undefined) return undefined;
    this.#context.oracle.ledger.outdatedAt.push(now);
    journal.reached('answer from before the last swap');
    journal.note('sagemaker', () => 'answers DescribeEndpoint as before the last swap');
    return answer;
  }

  started(run: FunctionRun): void {
    const { openRuns, journal } = this.#context;
    openRuns.add(run);
    if (openRuns.size > 1) journal.reached('two passes at once');
    journal.note(`run ${run.id}`, () => 'begins');
  }

  ended(run: FunctionRun, how: string): void {
    const context = this.#context;
    context.openRuns.delete(run);
    context.oracle.stalls.runEnded(run, how);
    context.oracle.publications.runEnded(run, how);
    context.hasChanged = true;
    if (how === 'answered') context.passBegunAt = Math.max(context.passBegunAt, run.startedAt);
    if (how === 'timed out') {
      context.journal.reached('function timed out');
      context.oracle.ledger.ambiguities += 1;
    }
    context.journal.note(`run ${run.id}`, () => how);
  }

  answered(run: FunctionRun, exchange: Exchange): void {
    const { journal, isBegun, script } = this.#context;
    const { service, operation, input, output, error } = exchange;
    const { name = '', message = '' } = (error ?? {}) as Error;
    if (DENIED.test(name) && !this.#isBeingGranted(run, operation))
      journal.violation(`${service}:${operation} by run ${run.id}: ${message}`);
    if (operation === 'GetParameters' && isBegun) script.passBegun();
    if (operation === 'PutObject' && isStateKey(this.#context.oracle.layout, input) && error)
      journal.reached('write of the state lost a race');
    if (operation === 'UpdateEndpoint') this.#noteUpdate(run, exchange);
    if (operation === 'DescribeStacks' && output) {
      const { Stacks } = output as Answers['cloudformation:DescribeStacks'];
      if (Stacks[0]?.StackStatus.endsWith('IN_PROGRESS')) journal.reached('pass during a deployment');
    }
    if (operation === 'PutEvents') {
      journal.note(`run ${run.id}`, () => `publishes to ${EVENT_SOURCE}: ${JSON.stringify(input)}`);
    }
  }

  /**
   * A new endpoint's spec can exist some seconds before the permissions; then nothing is to be done yet. A deployment
   * that changes the sources changes the permissions before the spec.
   */
  #isBeingGranted({ startedAt }: FunctionRun, operation: string): boolean {
    const { isBegun, oracle } = this.#context;
    if (oracle.ledger.isStackBroken || (!isBegun && operation === 'DescribeEndpoint')) return true;
    return SOURCE_READS.has(operation) && startedAt < oracle.ledger.sourcesChangeUntil() + OUTDATED_SPEC_MS;
  }

  #noteUpdate(run: FunctionRun, { input, error }: Exchange): void {
    const { journal, oracle, eventFaults, person } = this.#context;
    const { message = '' } = (error ?? {}) as Error;
    if (!error) {
      const { at } = oracle.sources.current;
      if (eventFaults.sentAt < at) journal.reached('request sent by the sweep');
      if (person.resumedAt > at) journal.reached('swapped after a suspension');
    }
    journal.note(`run ${run.id}`, () => `UpdateEndpoint to ${JSON.stringify(input)} ${message}`);
    if (/in-progress/.test(message)) journal.reached('two passes raced for one update');
  }

  telemetry(run: FunctionRun): Telemetry {
    const { journal } = this.#context;
    const who = `run ${run.id}`;
    return {
      decision: (entry) => {
        journal.note(who, () => JSON.stringify({ ...entry, endpoint: undefined }));
        for (const situation of situationsOf(entry)) journal.reached(situation);
      },
      error: (_, error) => journal.note(who, () => `error ${error}`),
      metric: (endpoint, name, value) => {
        const { layout, publications } = this.#context.oracle;
        if (endpoint === layout.id) publications.metric(name, value);
      },
    };
  }
}
