import {
  CONFIRMATION_RESOURCE_TYPE,
  type ConfirmationProperties,
  DEPLOYMENT_TIMEOUT_SECONDS,
  type DeploymentRequest,
  type EndpointStore,
  type GateProperties,
  type ReconcileRequest,
  type SlotData,
  type SourceSpec,
} from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { admit, refuse } from '../controller/deployment-request.ts';
import { describeError } from '../controller/failed-call.ts';
import type { Ports } from '../ports.ts';

/**
 * Handles CloudFormation's request to a custom resource. It only goes to the queue, which brings it back until it is
 * answered, however often the function dies: Lambda retries this invocation twice. The gate's deletion has nothing to
 * wait for.
 */
export async function onDeployment(ports: Ports, event: CloudFormationCustomResourceEvent): Promise<void> {
  const properties = event.ResourceProperties as unknown as GateProperties;
  const endpoint = properties.Endpoint;
  const request = deploymentRequest(ports, event, properties);
  const isConfirmation = event.ResourceType === CONFIRMATION_RESOURCE_TYPE;
  if (request.type === 'Delete' && !isConfirmation) {
    await admit({ ports, endpoint, request }, { reason: 'DeploymentGateDeleted' });
    return;
  }
  try {
    const waiting = isConfirmation ? { confirmation: { ...request, ...confirmed(event) } } : { gate: request };
    await ports.queue.enqueue({ version: 1, endpoint, ...waiting } satisfies ReconcileRequest);
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    const cause = describeError(error, request, 'Deploy again');
    const message = `The refresher could not handle the deployment of endpoint ${endpoint}: ${cause}`;
    await refuse({ ports, endpoint, request }, message);
  }
}

function deploymentRequest(
  ports: Ports,
  event: CloudFormationCustomResourceEvent,
  properties: GateProperties,
): DeploymentRequest {
  return {
    type: event.RequestType,
    responseUrl: event.ResponseURL,
    stackId: event.StackId,
    requestId: event.RequestId,
    logicalResourceId: event.LogicalResourceId,
    physicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : properties.Endpoint,
    store: JSON.parse(properties.Store) as EndpointStore,
    sources: parseSources(properties.Sources),
    ...(properties.Data !== undefined && { data: JSON.parse(properties.Data) as SlotData }),
    deadline: ports.now() + DEPLOYMENT_TIMEOUT_SECONDS * 1000,
  };
}

/** What only the confirmation's request has. */
function confirmed({ ResourceProperties }: CloudFormationCustomResourceEvent) {
  const { EndpointName, Configs } = ResourceProperties as unknown as ConfirmationProperties;
  return { endpointName: EndpointName, configs: JSON.parse(Configs) as { readonly a: string; readonly b: string } };
}

/** Sources that cannot be parsed do not stop the deployment: it proceeds without a record of what it loads. */
function parseSources(json: string): SourceSpec[] {
  try {
    return JSON.parse(json) as SourceSpec[];
  } catch {
    return [];
  }
}
