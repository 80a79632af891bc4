import type { Lambda } from '@aws-sdk/client-lambda';
import type { Deps } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import type { Inputs } from '../core/operations.ts';
import { queryErrorCode } from '../sqs/errors.ts';
import { findFunction, functionPage, type LambdaContext, lambdaOperations } from './context.ts';
import { checkRange, checkTagCount, invalidParameter, resourceConflict, resourceNotFound } from './errors.ts';
import {
  EventSourceMapping,
  type MappingSettings,
  type MappingState,
  visibilitySeconds,
} from './event-source-mapping.ts';
import type { LambdaFunction } from './function.ts';
import { functionArn, mappingArn, readReference, roleCaller } from './names.ts';

const DEFAULT_SETTINGS: MappingSettings = {
  Enabled: true,
  BatchSize: 10,
  MaximumBatchingWindowInSeconds: 0,
  FunctionResponseTypes: [],
  ScalingConfig: undefined,
};

/** What the function's role must be allowed, in the order in which Lambda checks it. */
const NEEDED_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/** Create, read, list, update and delete event source mappings, for SQS queues of this account. */
export function mappingOperations(context: LambdaContext) {
  const { deps, mappings } = context;
  const find = (uuid = '') => {
    const mapping = mappings.get(uuid);
    if (!mapping) throw resourceNotFound();
    return mapping;
  };
  return lambdaOperations(context, {
    async CreateEventSourceMapping(input) {
      const { EventSourceArn: queueArn, DestinationConfig } = input;
      if (queueArn === undefined) throw invalidParameter('Unrecognized event source.');
      if (!/^arn:[a-z-]+:sqs:/.test(queueArn)) {
        throw invalidParameter(`The local runtime maps SQS queues only, not event source ${queueArn}.`);
      }
      if (DestinationConfig !== undefined) {
        throw invalidParameter('Unsupported DestinationConfig parameter for given event source mapping type.');
      }
      const settings = mergeSettings(input);
      checkTagCount(input.Tags);
      const { name } = readReference(deps.account, input);
      const fn = context.functions.get(name);
      if (!fn) throw invalidParameter('Function does not exist');
      checkUnmapped(context, fn, queueArn);
      await checkQueue(deps, fn, queueArn);
      checkUnmapped(context, fn, queueArn);
      const lastModified = new Date(deps.clock.now());
      const mapping = addMapping(context, {
        uuid: deps.ids.uuid(),
        queueArn,
        functionName: fn.name,
        settings,
        lastModified,
        tags: { ...input.Tags },
      });
      return describe(deps, mapping, 'Creating');
    },
    GetEventSourceMapping: ({ UUID }) => describe(deps, find(UUID)),
    async UpdateEventSourceMapping(input) {
      const mapping = find(input.UUID);
      const { queueArn, functionName } = mapping.state;
      const settings = mergeSettings(input, mapping.state.settings);
      const fn =
        input.FunctionName === undefined ? undefined : findFunction(context, { FunctionName: input.FunctionName });
      if (fn && fn.name !== functionName) {
        checkUnmapped(context, fn, queueArn);
        await checkQueue(deps, fn, queueArn);
        mapping.state.functionName = fn.name;
      }
      mapping.update(settings);
      return describe(deps, mapping, 'Updating');
    },
    DeleteEventSourceMapping({ UUID }) {
      const mapping = find(UUID);
      mappings.delete(mapping.state.uuid);
      mapping.remove();
      return describe(deps, mapping);
    },
    ListEventSourceMappings({ FunctionName, EventSourceArn, ...input }) {
      const name = FunctionName === undefined ? undefined : readReference(deps.account, { FunctionName }).name;
      const found = [...mappings.values()].filter(
        ({ state }) =>
          state.functionName === (name ?? state.functionName) && state.queueArn === (EventSourceArn ?? state.queueArn),
      );
      return functionPage(
        'EventSourceMappings',
        found.map((mapping) => describe(deps, mapping)),
        input,
      );
    },
  });
}

/** Adds a mapping, which begins to poll. */
export function addMapping(context: LambdaContext, state: MappingState): EventSourceMapping {
  const mapping = new EventSourceMapping(context, state);
  context.mappings.set(state.uuid, mapping);
  mapping.start();
  return mapping;
}

/** Merges `input` into `before`. Throws AwsError. */
function mergeSettings(
  input: Partial<Inputs<Lambda>['UpdateEventSourceMapping']>,
  before: MappingSettings = DEFAULT_SETTINGS,
): MappingSettings {
  if (input.FilterCriteria?.Filters?.length) {
    throw invalidParameter('The local runtime does not simulate FilterCriteria.');
  }
  const {
    Enabled = before.Enabled,
    BatchSize = before.BatchSize,
    MaximumBatchingWindowInSeconds = before.MaximumBatchingWindowInSeconds,
    FunctionResponseTypes = before.FunctionResponseTypes,
    // An empty one removes the limit.
    ScalingConfig = before.ScalingConfig,
  } = input;
  for (const type of FunctionResponseTypes) {
    checkMember('functionResponseTypes', type, { oneOf: ['ReportBatchItemFailures'] });
  }
  checkRange(BatchSize, 'batchSize', 1, 10_000);
  checkRange(MaximumBatchingWindowInSeconds, 'maximumBatchingWindowInSeconds', 0, 300);
  checkRange(ScalingConfig?.MaximumConcurrency, 'scalingConfig.maximumConcurrency', 2, 1_000);
  if (BatchSize > 10 && MaximumBatchingWindowInSeconds < 1) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  return { Enabled, BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes, ScalingConfig };
}

/** Lambda's checks before it accepts a mapping: the role's permissions, the queue, its visibility timeout. */
async function checkQueue(deps: Deps, { name, settings }: LambdaFunction, queueArn: string): Promise<void> {
  const caller = roleCaller(deps.account, settings.Role, name);
  for (const action of NEEDED_ACTIONS) {
    try {
      deps.cloud.authorize(caller, { action: `sqs:${action}`, resource: queueArn });
    } catch (error) {
      throw invalidParameter(`The function execution role does not have permissions to call ${action} on SQS`, error);
    }
  }
  const seconds = await visibilitySeconds(deps, queueArn, caller).catch((error: Error) => {
    const reason = `SQS Error Code: ${queryErrorCode(error.name)}. SQS Error Message: ${error.message}`;
    throw invalidParameter(`Error occurred while ReceiveMessage. ${reason}`, error);
  });
  if (seconds < settings.Timeout) {
    throw invalidParameter(
      `Queue visibility timeout: ${seconds} seconds is less than Function timeout: ${settings.Timeout} seconds`,
    );
  }
}

function checkUnmapped({ mappings }: LambdaContext, { name }: LambdaFunction, queueArn: string): void {
  const found = [...mappings.values()].find(({ state }) => state.queueArn === queueArn && state.functionName === name);
  if (!found) return;
  throw resourceConflict(
    `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${name} ") already exists. ` +
      `Please update or delete the existing mapping with UUID ${found.state.uuid}`,
  );
}

function describe(
  { account }: Deps,
  { state, status, lastProcessingResult }: EventSourceMapping,
  State: string = status,
) {
  const { Enabled: _, ...settings } = state.settings;
  return {
    UUID: state.uuid,
    EventSourceArn: state.queueArn,
    EventSourceMappingArn: mappingArn(account, state.uuid),
    FunctionArn: functionArn(account, state.functionName),
    ...settings,
    State,
    StateTransitionReason: 'USER_INITIATED',
    LastProcessingResult: State === 'Creating' ? undefined : lastProcessingResult,
    LastModified: state.lastModified,
  };
}
