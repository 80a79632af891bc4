import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { ModelProps } from './model-props';

/** A model of an endpoint with the CloudFormation resources that were created for it. */
export interface EndpointModel extends ModelProps {
  /** The resource of slot A. */
  readonly cfnModel: CfnModel;

  /** The resource of slot B; the same as that of slot A if both slots load the same data. */
  readonly cfnModelB: CfnModel;
}
