/**
 * Whose fault a failure is. Only `revision` and `rollback-alarm` (the user made that alarm the judge) are the
 * revision's own; `unknown` is anybody's.
 */
export type Fault =
  | 'revision'
  | 'rollback-alarm'
  | 'capacity'
  | 'quota'
  | 'kms'
  | 'image'
  | 'role'
  | 'network'
  | 'sagemaker'
  | 'unknown';

/** One kind of failure: a FailureReason of DescribeEndpoint, or an error of UpdateEndpoint. */
export interface FailureKind {
  readonly pattern: RegExp;
  readonly fault: Fault;
  /** A text that the pattern matches. */
  readonly example: string;
  /** Where that text was seen. `unverified`: no public report shows it. */
  readonly source: string;
  /** What a person can do. */
  readonly todo: string;
}

/** The first pattern that matches decides. */
export const FAILURE_REASONS: readonly FailureKind[] = [
  {
    pattern: /did not pass the ping health check/i,
    fault: 'revision',
    example:
      'The primary container for production variant AllTraffic did not pass the ping health check. ' +
      'Please check CloudWatch logs for this endpoint.',
    source: 'AWS documentation, many reports',
    todo: 'Check the container’s log in CloudWatch, then upload model data that the container can load.',
  },
  {
    pattern: /unable to successfully stand up your model/i,
    fault: 'revision',
    example:
      'Unable to successfully stand up your model within the allotted 180 second timeout. Please ensure that ' +
      'downloading your model artifacts, starting your model container and passing the ping health checks can be ' +
      'completed within 180 seconds.',
    source: 'reports of serverless endpoints',
    todo: 'Upload model data that is loaded within 180 seconds, or deploy the stack with more memory.',
  },
  {
    pattern: /CannotStartContainerError/i,
    fault: 'revision',
    example:
      'CannotStartContainerError. Please ensure the model container for variant AllTraffic starts correctly when ' +
      'invoked with …',
    source: 'aws/sagemaker-python-sdk#4615',
    todo: 'Upload model data with which the container starts. If it is the image, deploy a mended one, then `retry`.',
  },
  {
    pattern: /model data archive is too large/i,
    fault: 'revision',
    example:
      'The model data archive is too large. Please reduce the size of the model data archive or move to an instance ' +
      'type with more memory.',
    source: 'aws/sagemaker-python-sdk#879',
    todo: 'Upload a smaller archive, or deploy the stack with an instance type that has more memory.',
  },
  {
    pattern: /failed to extract model data archive/i,
    fault: 'revision',
    example: 'Failed to extract model data archive for container "container_1" from URL "s3://models/model.tar.gz".',
    source: 'AWS re:Post',
    todo: 'Upload a tar.gz archive without symbolic links.',
  },
  {
    // An alarm that is missing, or may not be read, judges nothing.
    pattern: /^(?!.*(not authorized|not exist|not find|not found)).*\balarms?\b/is,
    fault: 'rollback-alarm',
    example: 'The deployment was rolled back because CloudWatch alarm "iris-errors" was in ALARM state.',
    source: 'SageMaker developer guide "Auto-rollback"; the text is unverified',
    todo: 'Check why the alarm of autoRollbackConfiguration went off, then upload other model data.',
  },
  {
    pattern: /InsufficientInstanceCapacity|CapacityError|unable to provision requested ML compute capacity/i,
    fault: 'capacity',
    example:
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. ' +
      'Please retry using a different ML instance type.',
    source: 'aws/deep-learning-containers#6673, #6411; DIAGNijmegen/rse-grand-challenge#2631',
    todo: 'Wait until AWS has capacity, or deploy the stack with another instance type.',
  },
  {
    pattern: /ResourceLimitExceeded|account-level service limit/i,
    fault: 'quota',
    example:
      "ResourceLimitExceeded: The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 1 Instances, " +
      'with current utilization of 1 Instances and a request delta of 1 Instances.',
    source: 'aws/amazon-sagemaker-examples#307',
    todo: 'Request a higher quota: an update runs the old and the new instances at the same time.',
  },
  {
    pattern: /\bkms\b|CreateGrant/i,
    fault: 'kms',
    example: 'AccessDeniedException: User is not authorized to perform: kms:CreateGrant on the KMS key.',
    source: 'documentation of AWS::SageMaker::EndpointConfig (KmsKeyId); the text is unverified',
    todo: 'Let the key policy grant kms:CreateGrant and kms:Decrypt to the roles that the message names.',
  },
  {
    pattern: /make sure all images included in the model|the repository of your image/i,
    fault: 'image',
    example:
      'Please make sure all images included in the model for the production variant AllTraffic exist, ' +
      'and that the execution role used to create the model has permissions to access them.',
    source: 'aws/amazon-sagemaker-examples#275, #1797',
    todo: 'Check that the image exists and that the execution role of the model can pull it.',
  },
  {
    pattern: /image size \d+ is greater/i,
    fault: 'image',
    example: 'Image size 12345678901 is greater than supported size 10737418240.',
    source: 'aws-solutions-library-samples/qnabot-on-aws#691',
    todo: 'Deploy the stack with a smaller image: on a serverless endpoint it has at most 10 GB.',
  },
  {
    pattern: /failed to download model data|AccessDenied|not authorized to perform|could not assume role/i,
    fault: 'role',
    example:
      'Failed to download model data for container "container_1" from URL: "s3://models/model.tar.gz". Please ensure ' +
      'that there is an object located at the URL and that the role passed to CreateModel has permissions to ' +
      'download the object.',
    source: 'mlflow/mlflow#2573',
    todo: 'Grant the permission that the message names to the role that it names.',
  },
  {
    pattern: /\b(subnets?|security groups?|VPC|network interfaces?|ENIs?)\b/i,
    fault: 'network',
    example: 'The subnet does not have enough free IP addresses to create the network interfaces.',
    source: 'unverified',
    todo: 'Check subnets, security groups and free addresses of the VPC of the models.',
  },
  {
    pattern:
      /^Request to service failed|InternalFailure|Internal ?Server|internal error|ServiceUnavailable|Throttl|Rate exceeded/i,
    fault: 'sagemaker',
    example: 'Request to service failed. If failure persists after retry, contact customer support.',
    source: 'aws-controllers-k8s/sagemaker-controller',
    todo: 'Wait; contact AWS Support if it persists.',
  },
];

const UNKNOWN_TODO = 'Check the endpoint’s events and the container’s log in CloudWatch.';

/** A failure, judged. */
export interface Judgement {
  readonly fault: Fault;
  readonly todo: string;
}

/** Whose fault the failure is. `text`: FailureReason, or an error with its name; undefined: there is none. */
export function judgeFailure(text: string | undefined): Judgement {
  const kind = FAILURE_REASONS.find(({ pattern }) => text !== undefined && pattern.test(text));
  return kind ?? { fault: 'unknown', todo: UNKNOWN_TODO };
}

/** Whether the revision itself is at fault: only that quarantines it. */
export function isRevisionsFault(fault: Fault): boolean {
  return fault === 'revision' || fault === 'rollback-alarm';
}
