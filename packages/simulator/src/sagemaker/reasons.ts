/** FailureReasons, worded as in SageMaker. */

/** `container` is the container's label: `primary` for a model with one container. */
export const pingFailed = (container: string, variantName: string): string =>
  `The ${container} container for production variant ${variantName} did not pass the ping health check. ` +
  'Please check CloudWatch logs for this endpoint.';

/** `container` is the container's name: `container_1` for a model with one container. */
export const downloadFailed = (container: string, url: string): string =>
  `Failed to download model data for container "${container}" from URL: "${url}". ` +
  'Please ensure that there is an object located at the URL and that the role passed to CreateModel ' +
  'has permissions to download the object.';

/** `found` is our addition: the problem of the archive, which SageMaker does not report. */
export const extractFailed = (container: string, url: string, found: string): string =>
  `Failed to extract model data archive for container "${container}" from URL "${url}". ` +
  `Please ensure that the object located at the URL is a valid tar.gz archive. (${found})`;

/** For an internal failure of SageMaker, which a retry can resolve. */
export const INTERNAL_FAILURE_REASON =
  'Request to service failed. If failure persists after retry, contact customer support.';

/** For the limit of the deployment policy. The text on AWS is unverified. */
export const executionTimeout = (seconds: number): string =>
  `The deployment did not complete within MaximumExecutionTimeoutInSeconds (${seconds}).`;
