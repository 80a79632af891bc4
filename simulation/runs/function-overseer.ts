import { EVENT_SOURCE, specParameterName } from '@freshpoint/cdk/contract';
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

/** How long after a deployment a pass may still come for it, because a deletion of its message was lost, in ms. */
const OUTDATED_REQUEST_MS = 60 * 60_000;
const SOURCE_READS = new Set(['HeadObject', 'GetObject', 'ListObjectsV2', 'CopyObject']);
const DENIED = /AccessDenied|UnrecognizedClient|InvalidClientToken/;

/** A call that was denied. */
interface Denial {
  readonly operation: string;
  readonly message: string;
}

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
    const { latencyRandom, isBegun, journal, oracles, scenario } = this.#context;
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
    for (const { ledger } of oracles) ledger.ambiguities += 1;
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
    const { world, past, journal, oracle } = this.#context;
    const isEndpoint = operation === 'DescribeEndpoint';
    const { Names = [], EndpointName } = input as { Names?: readonly string[]; EndpointName?: string };
    if (isEndpoint && EndpointName !== oracle.layout.endpointName) return undefined;
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
    for (const { stalls, publications, slotData, rejections } of context.oracles) {
      stalls.runEnded(run, how);
      publications.runEnded(run, how);
      slotData.runEnded(run, how);
      rejections.runEnded(run);
    }
    context.hasChanged = true;
    if (how === 'answered') context.passBegunAt = Math.max(context.passBegunAt, run.startedAt);
    if (how === 'timed out') {
      context.journal.reached('function timed out');
      for (const { ledger } of context.oracles) ledger.ambiguities += 1;
    }
    context.journal.note(`run ${run.id}`, () => how);
  }

  answered(run: FunctionRun, exchange: Exchange): void {
    const { journal, isBegun, script } = this.#context;
    const { service, operation, input, output, error } = exchange;
    const { name = '', message = '' } = (error ?? {}) as Error;
    if (DENIED.test(name) && !this.#isBeingGranted(run, { operation, message }))
      journal.violation(`${service}:${operation} by run ${run.id}: ${message}`);
    const isFirst = JSON.stringify(input).includes(specParameterName(this.#context.oracle.layout.id));
    if (operation === 'GetParameters' && isFirst && isBegun) script.passBegun();
    if (operation === 'PutObject' && isStateKey(this.#context.oracle.layout, input) && error)
      journal.reached('write of the state lost a race');
    if (operation === 'UpdateEndpoint') this.#noteUpdate(run, exchange);
    if (operation === 'DescribeEndpoint') for (const { slotData } of this.#context.oracles) slotData.described(run);
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
  #isBeingGranted({ startedAt }: FunctionRun, { operation, message }: Denial): boolean {
    const { isBegun, oracle, second } = this.#context;
    if (second.isNamedIn(message) && second.isChangingSince(startedAt - OUTDATED_REQUEST_MS)) return true;
    if (oracle.ledger.isStackBroken || (!isBegun && operation === 'DescribeEndpoint')) return true;
    return SOURCE_READS.has(operation) && startedAt < oracle.ledger.sourcesChangeUntil() + OUTDATED_REQUEST_MS;
  }

  #noteUpdate(run: FunctionRun, { input, error }: Exchange): void {
    const { journal, oracle, eventFaults, person } = this.#context;
    const { message = '' } = (error ?? {}) as Error;
    const { EndpointName } = input as { EndpointName?: string };
    if (!error && EndpointName === oracle.layout.endpointName) {
      const { at } = oracle.sources.current;
      if (eventFaults.sentAt(oracle.layout) < at) journal.reached('request sent by the sweep');
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
        journal.note(who, () => JSON.stringify(entry));
        for (const situation of situationsOf(entry)) journal.reached(situation);
      },
      error: (_, error) => journal.note(who, () => `error ${error}`),
      metric: (endpoint, name, value) => {
        for (const { layout, publications } of this.#context.oracles) {
          if (endpoint === layout.id) publications.metric(name, value);
        }
      },
    };
  }
}
