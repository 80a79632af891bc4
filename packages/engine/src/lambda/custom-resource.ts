import {
  GATE_TIMEOUT_SECONDS,
  type GateProperties,
  type GateRequest,
  type SlotData,
  type SourceSpec,
} from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { refuseDeployment, runGate } from '../controller/deployment-gate.ts';
import type { Ports } from '../ports.ts';

/**
 * CloudFormation's request of the custom resource. An update becomes one more promise in the queue, for the endpoint
 * may be busy for longer than a function may run. A deletion, and a creation without an endpoint, are answered at once,
 * whatever is there or not: neither has anything to wait for.
 */
export async function onDeployment(ports: Ports, event: CloudFormationCustomResourceEvent): Promise<void> {
  const properties = event.ResourceProperties as unknown as GateProperties;
  const endpoint = properties.Endpoint;
  const request = requestOf(ports, event, properties);
  if (event.RequestType === 'Delete') {
    await ports.responses.respond(request, { Status: 'SUCCESS' });
    return;
  }
  try {
    if (event.RequestType === 'Create' && (await isAdmitted(ports, endpoint, request))) return;
    await ports.queue.enqueue({ version: 1, endpoint, gate: request });
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    const Reason = `The refresher can't look after endpoint ${endpoint}: ${(error as Error).message}`;
    // Without data of their own the models are made as well without a record of what they load.
    if (event.RequestType === 'Create' && !request.data) await ports.responses.respond(request, { Status: 'SUCCESS' });
    else await refuseDeployment(ports, endpoint, request, Reason);
  }
}

/**
 * Whether it could be answered at once. IAM may take seconds to let a new role act: models that need data in their places
 * wait for that in the queue.
 */
async function isAdmitted(ports: Ports, endpoint: string, request: GateRequest): Promise<boolean> {
  try {
    if ((await ports.records.read(endpoint)).spec) return false;
    return (await runGate(ports, endpoint, request)).kind === 'done';
  } catch (error) {
    if (!request.data) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return false;
  }
}

function requestOf(ports: Ports, event: CloudFormationCustomResourceEvent, properties: GateProperties): GateRequest {
  return {
    responseUrl: event.ResponseURL,
    stackId: event.StackId,
    requestId: event.RequestId,
    logicalResourceId: event.LogicalResourceId,
    physicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : properties.Endpoint,
    sources: sourcesIn(properties.Sources),
    ...(properties.Data !== undefined && { data: JSON.parse(properties.Data) as SlotData }),
    deadline: ports.now() + GATE_TIMEOUT_SECONDS * 1000,
  };
}

/** The construct writes them; should they not be there, the deployment goes on without a record of what it loads. */
function sourcesIn(json: string): SourceSpec[] {
  try {
    return JSON.parse(json) as SourceSpec[];
  } catch {
    return [];
  }
}
