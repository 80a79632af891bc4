import type { CreateEndpointConfigInput, CreateModelInput } from '@aws-sdk/client-sagemaker';

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
