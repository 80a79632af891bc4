/** Whose fault a failure is, as far as the contract distinguishes them. */
export type Blame = 'revision' | 'others' | 'unknown';

/**
 * The oracle's own judgement of FailureReasons, from SageMaker's documentation and public reports. Nothing of it comes
 * from the engine.
 */
const REVISIONS_FAULT = [/ping health check/, /Failed to extract model data archive/, /CloudWatch alarm/];
const OTHERS_FAULT = [
  /InsufficientInstanceCapacity/,
  /^CapacityError/,
  /account-level service limit/,
  /Failed to download model data/,
  /make sure all images included/,
  /kms:/,
  /subnet/,
  /^Request to service failed/,
];

/** Whose fault the update's failure is; `reason` is what DescribeEndpoint says. */
export function blame(reason: string | undefined): Blame {
  if (reason === undefined || reason === '') return 'unknown';
  if (REVISIONS_FAULT.some((pattern) => pattern.test(reason))) return 'revision';
  return OTHERS_FAULT.some((pattern) => pattern.test(reason)) ? 'others' : 'unknown';
}
