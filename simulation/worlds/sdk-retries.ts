import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import type { Random } from '../random.ts';

/** Attempts of one call: the default of the SDK's standard mode. */
export const SDK_ATTEMPTS = 3;

/** Longest first pause before a retry, in ms; it doubles with each further one. The actual one is random. */
const TRANSIENT_PAUSE_MS = 100;
const THROTTLING_PAUSE_MS = 500;

type SdkError = Parameters<typeof isTransientError>[0];

/** The pause in ms before the SDK repeats a call after its nth attempt; undefined: it does not. */
export function retryPauseMs(random: Random, error: unknown, attempt: number): number | undefined {
  const basis = retryBasisMs(error as SdkError);
  return basis === undefined ? undefined : Math.floor(random.next() * basis * 2 ** (attempt - 1));
}

function retryBasisMs(error: SdkError): number | undefined {
  if (isThrottlingError(error)) return THROTTLING_PAUSE_MS;
  return isTransientError(error) ? TRANSIENT_PAUSE_MS : undefined;
}
