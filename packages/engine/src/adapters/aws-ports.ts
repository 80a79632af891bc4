import { randomUUID } from 'node:crypto';
import type { checkArchive } from '../archive/check-archive.ts';
import type { CustomResourceResponses, Ports, Telemetry } from '../ports.ts';
import type { Client } from './client.ts';
import { cloudFormationStacks } from './cloudformation-stacks.ts';
import { eventBridgeBus } from './eventbridge-bus.ts';
import { s3CreatedObjects } from './s3-created-objects.ts';
import { s3History } from './s3-history.ts';
import { s3RevisionStore } from './s3-revision-store.ts';
import { s3Sources } from './s3-sources.ts';
import { s3States } from './s3-states.ts';
import { sageMakerEndpoints } from './sagemaker-endpoints.ts';
import { sageMakerRegistry } from './sagemaker-registry.ts';
import { sageMakerSmokeTests } from './sagemaker-smoke-tests.ts';
import { sqsWorkQueue, type WorkQueueSettings } from './sqs-work-queue.ts';
import { ssmSpecs } from './ssm-specs.ts';

/** A client per service: the SDK's, or the simulation's. */
export type ServiceClients = {
  /** `sagemakerUpdates` sends UpdateEndpoint only, and must not retry it. */
  readonly [service in
    | 'sagemaker'
    | 'sagemakerUpdates'
    | 'sagemakerRuntime'
    | 's3'
    | 'ssm'
    | 'sqs'
    | 'cloudformation'
    | 'events']: Client;
};

/** The controller's ports on AWS. */
export function awsPorts(given: {
  readonly clients: ServiceClients;
  readonly queues: WorkQueueSettings;
  /** Unique id of the function's role. */
  readonly roleId: string;
  readonly answers: CustomResourceResponses;
  readonly telemetry: Telemetry;
  /** Reads archives. Default: the real check, which decompresses in other threads. */
  readonly checkArchive?: typeof checkArchive;
  /** Default: AbortSignal.timeout, in real time. */
  readonly timeoutSignal?: (ms: number) => AbortSignal;
  /** A text that is unique. Default: a UUID. */
  readonly newId?: () => string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}): Ports {
  const { clients, answers: responses, telemetry, now, sleep, newId = randomUUID } = given;
  return {
    specs: ssmSpecs(clients.ssm),
    states: s3States(clients.s3, newId),
    history: s3History(clients.s3),
    endpoints: sageMakerEndpoints(clients.sagemaker, clients.sagemakerUpdates),
    sources: s3Sources(clients.s3, { registry: sageMakerRegistry(clients.sagemaker), read: given.checkArchive }),
    revisions: s3RevisionStore(clients.s3, newId),
    created: s3CreatedObjects(clients.s3),
    smokeTests: sageMakerSmokeTests(clients.sagemakerRuntime, given.timeoutSignal),
    stacks: cloudFormationStacks(clients.cloudformation),
    queue: sqsWorkQueue(clients.sqs, given.queues),
    roleId: given.roleId,
    responses,
    eventBus: eventBridgeBus(clients.events),
    telemetry,
    now,
    sleep,
  };
}
