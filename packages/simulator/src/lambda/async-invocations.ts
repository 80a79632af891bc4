import type { Clock } from '../core/clock.ts';
import type { LambdaFunction } from './function-state.ts';
import type { Invoker } from './invoker.ts';

/** Pauses before the second and the third attempt of a failed event. */
const RETRY_PAUSES_MS = [60_000, 120_000];
/** Age at which an event is dropped unless the function's EventInvokeConfig says otherwise. */
const DEFAULT_MAX_AGE_SECONDS = 21_600;
/** Pause after the first throttled attempt; it doubles with each further one. */
const FIRST_THROTTLE_PAUSE_MS = 1_000;
const MAX_THROTTLE_PAUSE_MS = 300_000;

interface Pending {
  readonly fn: LambdaFunction;
  readonly payload: Uint8Array;
  readonly clientContext: string | undefined;
  readonly acceptedAt: number;
  failures: number;
  throttlePauseMs: number;
}

/**
 * Events of Invoke with InvocationType Event: run at once, retried twice after a failure, retried while throttled until
 * they are too old, then dropped.
 */
export class AsyncInvocations {
  readonly #clock: Clock;
  readonly #invoker: Invoker;
  readonly #exists: (fn: LambdaFunction) => boolean;

  constructor(clock: Clock, invoker: Invoker, exists: (fn: LambdaFunction) => boolean) {
    this.#clock = clock;
    this.#invoker = invoker;
    this.#exists = exists;
  }

  accept(fn: LambdaFunction, payload: Uint8Array, clientContext?: string): void {
    const acceptedAt = this.#clock.now();
    this.#schedule(0, {
      fn,
      payload,
      clientContext,
      acceptedAt,
      failures: 0,
      throttlePauseMs: FIRST_THROTTLE_PAUSE_MS,
    });
  }

  #schedule(delayMs: number, event: Pending): void {
    const maxAgeMs = (event.fn.eventInvokeConfig?.MaximumEventAgeInSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1_000;
    if (this.#clock.now() + delayMs - event.acceptedAt > maxAgeMs) return;
    this.#clock.schedule(delayMs, () => void this.#attempt(event));
  }

  async #attempt(event: Pending): Promise<void> {
    if (!this.#exists(event.fn)) return;
    try {
      const result = await this.#invoker.invoke(event.fn, event.payload, event.clientContext);
      if (!result.failure) return;
    } catch (error) {
      if ((error as Error).name !== 'TooManyRequestsException') return;
      this.#schedule(event.throttlePauseMs, event);
      event.throttlePauseMs = Math.min(event.throttlePauseMs * 2, MAX_THROTTLE_PAUSE_MS);
      return;
    }
    const pause = RETRY_PAUSES_MS[event.failures];
    event.failures += 1;
    const allowed = event.fn.eventInvokeConfig?.MaximumRetryAttempts ?? RETRY_PAUSES_MS.length;
    if (pause !== undefined && event.failures <= allowed) this.#schedule(pause, event);
  }
}
