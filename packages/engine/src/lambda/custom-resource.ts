import {
  type EndpointStore,
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
 * Handles CloudFormation's request for the deployment gate. An update goes to the queue, because the endpoint may be
 * busy for longer than a function may run. A deletion, and the creation of a new endpoint, have nothing to wait for
 * and are answered at once.
 */
export async function onDeployment(ports: Ports, event: CloudFormationCustomResourceEvent): Promise<void> {
  const properties = event.ResourceProperties as unknown as GateProperties;
  const endpoint = properties.Endpoint;
  const request = gateRequest(ports, event, properties);
  if (event.RequestType === 'Delete') {
    await ports.responses.respond(request, { Status: 'SUCCESS' });
    return;
  }
  try {
    if (event.RequestType === 'Create' && (await isAdmitted(ports, endpoint, request))) return;
    await ports.queue.enqueue({ version: 1, endpoint, gate: request });
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    const cause = (error as Error).message;
    const message = `The refresher could not handle the deployment of endpoint ${endpoint}: ${cause}`;
    // Models that load the sources themselves can be created without a record of what they load.
    if (event.RequestType === 'Create' && !request.data) await ports.responses.respond(request, { Status: 'SUCCESS' });
    else await refuseDeployment({ ports, endpoint }, request, message);
  }
}

/**
 * Whether a new endpoint's deployment was answered at once. A new role may need seconds before IAM grants its
 * permissions; a deployment that needs slot data waits for that in the queue.
 */
async function isAdmitted(ports: Ports, endpoint: string, request: GateRequest): Promise<boolean> {
  try {
    if (await ports.specs.read(endpoint)) return false;
    return (await runGate(ports, endpoint, request)).kind === 'done';
  } catch (error) {
    if (!request.data) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return false;
  }
}

function gateRequest(ports: Ports, event: CloudFormationCustomResourceEvent, properties: GateProperties): GateRequest {
  return {
    responseUrl: event.ResponseURL,
    stackId: event.StackId,
    requestId: event.RequestId,
    logicalResourceId: event.LogicalResourceId,
    physicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : properties.Endpoint,
    store: JSON.parse(properties.Store) as EndpointStore,
    ...(event.RequestType === 'Create' && { creates: true as const }),
    sources: parseSources(properties.Sources),
    ...(properties.Data !== undefined && { data: JSON.parse(properties.Data) as SlotData }),
    deadline: ports.now() + GATE_TIMEOUT_SECONDS * 1000,
  };
}

/** Sources that cannot be parsed do not stop the deployment: it proceeds without a record of what it loads. */
function parseSources(json: string): SourceSpec[] {
  try {
    return JSON.parse(json) as SourceSpec[];
  } catch {
    return [];
  }
}
