import { Annotations, ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { PredefinedMetric, ScalableTarget, ServiceNamespace } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { AutoScaleOptions } from '../auto-scale-options';
import type { SagemakerEndpointBase } from '../endpoint-base';
import { areConcrete } from './tokens';
import { readableVariants } from './variants';

/** Requests per instance and minute, as in the examples of the SageMaker AI Developer Guide. */
const DEFAULT_INVOCATIONS_PER_INSTANCE = 70;
/** Waiting requests per instance of an asynchronous endpoint, as in the examples of the same guide. */
const DEFAULT_BACKLOG_PER_INSTANCE = 5;

/** The endpoint of a variant that scales. */
export interface ScaledEndpoint {
  readonly endpoint: SagemakerEndpointBase;
  /** The name, from which it follows that a resource waits for the endpoint. */
  readonly attrEndpointName: string;
  readonly config: CfnEndpointConfigProps;
}

/** Makes a variant a scalable target with the usual policy. Throws if the variant cannot be scaled. */
export function autoScaleVariant(
  scaled: ScaledEndpoint,
  variantName: string,
  options: AutoScaleOptions,
): ScalableTarget {
  const { endpoint, attrEndpointName, config } = scaled;
  const isAsync = config.asyncInferenceConfig !== undefined;
  checkOptions(scaled, variantName, { ...options, isAsync });
  const target = new ScalableTarget(endpoint, `Scaling-${variantName}`, {
    serviceNamespace: ServiceNamespace.SAGEMAKER,
    resourceId: `endpoint/${attrEndpointName}/variant/${variantName}`,
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    minCapacity: options.min,
    maxCapacity: options.max,
    role: Role.fromRoleArn(
      endpoint,
      `ScalingRole-${variantName}`,
      Stack.of(endpoint).formatArn({
        service: 'iam',
        region: '',
        resource: 'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com',
        resourceName: 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    ),
  });
  target.scaleToTrackMetric('Load', {
    scaleInCooldown: options.scaleInCooldown,
    scaleOutCooldown: options.scaleOutCooldown,
    ...(isAsync
      ? {
          targetValue: options.backlogPerInstance ?? DEFAULT_BACKLOG_PER_INSTANCE,
          customMetric: backlog(attrEndpointName),
        }
      : {
          targetValue: options.invocationsPerInstance ?? DEFAULT_INVOCATIONS_PER_INSTANCE,
          predefinedMetric: PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
        }),
  });
  annotateInstanceType(scaled, variantName);
  return target;
}

function backlog(endpointName: string): Metric {
  return new Metric({
    namespace: 'AWS/SageMaker',
    metricName: 'ApproximateBacklogSizePerInstance',
    dimensionsMap: { EndpointName: endpointName },
    statistic: Stats.AVERAGE,
    period: Duration.minutes(1),
  });
}

function checkOptions(
  { endpoint, config }: ScaledEndpoint,
  variantName: string,
  { min, max, isAsync }: AutoScaleOptions & { readonly isAsync: boolean },
): void {
  const problem = (text: string) =>
    new Error(`autoScale of endpoint "${endpoint.node.path}", variant "${variantName}": ${text}`);
  const names = endpoint._variantNames;
  if (names && !names.includes(variantName)) {
    throw problem(`there is no such variant. Its variants are: ${names.join(', ')}.`);
  }
  const lowest = isAsync ? 0 : 1;
  if (min < lowest || max < min) {
    throw problem(`min is ${min} and max is ${max}, expected ${lowest} <= min <= max.`);
  }
  const variant = variantNamed(config, variantName);
  if (variant?.serverlessConfig) {
    throw problem('it is serverless, which has no instances. Set maxConcurrency in serverlessConfig instead.');
  }
  if (variant?.managedInstanceScaling) {
    throw problem('it has managedInstanceScaling, which scales instances too. Omit one of them.');
  }
}

function variantNamed({ productionVariants }: CfnEndpointConfigProps, name: string) {
  return readableVariants(productionVariants).find(({ variantName }) => variantName === name);
}

/** SageMaker rejects an update that changes the instance type of a variant that is a scalable target. */
function annotateInstanceType({ endpoint, config }: ScaledEndpoint, variantName: string): void {
  const type = variantNamed(config, variantName)?.instanceType;
  const howTo =
    'SageMaker rejects another instance type while the variant scales. To change it, deploy without autoScale, then ' +
    'with the new type, then with autoScale again.';
  if (type !== undefined && areConcrete(type)) {
    const text = `Variant "${variantName}" scales with instance type ${type}. ${howTo}`;
    Annotations.of(endpoint).addInfoV2('@freshpoint/cdk:autoScaleInstanceType', text);
    return;
  }
  Annotations.of(endpoint).addWarningV2(
    '@freshpoint/cdk:autoScaleUnknownInstanceType',
    `Variant "${variantName}" scales, but its instance type is not known at synthesis, so a deployment may change it. ` +
      `${howTo} Write the instance type out to see each change of it.`,
  );
}
