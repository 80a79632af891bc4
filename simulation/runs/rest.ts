import { longestPassMs } from '../worlds/latency.ts';
import { passUntil, quiet } from '../worlds/virtual-time.ts';
import type { RunContext } from './run-context.ts';

const MINUTE_MS = 60_000;
const HEALTH_CHECK_MS = 480_000;
const CANARY_MS = 120_000;
/** SageMaker's times of an update besides launch, health check and canary. */
const UPDATE_MS = 2 * 15_000 + 30_000 + 30_000 + 2000;
/** A message whose function died becomes visible again, and the passes around it. */
const PASSES_MS = 360_000 + 60_000 + 300_000 + 60_000;
/** An accepted update that isn't visible, and an unknown config, are waited for this long. */
const UNKNOWN_MS = 300_000 + 300_000;
/** A state that was deleted is rebuilt once no pass that knew it can be running. */
const REBUILD_MS = 120_000;
const ERROR_PAUSE_MS = 300_000;
/** The pauses that may still run at calm: of an unknown reason (10 min and 2 h), of others (45 min), of smoke tests. */
const RETRY_PAUSES_MS = (10 + 120 + 45 + 15) * MINUTE_MS;
/** Settling, staging in two passes, the swap, its end, and the tests. */
const PASSES_PER_UPDATE = 6;
/** Three tries of a revision, and one of the bytes that came meanwhile. */
const UPDATES = 4;
/** The longest batching window of a refresher, which each pass may wait for, in ms. */
const BATCHING_WINDOW_MS = 12_000;
const ROUNDING_SECONDS = 10;

/** Dead letters that are the right reaction: a person has to repair the endpoint. */
const EXPECTED_DEAD_LETTER = /runs endpoint config|endpoint is (UpdateRollbackFailed|Failed)/;
const UNKNOWN_CONFIG = /runs endpoint config/;

/** Liveness: everything comes to rest within a bound, and stays at rest. */
export class Rest {
  readonly #context: RunContext;
  /** When the last input and the last fault had happened. */
  #calmAt = 0;
  /** Calls by the function when rest was reached. */
  calls = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** At rest within the bound, and still one sweep later. Returns how long it took, in ms. */
  async reach(): Promise<number> {
    const { world, journal, oracle } = this.#context;
    const { clock } = world;
    const from = clock.now();
    const boundMs = this.#boundMs();
    this.#calmAt = from;
    const unfinished = await this.#passUntilRest(from + boundMs);
    if (unfinished.length > 0) {
      journal.violation(`not at rest ${Math.round(boundMs / MINUTE_MS)} min after calm: ${unfinished.join('; ')}`);
      return boundMs;
    }
    const restAfterMs = clock.now() - from;
    this.calls = this.#context.calls;
    journal.note('', () => 'at rest');
    const countUpdates = () => this.#context.oracles.reduce((sum, { ledger }) => sum + ledger.updates.length, 0);
    const before = countUpdates();
    const countMetrics = () =>
      this.#context.oracles.reduce((sum, { publications }) => sum + publications.metricCount, 0);
    const metricsBefore = countMetrics();
    await passUntil(clock, clock.now() + oracle.layout.sweepInterval * 1000 + 5 * MINUTE_MS);
    // A pass by the sweep may be under way.
    const again = await this.#passUntilRest(clock.now() + 2 * MINUTE_MS);
    if (again.length > 0) journal.violation(`no longer at rest: ${again.join('; ')}`);
    if (countUpdates() > before) journal.violation('another swap after rest');
    if (countMetrics() > metricsBefore) journal.violation('a sweep that found nothing published a metric');
    for (const { stalls } of this.#context.oracles) stalls.atRest();
    this.#noteEnd();
    return restAfterMs;
  }

  #noteEnd(): void {
    const { journal, oracle } = this.#context;
    const state = oracle.view.state();
    const { revision } = oracle.sources.current;
    const isQuarantined = state.quarantine?.some((entry) => entry.revision === revision);
    if (state.pin) journal.reached('at rest on a pinned revision');
    journal.reached(isQuarantined ? 'newest upload is quarantined at rest' : 'newest upload serves at rest');
  }

  /** Advances time until everything is at rest. Returns the work that is unfinished then. */
  async #passUntilRest(until: number): Promise<string[]> {
    const context = this.#context;
    const { clock } = context.world;
    let unfinished = await this.#unfinished();
    while (unfinished.length > 0 && clock.now() < until) {
      context.hasChanged = false;
      while (!context.hasChanged && clock.now() < until && clock.step()) await quiet();
      unfinished = await this.#unfinished();
    }
    return unfinished;
  }

  async #unfinished(): Promise<string[]> {
    const { oracles, openRuns, passBegunAt, world } = this.#context;
    const found = oracles.flatMap(({ rest }) => rest.unfinished());
    if (openRuns.size > 0) found.push('the function runs');
    if (passBegunAt < this.#calmAt) found.push('the controller has made no pass yet');
    const { Attributes } = await world.call('sqs', 'GetQueueAttributes', {
      QueueUrl: world.workQueue,
      AttributeNames: ['All'],
    });
    const visible = Number(Attributes.ApproximateNumberOfMessages);
    const invisible = Number(Attributes.ApproximateNumberOfMessagesNotVisible);
    if (visible + invisible > 0) found.push(`requests in the queue: ${visible} visible, ${invisible} not`);
    return found;
  }

  /**
   * The longest time between calm and rest, in ms: the sweep replaces a lost request, a message of a function that died
   * becomes visible, a pause after an error ends, unknown configs become known, the upload settles, and updates follow
   * each other.
   */
  #boundMs(): number {
    const { oracle, scenario } = this.#context;
    const { sweepInterval, waitTime, pollInterval } = oracle.layout;
    const update = scenario.launchMs + HEALTH_CHECK_MS + CANARY_MS + UPDATE_MS;
    const settle = (waitTime + ROUNDING_SECONDS) * 1000;
    const poll = (pollInterval + ROUNDING_SECONDS) * 1000;
    const waits =
      sweepInterval * 1000 + PASSES_MS + UNKNOWN_MS + REBUILD_MS + ERROR_PAUSE_MS + RETRY_PAUSES_MS + settle;
    const passMs = longestPassMs(scenario.latency) + BATCHING_WINDOW_MS;
    return waits + UPDATES * (update + 2 * poll + PASSES_PER_UPDATE * passMs);
  }

  /** Only requests that need a person are dead-lettered. */
  async checkDeadLetters(): Promise<void> {
    const { world, journal } = this.#context;
    const { Messages = [] } = await world.call('sqs', 'ReceiveMessage', {
      QueueUrl: world.deadLetterQueue,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    });
    for (const { Body, MessageAttributes } of Messages) {
      const reason = MessageAttributes?.reason?.StringValue ?? 'no reason';
      if (!EXPECTED_DEAD_LETTER.test(reason)) journal.violation(`a request was dead-lettered: ${reason} ${Body}`);
      else if (UNKNOWN_CONFIG.test(reason)) journal.reached('stalled by an unknown config');
    }
  }
}
