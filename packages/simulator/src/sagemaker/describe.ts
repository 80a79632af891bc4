import type { ProductionVariantSummary } from '@aws-sdk/client-sagemaker';
import { definitionsOf } from './containers.ts';
import type { VariantFleet } from './fleet.ts';
import type { Endpoint } from './store.ts';

/** DescribeEndpoint's output. During an update only the pending deployment describes the new config. */
export function describeEndpoint(endpoint: Endpoint) {
  const { config, fleet, pending } = endpoint;
  const { AsyncInferenceConfig, DataCaptureConfig, ExplainerConfig } = config;
  return {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: config.EndpointConfigName,
    ...(fleet && { ProductionVariants: fleet.variants.map(summary) }),
    ...(fleet?.shadows.length && { ShadowProductionVariants: fleet.shadows.map(summary) }),
    ...(DataCaptureConfig && {
      DataCaptureConfig: {
        EnableCapture: DataCaptureConfig.EnableCapture ?? false,
        CaptureStatus: 'Stopped',
        CurrentSamplingPercentage: DataCaptureConfig.InitialSamplingPercentage,
        DestinationS3Uri: DataCaptureConfig.DestinationS3Uri,
        KmsKeyId: DataCaptureConfig.KmsKeyId ?? '',
      },
    }),
    EndpointStatus: endpoint.status,
    ...(endpoint.failureReason !== undefined && { FailureReason: endpoint.failureReason }),
    CreationTime: new Date(endpoint.created),
    LastModifiedTime: new Date(endpoint.modified),
    ...(endpoint.deploymentConfig && { LastDeploymentConfig: structuredClone(endpoint.deploymentConfig) }),
    ...(AsyncInferenceConfig && { AsyncInferenceConfig: structuredClone(AsyncInferenceConfig) }),
    ...(ExplainerConfig && { ExplainerConfig: structuredClone(ExplainerConfig) }),
    ...(pending && {
      PendingDeploymentSummary: {
        EndpointConfigName: pending.config.EndpointConfigName,
        ProductionVariants: pending.fleet.variants.map(pendingSummary),
        StartTime: new Date(pending.started),
        ...(pending.fleet.shadows.length && { ShadowProductionVariants: pending.fleet.shadows.map(pendingSummary) }),
      },
    }),
  };
}

export function summary(fleet: VariantFleet): ProductionVariantSummary {
  const { variant, model } = fleet.plan;
  const { ServerlessConfig } = variant;
  return {
    VariantName: fleet.name,
    DeployedImages: definitionsOf(model).flatMap(({ Image }) =>
      Image === undefined
        ? []
        : [{ SpecifiedImage: Image, ResolvedImage: Image, ResolutionTime: new Date(model.created) }],
    ),
    CurrentWeight: fleet.weight,
    DesiredWeight: fleet.desiredWeight,
    ...(ServerlessConfig
      ? { CurrentServerlessConfig: ServerlessConfig, DesiredServerlessConfig: ServerlessConfig }
      : { CurrentInstanceCount: fleet.healthyCount, DesiredInstanceCount: fleet.desiredCount }),
    ...(fleet.status && { VariantStatus: [fleet.status] }),
    ...(variant.ManagedInstanceScaling && { ManagedInstanceScaling: variant.ManagedInstanceScaling }),
    ...(variant.RoutingConfig && { RoutingConfig: variant.RoutingConfig }),
  };
}

function pendingSummary(fleet: VariantFleet) {
  const { InstanceType } = fleet.plan.variant;
  return { ...summary(fleet), ...(InstanceType !== undefined && { InstanceType }) };
}
