import type { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfigProps, CfnEndpointProps } from 'aws-cdk-lib/aws-sagemaker';
import type { BucketEvent } from './bucket-event';
import type { GuardedDeployment } from './guarded-deployment';
import type { ModelData } from './model-data';
import type { ModelProps } from './model-props';
import type { Refresher } from './refresher';
import type { SmokeTest } from './smoke-test';
import type { Verification } from './verification';

/** Properties of a `SagemakerEndpoint`. */
export interface SagemakerEndpointProps {
  /**
   * Properties of the `CfnEndpoint`. Every property is passed on, except `endpointConfigName`: the endpoint gets the
   * config that the construct creates.
   *
   * `retainAllVariantProperties` and `retainDeploymentConfig` also apply to refreshes, where both are true unless set
   * to false here: a refresh keeps instance counts, weights, canary settings and rollback alarms.
   */
  readonly endpointProps: CfnEndpointProps;

  /**
   * Properties of the two `CfnEndpointConfig`s, slots A and B, between which refreshes swap. Every property is passed
   * on.
   *
   * If `endpointConfigName` is set, it must equal the one in `endpointProps`. The configs are then named
   * `<name>-<8 hex digits>-a` and `-b`; the digits are a digest of the settings. Otherwise CloudFormation generates the
   * names.
   *
   * A variant refers to a model of `modelsProps` by its name or `customId`, and to any other model by a token. With one
   * model, `modelName` can be omitted, unless `executionRoleArn` is set: the variant then hosts inference components.
   */
  readonly endpointConfigProps: CfnEndpointConfigProps;

  /** The models of the endpoint. At least one. */
  readonly modelsProps: ModelProps[];

  /**
   * The bucket whose events trigger refreshes.
   *
   * EventBridge delivery is enabled if the bucket belongs to the app. For an imported bucket, a warning shows how to
   * enable it.
   */
  readonly modelsBucket: IBucket;

  /**
   * The events of `modelsBucket` that trigger refreshes.
   *
   * @default - created objects whose key ends with `.tar.gz`
   */
  readonly bucketEvents?: BucketEvent[];

  /**
   * Whether the models of each slot load their own copies of the model data, or load the sources in place.
   *
   * @default ModelData.perSlot()
   */
  readonly modelData?: ModelData;

  /**
   * How much of each uploaded archive is read before the endpoint is updated.
   *
   * @default Verification.quick()
   */
  readonly verification?: Verification;

  /**
   * Requests that the endpoint must answer as expected after each refresh to newer data.
   *
   * After a wrong response the refresher rolls back to the revision that was served before, and quarantines the new
   * revision with that response. Requires model data per slot.
   *
   * @default - none
   */
  readonly smokeTests?: SmokeTest[];

  /**
   * How deployments and refreshes shift traffic to a new fleet, and which alarms end an update. It sets
   * `deploymentConfig` of `endpointProps`, and needs an `endpointName`, because its alarms exist before the endpoint.
   *
   * @default - `deploymentConfig` of `endpointProps`; without one, all traffic at once and no alarms
   */
  readonly guardedDeployment?: GuardedDeployment;

  /**
   * Minimum age of the newest source before a refresh, so that an upload of several objects is served as a whole. At
   * most 12 hours.
   *
   * @default Duration.seconds(60)
   */
  readonly waitTime?: Duration;

  /**
   * Key of an object in `modelsBucket` that is uploaded last, for example `models/_SUCCESS`: a refresh waits until it
   * is at least as new as the newest source. For several objects whose uploads can take longer than `waitTime`.
   *
   * Deployments do not wait for it. Its content does not matter.
   *
   * @default - none
   */
  readonly marker?: string;

  /**
   * Upper bound of the wait for `waitTime` while uploads never pause. At least `waitTime`.
   *
   * @default - unbounded; five times `waitTime` if the data of all models are `ModelSource.newestBelow`
   */
  readonly maxWaitTime?: Duration;

  /**
   * How often to poll the endpoint while it is being updated, if no event announces the end of the update. 1 second to
   * 12 hours. AWS throttles frequent calls.
   *
   * @default Duration.minutes(5)
   */
  readonly pollInterval?: Duration;

  /**
   * How long something other than the revision itself may keep the newest revision from being served before that is
   * published as stalled: as an event, as a metric that the refresher's alarm watches, and in the log. At least one
   * minute.
   *
   * @default Duration.minutes(30)
   */
  readonly stalledAfter?: Duration;

  /**
   * How often the endpoint is reconciled in the absence of events. Whole minutes, at least one.
   *
   * @default Duration.hours(1)
   */
  readonly sweepInterval?: Duration;

  /**
   * The refresher that refreshes the endpoint. It must be in the endpoint's account and region.
   *
   * @default - one that all endpoints of the stack share
   */
  readonly refresher?: Refresher;
}
