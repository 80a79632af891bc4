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
  const on = (action: string) => onFunction(context.deps.account, action);
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);
  return {
    PutFunctionEventInvokeConfig: {
      permissions: on('PutFunctionEventInvokeConfig'),
      run(input: PutFunctionEventInvokeConfigRequest) {
        const fn = find(input);
        fn.eventInvokeConfig = readEventInvokeConfig(input, context.deps.clock.now());
        return describeEventInvokeConfig(fn);
      },
    },
    GetFunctionEventInvokeConfig: {
      permissions: on('GetFunctionEventInvokeConfig'),
      run: (input: GetFunctionEventInvokeConfigRequest) => describeEventInvokeConfig(find(input)),
    },
    DeleteFunctionEventInvokeConfig: {
      permissions: on('DeleteFunctionEventInvokeConfig'),
      run: (input: GetFunctionEventInvokeConfigRequest) => {
        const fn = find(input);
        presentEventInvokeConfig(fn);
        fn.eventInvokeConfig = undefined;
        return {};
      },
    },
  };
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
  const on = (action: string) => onFunction(context.deps.account, action);
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);
  return {
    PutFunctionConcurrency: {
      permissions: on('PutFunctionConcurrency'),
      run: (input: PutFunctionConcurrencyRequest) => {
        const fn = find(input);
        const reserved = Number(input.ReservedConcurrentExecutions);
        checkRange(reserved, 'reservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
        assertUnreservedRemains(context, fn, reserved);
        fn.reservedConcurrency = reserved;
        return { ReservedConcurrentExecutions: reserved };
      },
    },
    GetFunctionConcurrency: {
      permissions: on('GetFunctionConcurrency'),
      run: (input: GetFunctionConcurrencyRequest) => {
        const { reservedConcurrency } = find(input);
        return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
      },
    },
    DeleteFunctionConcurrency: {
      permissions: on('DeleteFunctionConcurrency'),
      run: (input: GetFunctionConcurrencyRequest) => {
        find(input).reservedConcurrency = undefined;
        return {};
      },
    },
  };
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
  const on = (action: string) => (input: ListTagsRequest) => [
    { action: `lambda:${action}`, resource: input.Resource ?? '' },
  ];
  return {
    TagResource: {
      permissions: on('TagResource'),
      run: (input: TagResourceRequest) => {
        Object.assign(findFunction(context, input.Resource).tags, input.Tags);
        return {};
      },
    },
    UntagResource: {
      permissions: on('UntagResource'),
      run: (input: UntagResourceRequest) => {
        const { tags } = findFunction(context, input.Resource);
        for (const key of input.TagKeys ?? []) delete tags[key];
        return {};
      },
    },
    ListTags: {
      permissions: on('ListTags'),
      run: (input: ListTagsRequest) => ({ Tags: { ...findFunction(context, input.Resource).tags } }),
    },
  };
}
