import type { ProductionVariantSummary } from '@aws-sdk/client-sagemaker';
import { definitionsOf } from './containers.ts';
import type { VariantFleet } from './fleet.ts';
import { summaryOf } from './resources.ts';
import type { Endpoint } from './store.ts';

/** DescribeEndpoint's output. During an update only the pending deployment describes the new config. */
export function describeEndpoint({ config, fleet, pending, ...endpoint }: Endpoint) {
  const { AsyncInferenceConfig, DataCaptureConfig, ExplainerConfig } = config;
  return {
    ...summaryOf('Endpoint', endpoint),
    EndpointConfigName: config.name,
    ProductionVariants: fleet?.variants.map(summary),
    ShadowProductionVariants: fleet?.shadows.length ? fleet.shadows.map(summary) : undefined,
    DataCaptureConfig: DataCaptureConfig && {
      EnableCapture: DataCaptureConfig.EnableCapture ?? false,
      CaptureStatus: 'Stopped',
      CurrentSamplingPercentage: DataCaptureConfig.InitialSamplingPercentage,
      DestinationS3Uri: DataCaptureConfig.DestinationS3Uri,
      KmsKeyId: DataCaptureConfig.KmsKeyId ?? '',
    },
    EndpointStatus: endpoint.status,
    FailureReason: endpoint.failureReason,
    LastModifiedTime: new Date(endpoint.modified),
    ...structuredClone({ LastDeploymentConfig: endpoint.deploymentConfig, AsyncInferenceConfig, ExplainerConfig }),
    PendingDeploymentSummary: pending && {
      EndpointConfigName: pending.config.name,
      ProductionVariants: pending.fleet.variants.map(pendingSummary),
      StartTime: new Date(pending.started),
      ShadowProductionVariants: pending.fleet.shadows.length ? pending.fleet.shadows.map(pendingSummary) : undefined,
    },
  };
}

export function summary(fleet: VariantFleet): ProductionVariantSummary {
  const { variant, model } = fleet.plan;
  const { ServerlessConfig } = variant;
  const images = definitionsOf(model).flatMap(({ Image = [] }) => Image);
  return {
    VariantName: fleet.name,
    DeployedImages: images.map((image) => ({
      SpecifiedImage: image,
      ResolvedImage: image,
      ResolutionTime: new Date(model.created),
    })),
    CurrentWeight: fleet.weight,
    DesiredWeight: fleet.desiredWeight,
    ...(ServerlessConfig
      ? { CurrentServerlessConfig: ServerlessConfig, DesiredServerlessConfig: ServerlessConfig }
      : { CurrentInstanceCount: fleet.healthyCount, DesiredInstanceCount: fleet.desiredCount }),
    VariantStatus: fleet.status && [fleet.status],
    ManagedInstanceScaling: variant.ManagedInstanceScaling,
    RoutingConfig: variant.RoutingConfig,
  };
}

const pendingSummary = (fleet: VariantFleet) => ({ ...summary(fleet), InstanceType: fleet.plan.variant.InstanceType });

/** An event as SageMaker sends it to EventBridge's default bus, which adds id, time, account and region. */
export type EndpointStateChange = ReturnType<typeof endpointStateChange>;

export const endpointStateChange = ({ config, fleet, Tags = [], ...endpoint }: Endpoint) => ({
  source: 'aws.sagemaker' as const,
  'detail-type': 'SageMaker Endpoint State Change' as const,
  resources: [endpoint.arn],
  detail: {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: config.name,
    // As events spell it: `IN_SERVICE`.
    EndpointStatus: endpoint.status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
    ...(endpoint.failureReason !== undefined && { FailureReason: endpoint.failureReason }),
    // Events are JSON, so their times are text.
    ProductionVariants: JSON.parse(JSON.stringify(fleet?.variants.map(summary) ?? [])) as object[],
    // Epoch milliseconds.
    CreationTime: endpoint.created,
    LastModifiedTime: endpoint.modified,
    Tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) as Record<string, string>,
  },
});
