import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';

/** A model of an endpoint. */
export interface ModelProps {
  /** Properties of the `CfnModel`. Every property is passed on. */
  readonly props: CfnModelProps;

  /**
   * Name of the model. Variants refer to the model by this name. The physical name is `<name>-<8 hex digits>`.
   *
   * If `props.modelName` is set too, both must be equal.
   *
   * @default - `props.modelName`; if that is not set either, CloudFormation generates the name (recommended)
   */
  readonly modelName?: string;

  /**
   * Id of the `CfnModel` construct below the endpoint's `Models` construct. A variant can also refer to the model by
   * this id.
   *
   * @default - the model's name; without a name `Model1`, `Model2`, … by position
   */
  readonly customId?: string;

  /**
   * A `.tar.gz` file that a deployment copies to the model's URL in `modelsBucket` if there is no object, so that the
   * stack can create the bucket, too. An object that exists is never replaced.
   *
   * The model must load exactly one archive.
   *
   * @default - none: the first deployment needs an object at the URL
   */
  readonly initialModelData?: Asset;
}
