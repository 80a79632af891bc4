import type {
  FunctionEventInvokeConfig,
  GetFunctionConcurrencyRequest,
  GetFunctionEventInvokeConfigRequest,
  ListTagsRequest,
  PutFunctionConcurrencyRequest,
  PutFunctionEventInvokeConfigRequest,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { type FunctionInput, findFunction, type LambdaContext, onFunction } from './context.ts';
import { checkRange, invalidParameter, resourceNotFound } from './errors.ts';
import type { EventInvokeConfig, LambdaFunction } from './function-state.ts';

/** Concurrent executions of an account. */
const ACCOUNT_CONCURRENCY = 1_000;
/** Concurrent executions that no function can reserve. */
const UNRESERVED_CONCURRENCY_MINIMUM = 100;

/** Options of a function beside code and configuration: asynchronous invocation, concurrency, tags. */
export function optionOperations(context: LambdaContext): Record<string, Operation> {
  return { ...eventInvokeOperations(context), ...concurrencyOperations(context), ...tagOperations(context) };
}

function eventInvokeOperations(context: LambdaContext): Record<string, Operation> {
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);
  return onFunction(context.deps.account, {
    PutFunctionEventInvokeConfig(input: PutFunctionEventInvokeConfigRequest) {
      const fn = find(input);
      fn.eventInvokeConfig = readEventInvokeConfig(input, context.deps.clock.now());
      return describeEventInvokeConfig(fn);
    },
    GetFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigRequest) =>
      describeEventInvokeConfig(find(input)),
    DeleteFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigRequest) => {
      const fn = find(input);
      presentEventInvokeConfig(fn);
      fn.eventInvokeConfig = undefined;
      return {};
    },
  });
}

function readEventInvokeConfig(input: PutFunctionEventInvokeConfigRequest, lastModifiedMs: number): EventInvokeConfig {
  const config: EventInvokeConfig = {
    MaximumRetryAttempts: input.MaximumRetryAttempts,
    MaximumEventAgeInSeconds: input.MaximumEventAgeInSeconds,
    DestinationConfig: input.DestinationConfig ?? { OnSuccess: {}, OnFailure: {} },
    lastModifiedMs,
  };
  if (config.MaximumRetryAttempts !== undefined) {
    checkRange(config.MaximumRetryAttempts, 'maximumRetryAttempts', 0, 2);
  }
  if (config.MaximumEventAgeInSeconds !== undefined) {
    checkRange(config.MaximumEventAgeInSeconds, 'maximumEventAgeInSeconds', 60, 21_600);
  }
  return config;
}

function presentEventInvokeConfig(fn: LambdaFunction): EventInvokeConfig {
  if (fn.eventInvokeConfig) return fn.eventInvokeConfig;
  throw resourceNotFound(`The function ${fn.arn}:$LATEST doesn't have an EventInvokeConfig`);
}

function describeEventInvokeConfig(fn: LambdaFunction): FunctionEventInvokeConfig {
  const { lastModifiedMs, ...config } = presentEventInvokeConfig(fn);
  return { FunctionArn: `${fn.arn}:$LATEST`, LastModified: new Date(lastModifiedMs), ...config };
}

function concurrencyOperations(context: LambdaContext): Record<string, Operation> {
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);
  return onFunction(context.deps.account, {
    PutFunctionConcurrency: (input: PutFunctionConcurrencyRequest) => {
      const fn = find(input);
      const reserved = Number(input.ReservedConcurrentExecutions);
      checkRange(reserved, 'reservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
      assertUnreservedRemains(context, fn, reserved);
      fn.reservedConcurrency = reserved;
      return { ReservedConcurrentExecutions: reserved };
    },
    GetFunctionConcurrency: (input: GetFunctionConcurrencyRequest) => {
      const { reservedConcurrency } = find(input);
      return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
    },
    DeleteFunctionConcurrency: (input: GetFunctionConcurrencyRequest) => {
      find(input).reservedConcurrency = undefined;
      return {};
    },
  });
}

function assertUnreservedRemains({ functions }: LambdaContext, fn: LambdaFunction, reserved: number): void {
  let others = 0;
  for (const other of functions.values()) if (other !== fn) others += other.reservedConcurrency ?? 0;
  if (others + reserved <= ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY_MINIMUM) return;
  throw invalidParameter(
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution " +
      `below its minimum value of [${UNRESERVED_CONCURRENCY_MINIMUM}].`,
  );
}

function tagOperations(context: LambdaContext): Record<string, Operation> {
  return permitted('lambda', ({ Resource = '' }: ListTagsRequest) => Resource, {
    TagResource: (input: TagResourceRequest) => {
      Object.assign(findFunction(context, input.Resource).tags, input.Tags);
      return {};
    },
    UntagResource: (input: UntagResourceRequest) => {
      const { tags } = findFunction(context, input.Resource);
      for (const key of input.TagKeys ?? []) delete tags[key];
      return {};
    },
    ListTags: (input: ListTagsRequest) => ({ Tags: { ...findFunction(context, input.Resource).tags } }),
  });
}
