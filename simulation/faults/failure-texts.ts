/** Texts with which SageMaker refuses updates, by kind; the sources are in the engine's failure-reasons.ts. */
export const FAILURE_TEXTS = {
  capacity: [
    'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. ' +
      'Please retry using a different ML instance type.',
    'CapacityError: Unable to provision requested ML compute capacity. ' +
      'Please retry using a different ML instance type.',
  ],
  role: [
    'Failed to download model data for container "container_1" from URL: "s3://models/model.tar.gz". Please ensure ' +
      'that there is an object located at the URL and that the role passed to CreateModel has permissions to download ' +
      'the object.',
  ],
  image: [
    'Please make sure all images included in the model for the production variant AllTraffic exist, and that the ' +
      'execution role used to create the model has permissions to access them.',
  ],
  kms: ['The execution role is not authorized to perform: kms:Decrypt on the key of the endpoint config.'],
  network: ['The subnet does not have enough free addresses for the instances.'],
  sagemaker: ['Request to service failed. If failure persists after retry, contact customer support.'],
  /** SageMaker rolls back without a reason, or with one that is not known yet. */
  unknown: ['', 'Something went wrong that was never seen before.'],
} as const;

/** The texts of the revision's own fault. */
export const OWN_FAULT_TEXTS = [
  'The primary container for production variant AllTraffic did not pass the ping health check. ' +
    'Please check CloudWatch logs for this endpoint.',
  'The deployment was rolled back because CloudWatch alarm "iris-errors" was in ALARM state.',
] as const;

/** With which UpdateEndpoint itself is rejected. */
export const QUOTA_TEXT =
  "The account-level service limit 'ml.m5.large for endpoint usage' is 2 Instances, with current utilization of " +
  '2 Instances and a request delta of 2 Instances.';

/** What may be short for hours or days; `quota`: UpdateEndpoint itself is rejected. */
export type ShortageKind = keyof typeof FAILURE_TEXTS | 'quota';
