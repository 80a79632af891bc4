import { systemClock } from '@freshpoint/local/system';
import type { Clock } from '@freshpoint/simulator/core/clock';
import { type InvokeClient, predictSpecies } from './endpoint-client.ts';
import type { Flower } from './train.ts';

/** Options of the traffic. */
export interface TrafficOptions {
  /** Must not retry (`maxAttempts: 1`): retries would hide failures. */
  readonly client: InvokeClient;
  readonly endpointName: string;
  /** Sent one by one, over and over. */
  readonly flowers: readonly Flower[];
  /**
   * Number of concurrent callers.
   * @default 4
   */
  readonly concurrency?: number;
  /**
   * Pause of each caller between an answer and its next invocation, in milliseconds.
   * @default 40
   */
  readonly pauseMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Called after each invocation. */
  readonly onInvocation?: () => void;
}

/** An invocation without an answer, or with an unexpected one. */
export interface InvocationFailure {
  /** Milliseconds since the traffic began. */
  readonly atMs: number;
  readonly error: string;
}

/** All invocations so far. */
export interface TrafficTotals {
  readonly invocations: number;
  readonly failed: number;
  /** The first failures, at most ten. */
  readonly failures: readonly InvocationFailure[];
}

/** The traffic's state at one time. */
export interface TrafficSnapshot extends TrafficTotals {
  /** Invocations that ended within the last second. */
  readonly perSecond: number;
  /** Name of the model that gave the newest answer. */
  readonly answeredBy?: string;
  /** Number of consecutive answers, up to the newest, from that model. */
  readonly inARow: number;
  /** Of the newest answers, at most as many as there are flowers; from 0 to 1. */
  readonly accuracy?: number;
}

/** A steady stream of invocations. */
export interface PredictionTraffic {
  start(): void;
  snapshot(): TrafficSnapshot;
  /** Resolves when the invocations in flight have ended. */
  stop(): Promise<TrafficTotals>;
}

const CONCURRENCY = 4;
const PAUSE_MS = 40;
/** Failures that are kept. */
const MAX_FAILURES = 10;
/** Period over which the rate is measured, in milliseconds. */
const RATE_WINDOW_MS = 1000;

/** Invokes an endpoint steadily and counts the answers. */
export function createTraffic(options: TrafficOptions): PredictionTraffic {
  return new SteadyTraffic(options);
}

class SteadyTraffic implements PredictionTraffic {
  readonly #options: TrafficOptions;
  readonly #clock: Clock;
  readonly #failures: InvocationFailure[] = [];
  /** Whether each of the newest answers is right. */
  readonly #right: boolean[] = [];
  /** Ends of the invocations of the last second, epoch milliseconds. */
  readonly #endedAt: number[] = [];
  readonly #pauses = new Set<() => void>();
  #invocations = 0;
  #failed = 0;
  #inARow = 0;
  #answeredBy: string | undefined;
  #startedAt = 0;
  #isRunning = false;
  #callers: Promise<void>[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#startedAt = this.#clock.now();
    const { concurrency = CONCURRENCY, pauseMs = PAUSE_MS, flowers } = this.#options;
    const next = cycle(flowers);
    this.#callers = Array.from({ length: concurrency }, (_, i) => this.#call(next, (pauseMs * i) / concurrency));
  }

  snapshot(): TrafficSnapshot {
    this.#forgetOld();
    const right = this.#right.filter(Boolean).length;
    return {
      ...this.#totals(),
      perSecond: this.#endedAt.length,
      answeredBy: this.#answeredBy,
      inARow: this.#inARow,
      accuracy: this.#right.length === 0 ? undefined : right / this.#right.length,
    };
  }

  async stop(): Promise<TrafficTotals> {
    this.#isRunning = false;
    for (const end of [...this.#pauses]) end();
    await Promise.all(this.#callers);
    return this.#totals();
  }

  #totals(): TrafficTotals {
    return { invocations: this.#invocations, failed: this.#failed, failures: [...this.#failures] };
  }

  async #call(flowers: Iterator<Flower, never>, firstPauseMs: number): Promise<void> {
    await this.#pause(firstPauseMs);
    while (this.#isRunning) {
      await this.#invoke(flowers.next().value);
      if (this.#isRunning) await this.#pause(this.#options.pauseMs ?? PAUSE_MS);
    }
  }

  async #invoke(flower: Flower): Promise<void> {
    const { client, endpointName, flowers, onInvocation } = this.#options;
    try {
      const { predictions, model } = await predictSpecies(client, endpointName, [flower.measurements]);
      this.#inARow = model === this.#answeredBy ? this.#inARow + 1 : 1;
      this.#answeredBy = model;
      this.#right.push(predictions[0] === flower.species);
      if (this.#right.length > flowers.length) this.#right.shift();
    } catch (error) {
      this.#failed++;
      if (this.#failures.length < MAX_FAILURES) {
        this.#failures.push({ atMs: this.#clock.now() - this.#startedAt, error: String(error) });
      }
    }
    this.#invocations++;
    this.#endedAt.push(this.#clock.now());
    this.#forgetOld();
    onInvocation?.();
  }

  #forgetOld(): void {
    const begin = this.#clock.now() - RATE_WINDOW_MS;
    const kept = this.#endedAt.findIndex((at) => at > begin);
    this.#endedAt.splice(0, kept < 0 ? this.#endedAt.length : kept);
  }

  /** Ends early when the traffic is stopped. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#clock.schedule(ms, end);
      this.#pauses.add(end);
    });
  }
}

function* cycle<T>(values: readonly T[]): Generator<T, never> {
  for (;;) yield* values;
}
