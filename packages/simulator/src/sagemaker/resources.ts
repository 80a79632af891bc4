import type { CreateEndpointConfigInput, CreateModelInput, CreateModelPackageInput } from '@aws-sdk/client-sagemaker';

/** A model, as created. */
export interface SageMakerModel extends CreateModelInput {
  readonly ModelName: string;
  readonly ExecutionRoleArn: string;
  readonly arn: string;
  readonly created: number;
}

/** An endpoint config, as created. */
export interface EndpointConfig extends CreateEndpointConfigInput {
  readonly EndpointConfigName: string;
  readonly arn: string;
  readonly created: number;
}

/** A version in a model package group. */
export interface ModelPackageVersion {
  readonly version: number;
  readonly arn: string;
  readonly created: number;
  /** Absent: not changed yet. */
  modified?: number;
  /** As created, with the changes since. */
  settings: Omit<CreateModelPackageInput, 'ModelPackageGroupName' | 'ModelPackageName'>;
}

export interface ModelPackageGroup {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  readonly description?: string;
  /** Its resource policy, as put. */
  policy?: string;
  /** By version. */
  readonly packages: Map<number, ModelPackageVersion>;
  /** Number of versions that there ever were. */
  versions: number;
}
