import type { CapacitySize, DeploymentConfig, TrafficRoutingConfig } from '@aws-sdk/client-sagemaker';
import { validation } from './errors.ts';
import type { EndpointConfig } from './resources.ts';

/** The shares of the traffic that a new fleet of `instances` instances gets, in order; a wait follows each. */
export function trafficSteps(routing: TrafficRoutingConfig | undefined, instances: number): number[] {
  const { Type, CanarySize, LinearStepSize } = routing ?? {};
  const size = Type === 'CANARY' ? CanarySize : Type === 'LINEAR' ? LinearStepSize : undefined;
  const share = shareOf(size, instances);
  const steps = Type === 'LINEAR' ? Math.ceil(1 / share - 1e-9) - 1 : 1;
  return [...Array.from({ length: steps }, (_, index) => (index + 1) * share).filter((step) => step < 1), 1];
}

/** Number of instances in a batch of a rolling update, at least one. */
export const batchSize = (size: CapacitySize | undefined, instances: number): number =>
  Math.max(1, Math.floor(shareOf(size, instances) * instances));

function shareOf(size: CapacitySize | undefined, instances: number): number {
  if (!size?.Value) return 1;
  return Math.min(1, size.Type === 'CAPACITY_PERCENT' ? size.Value / 100 : size.Value / Math.max(1, instances));
}

/** Throws ValidationException for a policy that SageMaker rejects. The messages on AWS are unverified. */
export function checkDeploymentConfig(deployment: DeploymentConfig | undefined, next: EndpointConfig): void {
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = deployment ?? {};
  if (blueGreen && rolling) {
    throw validation('BlueGreenUpdatePolicy and RollingUpdatePolicy cannot both be specified.');
  }
  const routing = blueGreen?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY') checkSize('CanarySize', routing.CanarySize, 1, 50);
  if (routing?.Type === 'LINEAR') checkSize('LinearStepSize', routing.LinearStepSize, 10, 50);
  if (rolling) checkSize('MaximumBatchSize', rolling.MaximumBatchSize, 5, 50);
  const { MaximumExecutionTimeoutInSeconds } = blueGreen ?? rolling ?? {};
  checkRange('WaitIntervalInSeconds', (routing ?? rolling)?.WaitIntervalInSeconds, 0, 3600);
  checkRange('TerminationWaitInSeconds', blueGreen?.TerminationWaitInSeconds, 0, 3600);
  checkRange('MaximumExecutionTimeoutInSeconds', MaximumExecutionTimeoutInSeconds, 600, 28_800);
  const variants = next.ProductionVariants ?? [];
  if (rolling && variants.length > 1) {
    throw validation('Rolling deployment supports endpoints with one production variant only.');
  }
  if (rolling && variants.some(({ ServerlessConfig }) => ServerlessConfig)) {
    throw validation('Rolling deployment does not support serverless variants.');
  }
}

function checkRange(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return;
  throw validation(`${name} must be between ${min} and ${max}, got: ${value}`);
}

function checkSize(name: string, size: CapacitySize | undefined, minPercent: number, maxPercent: number): void {
  if (!size) throw validation(`${name} must be specified.`);
  if (size.Type === 'CAPACITY_PERCENT') checkRange(name, size.Value, minPercent, maxPercent);
  else if (size.Type !== 'INSTANCE_COUNT' || !(Number(size.Value) >= 1)) {
    throw validation(`${name} needs a Type of INSTANCE_COUNT or CAPACITY_PERCENT and a positive Value.`);
  }
}
