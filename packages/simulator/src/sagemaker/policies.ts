import type { CapacitySize, DeploymentConfig, TrafficRoutingConfig } from '@aws-sdk/client-sagemaker';
import { validation } from './errors.ts';
import type { EndpointConfig } from './resources.ts';

/** The shares of the traffic that a new fleet of `instances` instances gets, in order; a wait follows each. */
export function trafficSteps(routing: TrafficRoutingConfig | undefined, instances: number): number[] {
  if (routing?.Type === 'CANARY') {
    const share = shareOf(routing.CanarySize, instances);
    return share < 1 ? [share, 1] : [1];
  }
  if (routing?.Type === 'LINEAR') {
    const step = shareOf(routing.LinearStepSize, instances);
    const steps: number[] = [];
    for (let count = 1; count * step < 1 - 1e-9; count++) steps.push(count * step);
    return [...steps, 1];
  }
  return [1];
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
  if (!deployment) return;
  const {
    BlueGreenUpdatePolicy: blueGreen,
    RollingUpdatePolicy: rolling,
    AutoRollbackConfiguration: auto,
  } = deployment;
  if (blueGreen && rolling) {
    throw validation('BlueGreenUpdatePolicy and RollingUpdatePolicy cannot both be specified.');
  }
  if ((auto?.Alarms?.length ?? 0) > 10) throw validation('At most 10 rollback alarms can be specified.');
  if (blueGreen) {
    const routing = blueGreen.TrafficRoutingConfiguration;
    if (!routing?.Type) throw validation('TrafficRoutingConfiguration.Type must be specified.');
    if (routing.Type === 'CANARY') {
      if (!routing.CanarySize) throw validation('CanarySize must be specified with CANARY traffic routing.');
      percent('CanarySize', routing.CanarySize, 1, 50);
    }
    if (routing.Type === 'LINEAR') {
      if (!routing.LinearStepSize) throw validation('LinearStepSize must be specified with LINEAR traffic routing.');
      percent('LinearStepSize', routing.LinearStepSize, 10, 50);
    }
    range('WaitIntervalInSeconds', routing.WaitIntervalInSeconds, 0, 3600);
    range('TerminationWaitInSeconds', blueGreen.TerminationWaitInSeconds, 0, 3600);
    range('MaximumExecutionTimeoutInSeconds', blueGreen.MaximumExecutionTimeoutInSeconds, 600, 28_800);
  }
  if (rolling) {
    if (!rolling.MaximumBatchSize) throw validation('MaximumBatchSize must be specified.');
    percent('MaximumBatchSize', rolling.MaximumBatchSize, 5, 50);
    range('WaitIntervalInSeconds', rolling.WaitIntervalInSeconds, 0, 3600);
    range('MaximumExecutionTimeoutInSeconds', rolling.MaximumExecutionTimeoutInSeconds, 600, 28_800);
    const variants = next.ProductionVariants ?? [];
    if (variants.length > 1)
      throw validation('Rolling deployment supports endpoints with one production variant only.');
    if (variants.some(({ ServerlessConfig }) => ServerlessConfig)) {
      throw validation('Rolling deployment does not support serverless variants.');
    }
  }
}

function range(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(value >= min && value <= max)) {
    throw validation(`${name} must be between ${min} and ${max}, got: ${value}`);
  }
}

function percent(name: string, size: CapacitySize, min: number, max: number): void {
  if (size.Type === 'CAPACITY_PERCENT') range(name, size.Value, min, max);
  else if (size.Type !== 'INSTANCE_COUNT' || !(Number(size.Value) >= 1)) {
    throw validation(`${name} needs a Type of INSTANCE_COUNT or CAPACITY_PERCENT and a positive Value.`);
  }
}
