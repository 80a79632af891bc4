import type { EndpointStatus } from '@aws-sdk/client-sagemaker';

/** A fault to inject into an update; the update's model data do not matter. */
export type UpdateFault =
  /** The new fleet never becomes healthy. The default reason is the failed ping; `''` rolls back without a reason. */
  | { readonly kind: 'refuse'; readonly reason?: string }
  /** The update is rolled back, with an internal failure of SageMaker as the reason. */
  | { readonly kind: 'internal' }
  /** The launch takes this much longer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The update and its rollback both fail: UpdateRollbackFailed. */
  | { readonly kind: 'rollback-failed'; readonly reason?: string };

/** Injects faults, for tests and simulations. */
export interface Faults {
  /** Injects `fault` into the endpoint's next accepted UpdateEndpoint; further calls queue up. */
  nextUpdate(endpointName: string, fault: UpdateFault): void;
  /** Sets the status only, e.g. SystemUpdating, as SageMaker does while it patches. Throws ValidationException. */
  forceStatus(endpointName: string, status: EndpointStatus): void;
}
