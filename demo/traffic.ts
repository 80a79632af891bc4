import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { ask, type InvokeClient } from './endpoint-client.ts';
import type { Flower } from './train.ts';

/** How the stream of invocations is made. */
export interface TrafficOptions {
  /** Must not retry (`maxAttempts: 1`), or failures would not be seen. */
  readonly client: InvokeClient;
  readonly endpointName: string;
  /** Asked one by one, over and over. */
  readonly flowers: readonly Flower[];
  /**
   * Callers that ask at the same time.
   * @default 4
   */
  readonly concurrency?: number;
  /**
   * What each caller rests between an answer and its next question, in milliseconds.
   * @default 40
   */
  readonly pauseMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Called after each invocation. */
  readonly onInvocation?: () => void;
}

/** An invocation that got no answer, or one that does not fit. */
export interface Failure {
  /** Milliseconds since the traffic began. */
  readonly atMs: number;
  readonly error: string;
}

/** All invocations so far. */
export interface TrafficTotals {
  readonly invocations: number;
  readonly failed: number;
  /** The first failures, at most ten. */
  readonly failures: readonly Failure[];
}

/** What is going on now. */
export interface TrafficSnapshot extends TrafficTotals {
  /** Invocations that ended within the last second. */
  readonly perSecond: number;
  /** Name of the model that gave the newest answer. */
  readonly answeredBy?: string;
  /** How many answers in a row, up to the newest, came from that model. */
  readonly inARow: number;
  /** Over the newest answers, as many as there are flowers; from 0 to 1. */
  readonly accuracy?: number;
}

/** A steady stream of invocations. */
export interface Traffic {
  start(): void;
  snapshot(): TrafficSnapshot;
  /** Resolves when the invocations under way have ended. */
  stop(): Promise<TrafficTotals>;
}

const FAILURES_KEPT = 10;
const RATE_WINDOW_MS = 1000;

/** Asks an endpoint all the time and counts what comes back. */
export function createTraffic(options: TrafficOptions): Traffic {
  const { client, endpointName, flowers } = options;
  const clock = options.clock ?? systemClock;
  const concurrency = options.concurrency ?? 4;
  const pauseMs = options.pauseMs ?? 40;
  const failures: Failure[] = [];
  const right: boolean[] = [];
  const endedAt: number[] = [];
  const pauses = new Set<() => void>();
  let invocations = 0;
  let failed = 0;
  let next = 0;
  let inARow = 0;
  let answeredBy: string | undefined;
  let startedAt = 0;
  let running = false;
  let callers: Promise<void>[] = [];

  async function invokeOnce(): Promise<void> {
    const flower = flowers[next++ % flowers.length]!;
    try {
      const { predictions, model } = await ask(client, endpointName, [flower.measurements]);
      inARow = model === answeredBy ? inARow + 1 : 1;
      answeredBy = model;
      right.push(predictions[0] === flower.species);
      if (right.length > flowers.length) right.shift();
    } catch (error) {
      failed++;
      if (failures.length < FAILURES_KEPT) failures.push({ atMs: clock.now() - startedAt, error: String(error) });
    }
    invocations++;
    endedAt.push(clock.now());
    forgetOld();
    options.onInvocation?.();
  }

  function forgetOld(): void {
    while (endedAt.length > 0 && endedAt[0]! <= clock.now() - RATE_WINDOW_MS) endedAt.shift();
  }

  // A pause ends early when the traffic is stopped.
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        pauses.delete(end);
        resolve();
      };
      const cancel = clock.schedule(ms, end);
      pauses.add(end);
    });
  }

  async function caller(firstPauseMs: number): Promise<void> {
    await pause(firstPauseMs);
    while (running) {
      await invokeOnce();
      if (running) await pause(pauseMs);
    }
  }

  const totals = (): TrafficTotals => ({ invocations, failed, failures: [...failures] });

  return {
    start() {
      if (running) return;
      running = true;
      startedAt = clock.now();
      callers = Array.from({ length: concurrency }, (_, i) => caller((pauseMs * i) / concurrency));
    },
    snapshot() {
      forgetOld();
      const accuracy = right.length === 0 ? undefined : right.filter(Boolean).length / right.length;
      return { ...totals(), perSecond: endedAt.length, answeredBy, inARow, accuracy };
    },
    async stop() {
      running = false;
      for (const end of [...pauses]) end();
      await Promise.all(callers);
      return totals();
    },
  };
}
