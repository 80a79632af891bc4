import type {
  CreateEventSourceMappingRequest,
  GetEventSourceMappingRequest,
  ListEventSourceMappingsRequest,
  UpdateEventSourceMappingRequest,
} from '@aws-sdk/client-lambda';
import { arn } from '../core/account.ts';
import type { Caller, Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { findFunction, type LambdaContext, pageByMarker } from './context.ts';
import { invalidParameter, resourceConflict, resourceNotFound } from './errors.ts';
import { EventSourceMapping, type MappingState, queueUrl } from './event-source-mapping.ts';
import type { LambdaFunction } from './function-state.ts';
import { mergeMappingSettings } from './mapping-settings.ts';
import { functionArn, requestedFunctionArn, roleCaller } from './names.ts';

/** What the function's role must be allowed, in the order in which Lambda checks it. */
const NEEDED_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/** Create, read, list, update and delete event source mappings, for SQS queues of this account. */
export function mappingOperations(context: LambdaContext): Record<string, Operation> {
  const { account } = context.deps;
  const resourceOf = ({ UUID }: GetEventSourceMappingRequest) =>
    UUID === undefined ? '*' : mappingArn(context.deps, UUID);
  return {
    CreateEventSourceMapping: {
      permissions: (input: CreateEventSourceMappingRequest) => [
        {
          action: 'lambda:CreateEventSourceMapping',
          resource: '*',
          context: { 'lambda:FunctionArn': requestedFunctionArn(account, input.FunctionName) },
        },
      ],
      run: (input: CreateEventSourceMappingRequest) => createMapping(context, input),
    },
    ...permitted('lambda', resourceOf, {
      GetEventSourceMapping: (input: GetEventSourceMappingRequest) =>
        describe(context.deps, findMapping(context, input.UUID)),
      UpdateEventSourceMapping: (input: UpdateEventSourceMappingRequest) => updateMapping(context, input),
      DeleteEventSourceMapping: (input: GetEventSourceMappingRequest) => {
        const mapping = findMapping(context, input.UUID);
        context.mappings.delete(mapping.uuid);
        mapping.remove();
        return describe(context.deps, mapping);
      },
      ListEventSourceMappings: (input: ListEventSourceMappingsRequest) => listMappings(context, input),
    }),
  };
}

async function createMapping(context: LambdaContext, input: CreateEventSourceMappingRequest) {
  const { deps } = context;
  const fn = findFunction(context, input.FunctionName);
  const queueArn = input.EventSourceArn ?? '';
  if (!/^arn:[a-z-]+:sqs:/.test(queueArn)) {
    throw invalidParameter(`The local runtime maps SQS queues only, not event source ${input.EventSourceArn}.`);
  }
  const settings = mergeMappingSettings(input);
  assertUnmapped(context, fn, queueArn);
  await checkQueue(deps, fn, queueArn);
  assertUnmapped(context, fn, queueArn);
  const mapping = addMapping(context, { uuid: deps.ids.uuid(), queueArn, functionName: fn.name, settings });
  return describe(deps, mapping, 'Creating');
}

/** Adds a mapping, which begins to poll. */
export function addMapping(
  context: LambdaContext,
  state: Pick<EventSourceMapping, 'uuid' | 'queueArn' | 'functionName' | 'settings'>,
): EventSourceMapping {
  const { deps, extras, functions, invoker, mappings } = context;
  const { queueArn } = state;
  const mapping: EventSourceMapping = new EventSourceMapping({
    ...state,
    deps,
    invoker,
    findFunction: () => functions.get(mapping.functionName),
    onProblem: (problem) =>
      extras.onLog?.({
        functionName: mapping.functionName,
        line: `Event source mapping ${mapping.uuid} of ${queueArn}: ${problem}`,
        at: deps.clock.now(),
      }),
  });
  mappings.set(mapping.uuid, mapping);
  mapping.start();
  return mapping;
}

async function updateMapping(context: LambdaContext, input: UpdateEventSourceMappingRequest) {
  const mapping = findMapping(context, input.UUID);
  const settings = mergeMappingSettings(input, mapping.settings);
  if (input.FunctionName !== undefined) {
    const fn = findFunction(context, input.FunctionName);
    if (fn.name !== mapping.functionName) {
      assertUnmapped(context, fn, mapping.queueArn);
      await checkQueue(context.deps, fn, mapping.queueArn);
      mapping.functionName = fn.name;
    }
  }
  mapping.update(settings);
  return describe(context.deps, mapping, 'Updating');
}

function listMappings(context: LambdaContext, input: ListEventSourceMappingsRequest) {
  const name = input.FunctionName === undefined ? undefined : findFunction(context, input.FunctionName).name;
  const found = [...context.mappings.values()].filter(
    (mapping) =>
      (name === undefined || mapping.functionName === name) &&
      (input.EventSourceArn === undefined || mapping.queueArn === input.EventSourceArn),
  );
  const { items, marker } = pageByMarker(found, input);
  return { EventSourceMappings: items.map((mapping) => describe(context.deps, mapping)), ...marker };
}

/** Lambda's checks before it accepts a mapping: the role's permissions, the queue, its visibility timeout. */
async function checkQueue(deps: Deps, fn: LambdaFunction, queueArn: string): Promise<void> {
  const caller = roleCaller(deps.account, fn.settings.Role, fn.name);
  for (const action of NEEDED_ACTIONS) {
    try {
      deps.cloud.authorize(caller, { action: `sqs:${action}`, resource: queueArn });
    } catch (error) {
      throw invalidParameter(`The function execution role does not have permissions to call ${action} on SQS`, error);
    }
  }
  const visibilitySeconds = await queueVisibilitySeconds(deps, queueArn, caller);
  if (visibilitySeconds < fn.settings.Timeout) {
    throw invalidParameter(
      `Queue visibility timeout: ${visibilitySeconds} seconds is less than ` +
        `Function timeout: ${fn.settings.Timeout} seconds`,
    );
  }
}

async function queueVisibilitySeconds(deps: Deps, queueArn: string, caller: Caller): Promise<number> {
  try {
    const input = { QueueUrl: await queueUrl(deps, queueArn), AttributeNames: ['VisibilityTimeout'] };
    const answer = (await deps.cloud.call('sqs', 'GetQueueAttributes', input, caller)) as {
      Attributes: { VisibilityTimeout: string };
    };
    return Number(answer.Attributes.VisibilityTimeout);
  } catch (error) {
    const { name, message } = error as Error;
    throw invalidParameter(
      `Error occurred while ReceiveMessage. SQS Error Code: ${name}. SQS Error Message: ${message}`,
      error,
    );
  }
}

function assertUnmapped({ mappings }: LambdaContext, fn: LambdaFunction, queueArn: string): void {
  for (const mapping of mappings.values()) {
    if (mapping.queueArn !== queueArn || mapping.functionName !== fn.name) continue;
    throw resourceConflict(
      `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${fn.name} ") already exists. ` +
        `Please update or delete the existing mapping with UUID ${mapping.uuid}`,
    );
  }
}

function findMapping({ mappings }: LambdaContext, uuid: string | undefined): EventSourceMapping {
  const mapping = mappings.get(uuid ?? '');
  if (!mapping) throw resourceNotFound();
  return mapping;
}

const mappingArn = ({ account }: Deps, uuid: string) => arn(account, 'lambda', `event-source-mapping:${uuid}`);

function describe(deps: Deps, mapping: EventSourceMapping, state: MappingState = mapping.state) {
  const { settings } = mapping;
  return {
    UUID: mapping.uuid,
    EventSourceArn: mapping.queueArn,
    EventSourceMappingArn: mappingArn(deps, mapping.uuid),
    FunctionArn: functionArn(deps.account, mapping.functionName),
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.windowSeconds,
    FunctionResponseTypes: settings.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
    ...(settings.maximumConcurrency !== undefined && {
      ScalingConfig: { MaximumConcurrency: settings.maximumConcurrency },
    }),
    State: state,
    StateTransitionReason: 'USER_INITIATED',
    LastProcessingResult: mapping.lastProcessingResult,
    LastModified: new Date(mapping.lastModifiedMs),
  };
}
