import { CustomResource, Stack } from 'aws-cdk-lib';
import type { CfnEndpoint, CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IDependable } from 'constructs';
import { CONFIRMATION_RESOURCE_TYPE, type ConfirmationProperties } from '../contract';
import { type DeploymentGate, SERVICE_TIMEOUT } from './deployment-gate';

/** The endpoint that a deployment confirmation checks, and its dependencies. */
export interface DeploymentConfirmationOptions {
  readonly gate: DeploymentGate;
  readonly endpoint: CfnEndpoint;
  readonly configs: readonly [CfnEndpointConfig, CfnEndpointConfig];
  /** ARN of the refresher's function. */
  readonly serviceToken: string;
  /** Constructs that the function needs when CloudFormation invokes it, also before the endpoint is deleted. */
  readonly dependencies: readonly IDependable[];
}

/**
 * Creates the custom resource that checks, after the endpoint was created or updated, that it runs what was deployed.
 * CloudFormation deletes it before the endpoint: then it ends the refreshes.
 */
export function createDeploymentConfirmation(scope: Construct, options: DeploymentConfirmationOptions): CustomResource {
  const [a, b] = options.configs;
  const properties: ConfirmationProperties = {
    ...options.gate.properties,
    EndpointName: options.endpoint.attrEndpointName,
    Configs: Stack.of(scope).toJsonString({ a: a.attrEndpointConfigName, b: b.attrEndpointConfigName }),
  };
  const confirmation = new CustomResource(scope, 'DeploymentConfirmation', {
    resourceType: CONFIRMATION_RESOURCE_TYPE,
    serviceToken: options.serviceToken,
    serviceTimeout: SERVICE_TIMEOUT,
    properties: { ...properties },
  });
  confirmation.node.addDependency(...options.dependencies);
  return confirmation;
}
