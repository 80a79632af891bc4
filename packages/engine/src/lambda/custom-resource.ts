import {
  CONFIRMATION_RESOURCE_TYPE,
  type ConfirmationProperties,
  DEPLOYMENT_TIMEOUT_SECONDS,
  type DeploymentRequest,
  type EndpointStore,
  type GateProperties,
  type InitialModelData,
  type ReconcileRequest,
  type SlotData,
  type SourceSpec,
} from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { admit, type DeploymentContext, refuse } from '../controller/deployment-request.ts';
import { describeError } from '../controller/failed-call.ts';
import { removeCreated } from '../controller/initial-data.ts';
import { tryTo } from '../controller/try-to.ts';
import { isDenied } from '../errors.ts';
import type { Ports } from '../ports.ts';

/** Pauses before a request that could not be queued is queued again, in ms. */
const QUEUE_PAUSES_MS = [5_000, 15_000];

/**
 * StackStatus while CloudFormation deletes what it created for a stack that could not be created. DescribeStacks may
 * answer with the status before; while a stack is created, nothing else deletes a gate.
 */
const FAILED_CREATION: readonly string[] = ['ROLLBACK_IN_PROGRESS', 'CREATE_IN_PROGRESS'];

/**
 * Handles CloudFormation's request to a custom resource. It only goes to the queue, which brings it back until it is
 * answered, however often the function dies: Lambda retries this invocation twice. The gate's deletion has nothing to
 * wait for, and the queue may not be read any more. Throws when the request could be neither queued nor refused.
 */
export async function onDeployment(ports: Ports, event: CloudFormationCustomResourceEvent): Promise<void> {
  const properties = event.ResourceProperties as unknown as GateProperties;
  const endpoint = properties.Endpoint;
  const request = deploymentRequest(ports, event, properties);
  const isConfirmation = event.ResourceType === CONFIRMATION_RESOURCE_TYPE;
  if (request.type === 'Delete' && !isConfirmation) {
    await deleteGate({ ports, endpoint, request }, properties);
    return;
  }
  try {
    const waiting = isConfirmation ? { confirmation: { ...request, ...confirmed(event) } } : { gate: request };
    await enqueue(ports, { version: 1, endpoint, ...waiting });
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    const cause = describeError(error, request, 'Deploy again');
    const message = `The refresher could not handle the deployment of endpoint ${endpoint}: ${cause}`;
    const { kind } = await refuse({ ports, endpoint, request }, message);
    // It waits, but there is no message in the queue: Lambda repeats the invocation.
    if (kind === 'requeue') throw error;
  }
}

/** Sends the request to the queue, again if SQS fails for some seconds. A denied call is not repeated. */
async function enqueue(ports: Ports, request: ReconcileRequest): Promise<void> {
  for (const pauseMs of QUEUE_PAUSES_MS) {
    try {
      return await ports.queue.enqueue(request);
    } catch (error) {
      if (isDenied(error)) throw error;
      ports.telemetry.error(request.endpoint, error, pauseMs / 1000);
      await ports.sleep(pauseMs);
    }
  }
  await ports.queue.enqueue(request);
}

/** Also removes what a failed creation of the stack stored: nothing of it must stay behind. */
async function deleteGate(
  context: DeploymentContext<DeploymentRequest>,
  { CreatedBuckets }: GateProperties,
): Promise<void> {
  const { ports, request } = context;
  if (CreatedBuckets !== undefined) {
    await tryTo(context, async () => {
      const { status } = await ports.stacks.describe(request.stackId);
      if (FAILED_CREATION.includes(status)) await removeCreated(context, request, JSON.parse(CreatedBuckets));
    });
  }
  await admit(context, { reason: 'DeploymentGateDeleted' });
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
    ...(properties.InitialData !== undefined && {
      initialData: JSON.parse(properties.InitialData) as InitialModelData[],
    }),
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
