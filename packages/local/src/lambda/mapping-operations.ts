import { arn } from '../core/account.ts';
import type { Caller, Operation } from '../core/cloud.ts';
import { findFunction, type LambdaContext, page } from './context.ts';
import { invalidParameter, resourceConflict, resourceNotFound } from './errors.ts';
import { EventSourceMapping, type MappingState, queueUrl } from './event-source-mapping.ts';
import type { LambdaFunction } from './function-state.ts';
import { type MappingSettingsInput, mergeMappingSettings } from './mapping-settings.ts';
import { functionArn, requestedFunctionArn, roleCaller } from './names.ts';

interface MappingInput {
  readonly UUID: string;
}

type CreateInput = MappingSettingsInput & { readonly FunctionName: string; readonly EventSourceArn: string };

/** What the function's role must be allowed, in the order in which Lambda complains. */
const NEEDED_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/** CreateEventSourceMapping, Get…, Update…, Delete…, List…: for SQS queues of this account. */
export function mappingOperations(context: LambdaContext): Record<string, Operation> {
  const { deps, functions, mappings } = context;
  const { account } = deps;
  const mappingArn = (uuid: string) => arn(account, 'lambda', `event-source-mapping:${uuid}`);
  const onMapping = (action: string) => (input: MappingInput) => [
    { action: `lambda:${action}`, resource: mappingArn(input.UUID) },
  ];

  const describe = (mapping: EventSourceMapping, state: MappingState = mapping.state) => ({
    UUID: mapping.uuid,
    EventSourceArn: mapping.queueArn,
    EventSourceMappingArn: mappingArn(mapping.uuid),
    FunctionArn: functionArn(account, mapping.functionName),
    BatchSize: mapping.settings.batchSize,
    MaximumBatchingWindowInSeconds: mapping.settings.windowSeconds,
    FunctionResponseTypes: mapping.settings.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
    ...(mapping.settings.maximumConcurrency !== undefined && {
      ScalingConfig: { MaximumConcurrency: mapping.settings.maximumConcurrency },
    }),
    State: state,
    StateTransitionReason: 'USER_INITIATED',
    LastProcessingResult: mapping.lastProcessingResult,
    LastModified: new Date(mapping.lastModifiedMs),
  });

  const find = (uuid: string) => {
    const mapping = mappings.get(uuid);
    if (!mapping) throw resourceNotFound();
    return mapping;
  };

  /** As Lambda does before it accepts a mapping: the role's permissions, the queue, its visibility timeout. */
  const checkQueue = async (fn: LambdaFunction, queueArn: string) => {
    const caller = roleCaller(account, fn.settings.Role, fn.name);
    for (const action of NEEDED_ACTIONS) {
      try {
        deps.cloud.authorize(caller, { action: `sqs:${action}`, resource: queueArn });
      } catch (error) {
        throw invalidParameter(`The function execution role does not have permissions to call ${action} on SQS`, error);
      }
    }
    const visibility = await queueVisibility(queueArn, caller);
    if (visibility < fn.settings.Timeout) {
      throw invalidParameter(
        `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${fn.settings.Timeout} seconds`,
      );
    }
  };

  const queueVisibility = async (queueArn: string, caller: Caller): Promise<number> => {
    try {
      const input = { QueueUrl: await queueUrl(deps, queueArn), AttributeNames: ['VisibilityTimeout'] };
      const answer = await deps.cloud.call('sqs', 'GetQueueAttributes', input, caller);
      return Number(answer.Attributes.VisibilityTimeout);
    } catch (error) {
      const { name, message } = error as Error;
      throw invalidParameter(
        `Error occurred while ReceiveMessage. SQS Error Code: ${name}. SQS Error Message: ${message}`,
        error,
      );
    }
  };

  const assertNew = (fn: LambdaFunction, queueArn: string) => {
    for (const mapping of mappings.values()) {
      if (mapping.queueArn !== queueArn || mapping.functionName !== fn.name) continue;
      throw resourceConflict(
        `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${fn.name} ") already exists. Please update or delete the existing mapping with UUID ${mapping.uuid}`,
      );
    }
  };

  const create = async (input: CreateInput) => {
    const fn = findFunction(context, input.FunctionName);
    const queueArn = input.EventSourceArn;
    if (!/^arn:[a-z-]+:sqs:/.test(queueArn ?? '')) {
      throw invalidParameter(`The local runtime maps SQS queues only, not event source ${queueArn}.`);
    }
    const settings = mergeMappingSettings(input, queueArn.endsWith('.fifo'));
    assertNew(fn, queueArn);
    await checkQueue(fn, queueArn);
    assertNew(fn, queueArn);
    const mapping: EventSourceMapping = new EventSourceMapping({
      deps,
      invoker: context.invoker,
      uuid: deps.ids.uuid(),
      queueArn,
      functionName: fn.name,
      settings,
      findFunction: () => functions.get(mapping.functionName),
      onProblem: (problem) =>
        context.extras.onLog?.({
          functionName: mapping.functionName,
          line: `Event source mapping ${mapping.uuid} of ${queueArn}: ${problem}`,
          at: deps.clock.now(),
        }),
    });
    mappings.set(mapping.uuid, mapping);
    mapping.start();
    return describe(mapping, 'Creating');
  };

  const update = async (input: MappingInput & MappingSettingsInput & { FunctionName?: string }) => {
    const mapping = find(input.UUID);
    const settings = mergeMappingSettings(input, mapping.queueArn.endsWith('.fifo'), mapping.settings);
    if (input.FunctionName !== undefined) {
      const fn = findFunction(context, input.FunctionName);
      if (fn.name !== mapping.functionName) {
        assertNew(fn, mapping.queueArn);
        await checkQueue(fn, mapping.queueArn);
        mapping.functionName = fn.name;
      }
    }
    mapping.update(settings);
    return describe(mapping, 'Updating');
  };

  const remove = (input: MappingInput) => {
    const mapping = find(input.UUID);
    mappings.delete(mapping.uuid);
    mapping.remove();
    return describe(mapping);
  };

  const list = (input: { EventSourceArn?: string; FunctionName?: string; Marker?: string; MaxItems?: number }) => {
    const wanted = input.FunctionName === undefined ? undefined : findFunction(context, input.FunctionName).name;
    const found = [...mappings.values()].filter(
      (mapping) =>
        (wanted === undefined || mapping.functionName === wanted) &&
        (input.EventSourceArn === undefined || mapping.queueArn === input.EventSourceArn),
    );
    const { items, marker } = page(found, input);
    return { EventSourceMappings: items.map((mapping) => describe(mapping)), ...marker };
  };

  return {
    CreateEventSourceMapping: {
      permissions: (input: CreateInput) => [
        {
          action: 'lambda:CreateEventSourceMapping',
          resource: '*',
          context: { 'lambda:FunctionArn': requestedFunctionArn(account, input.FunctionName) },
        },
      ],
      run: create,
    },
    GetEventSourceMapping: {
      permissions: onMapping('GetEventSourceMapping'),
      run: (input: MappingInput) => describe(find(input.UUID)),
    },
    UpdateEventSourceMapping: { permissions: onMapping('UpdateEventSourceMapping'), run: update },
    DeleteEventSourceMapping: { permissions: onMapping('DeleteEventSourceMapping'), run: remove },
    ListEventSourceMappings: {
      permissions: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],
      run: list,
    },
  };
}
