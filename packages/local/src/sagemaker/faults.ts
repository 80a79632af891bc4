import type { EndpointStatus } from '@aws-sdk/client-sagemaker';

/** What is to happen to an update, whatever its model data. */
export type Outcome =
  /** The new fleet does not get healthy. Default reason: the failed ping; `''`: rolled back without a FailureReason, as AWS does at times. */
  | { readonly kind: 'refuse'; readonly reason?: string }
  /** Rolled back with SageMaker's own failure as the reason. */
  | { readonly kind: 'internal' }
  /** The launch takes this much longer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The update and its rollback both fail: UpdateRollbackFailed. */
  | { readonly kind: 'rollback-failed'; readonly reason?: string };

/** Failures for tests and simulations to inject. */
export interface Faults {
  /** The next accepted UpdateEndpoint of this endpoint meets `outcome`; further calls queue up. */
  nextUpdate(endpointName: string, outcome: Outcome): void;
  /** Sets the status as SageMaker does by itself, e.g. SystemUpdating while it patches; the instances go on as they are. Throws ValidationException for an unknown endpoint. */
  forceStatus(endpointName: string, status: EndpointStatus): void;
}
