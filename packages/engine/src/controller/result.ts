import type { Next } from '../policy/next.ts';
import { shortRevision } from '../policy/revision.ts';
import type { EndpointContext } from './pass.ts';

/** What a pass means for the request that caused it. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  /**
   * Back to the queue; without `seconds`, after a pause that grows. `settlesInWindow`: the pass may sleep for these
   * seconds instead.
   */
  | { readonly kind: 'requeue'; readonly seconds?: number; readonly settlesInWindow?: true }
  | { readonly kind: 'stalled'; readonly message: string };

/** A decision that ends the pass without touching the endpoint or its data. */
export type PassEnding = Extract<Next, { kind: ReconcileResult['kind'] }>;

/** Logs how the pass ends. */
export function endPass({ ports, endpoint }: EndpointContext, next: PassEnding): ReconcileResult {
  const revision = 'revision' in next && next.revision ? shortRevision(next.revision) : undefined;
  const seconds = next.kind === 'requeue' ? next.seconds : undefined;
  const { reason, message } = next;
  ports.telemetry.decision({ endpoint, decision: next.kind, reason, message, revision, seconds });
  if (next.kind === 'done') return { kind: 'done' };
  return next.kind === 'stalled' ? { kind: 'stalled', message } : { kind: 'requeue', seconds };
}
