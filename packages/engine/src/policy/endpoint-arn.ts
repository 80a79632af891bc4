import type { EndpointSpec } from '@freshpoint/cdk/contract';

/** Partition, region and account of the stack, in front of a resource of that service. */
export function arnIn(stackId: string, service: string, resource: string): string {
  const [, partition = 'aws', , region = '', account = ''] = stackId.split(':');
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** The endpoint's ARN, for messages. SageMaker writes the name in lower case. */
export function arnOfEndpoint({ stackId, endpointName }: Pick<EndpointSpec, 'stackId' | 'endpointName'>): string {
  return arnIn(stackId, 'sagemaker', `endpoint/${endpointName.toLowerCase()}`);
}
