import type { CfnModel, CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';

/** A model that the endpoint serves. */
export interface ModelProps {
  /** The model, as CloudFormation takes it. Every property is passed on. */
  readonly props: CfnModelProps;

  /**
   * The model's name: what variants call it, and the beginning of its physical name `<name>-<8 hex digits>`.
   *
   * If `props.modelName` is given too, they must be equal.
   *
   * @default - `props.modelName`; without that CloudFormation makes the physical name, which is the safest
   */
  readonly modelName?: string;

  /**
   * Id of the model's construct below the endpoint's `Models`. A variant may name the model by it.
   *
   * @default - the model's name, or `Model1`, `Model2`, … by position when it has none
   */
  readonly customId?: string;
}

/** A model of an endpoint together with the resources that were made of it. */
export interface EndpointModel extends ModelProps {
  /** The CloudFormation resource of slot A. */
  readonly cfnModel: CfnModel;

  /** That of slot B. The same one, where both slots load the same place. */
  readonly cfnModelB: CfnModel;
}
