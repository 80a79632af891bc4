import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { arnOfEndpoint } from './endpoint-arn.ts';
import { type Fault, isRevisionsFault, judgeFailure } from './failure-reasons.ts';
import type { Trigger } from './rollout.ts';
import { type EndpointState, type Retries, truncateMessage } from './state.ts';

const MINUTE_MS = 60_000;

/** Pauses after each failure in a row that is not the revision's fault, in minutes. The last one repeats. */
const RETRY_PAUSES_MINUTES = [1, 2, 5, 10, 20, 45];

/** Pauses after refusals without a known reason, in minutes. After one more refusal the revision is quarantined. */
const UNEXPLAINED_PAUSES_MINUTES = [10, 120];

/** A failed attempt to serve a revision. */
export interface FailedAttempt {
  readonly revision: string;
  readonly trigger: Trigger;
  /** What failed: UpdateEndpoint was rejected, or the update was rolled back. */
  readonly stage: Retries['stage'];
  readonly fault: Fault;
  readonly message: string;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * When a failed revision is tried again; undefined: it is quarantined. A rejected call says nothing about the
 * revision, and the way back (a pin, or after failed smoke tests) is never quarantined.
 */
export function nextAttempt({ retries }: EndpointState, failed: FailedAttempt): Retries | undefined {
  const { revision, trigger, stage, fault, at } = failed;
  const before = retries?.revision === revision ? retries : undefined;
  const attempts = (before?.attempts ?? 0) + 1;
  const isJudged = stage === 'update' && trigger === 'upload';
  if (isJudged && isRevisionsFault(fault)) return undefined;
  const isUnexplained = isJudged && fault === 'unknown';
  const unexplained = (before?.unexplained ?? 0) + (isUnexplained ? 1 : 0);
  if (isUnexplained && unexplained > UNEXPLAINED_PAUSES_MINUTES.length) return undefined;
  const pause = isUnexplained
    ? pauseMs(UNEXPLAINED_PAUSES_MINUTES, unexplained)
    : pauseMs(RETRY_PAUSES_MINUTES, attempts);
  return {
    revision,
    attempts,
    ...(unexplained > 0 && { unexplained }),
    at,
    nextAt: at + pause,
    stage,
    fault,
    message: truncateMessage(failed.message) ?? '',
  };
}

/** What failed, whose fault it is, and what to do. */
export function describeRetries({ stage, attempts, fault, message }: Retries, spec: EndpointSpec): string {
  const call = `sagemaker:UpdateEndpoint on ${arnOfEndpoint(spec)}`;
  const what = stage === 'call' ? 'was rejected' : 'was rolled back';
  return `${call} ${what} (attempt ${attempts}, ${fault}): ${message} ${judgeFailure(message).todo}`;
}

/** The pause after the nth failure, in ms; `minutes`: by number of the failure. */
export function pauseMs(minutes: readonly number[], failures: number): number {
  const pause = minutes[Math.min(failures, minutes.length) - 1] ?? 0;
  return pause * MINUTE_MS;
}
