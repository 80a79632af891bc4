import type { Operation } from '../core/cloud.ts';
import { findFunction, type LambdaContext } from './context.ts';
import { checkRange, invalidParameter, resourceNotFound } from './errors.ts';
import type { EventInvokeConfig, LambdaFunction } from './function-state.ts';
import { requestedFunctionArn } from './names.ts';

interface FunctionInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

interface ResourceInput {
  readonly Resource: string;
}

/** Concurrent executions of an account, and how many of them no function may reserve. */
const ACCOUNT_CONCURRENCY = 1_000;
const UNRESERVED_CONCURRENCY_MINIMUM = 100;

/** What beside code and configuration can be set on a function: asynchronous invocation, concurrency, tags. */
export function optionOperations(context: LambdaContext): Record<string, Operation> {
  const { account, clock } = context.deps;
  const on = (action: string) => (input: FunctionInput) => [
    { action: `lambda:${action}`, resource: requestedFunctionArn(account, input.FunctionName) },
  ];
  const onResource = (action: string) => (input: ResourceInput) => [
    { action: `lambda:${action}`, resource: input.Resource },
  ];
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);

  const eventConfig = (fn: LambdaFunction, config: EventInvokeConfig) => {
    const { lastModifiedMs, ...rest } = config;
    return { FunctionArn: `${fn.arn}:$LATEST`, LastModified: new Date(lastModifiedMs), ...rest };
  };
  const putEventConfig = (input: FunctionInput & Partial<EventInvokeConfig>, before?: EventInvokeConfig) => {
    const fn = find(input);
    const config: EventInvokeConfig = {
      MaximumRetryAttempts: input.MaximumRetryAttempts ?? before?.MaximumRetryAttempts,
      MaximumEventAgeInSeconds: input.MaximumEventAgeInSeconds ?? before?.MaximumEventAgeInSeconds,
      DestinationConfig: input.DestinationConfig ?? before?.DestinationConfig ?? { OnSuccess: {}, OnFailure: {} },
      lastModifiedMs: clock.now(),
    };
    if (config.MaximumRetryAttempts !== undefined) {
      checkRange(config.MaximumRetryAttempts, 'maximumRetryAttempts', 0, 2);
    }
    if (config.MaximumEventAgeInSeconds !== undefined) {
      checkRange(config.MaximumEventAgeInSeconds, 'maximumEventAgeInSeconds', 60, 21_600);
    }
    fn.eventInvokeConfig = config;
    return eventConfig(fn, config);
  };
  const presentEventConfig = (fn: LambdaFunction): EventInvokeConfig => {
    if (fn.eventInvokeConfig) return fn.eventInvokeConfig;
    throw resourceNotFound(`The function ${fn.arn}:$LATEST doesn't have an EventInvokeConfig`);
  };

  const putConcurrency = (input: FunctionInput & { ReservedConcurrentExecutions: number }) => {
    const fn = find(input);
    const reserved = input.ReservedConcurrentExecutions;
    checkRange(reserved, 'reservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
    let others = 0;
    for (const other of context.functions.values()) if (other !== fn) others += other.reservedConcurrency ?? 0;
    if (others + reserved > ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY_MINIMUM) {
      throw invalidParameter(
        `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_CONCURRENCY_MINIMUM}].`,
      );
    }
    fn.reservedConcurrency = reserved;
    return { ReservedConcurrentExecutions: reserved };
  };

  return {
    PutFunctionEventInvokeConfig: {
      permissions: on('PutFunctionEventInvokeConfig'),
      run: (input: FunctionInput & Partial<EventInvokeConfig>) => putEventConfig(input),
    },
    UpdateFunctionEventInvokeConfig: {
      permissions: on('UpdateFunctionEventInvokeConfig'),
      run: (input: FunctionInput & Partial<EventInvokeConfig>) =>
        putEventConfig(input, presentEventConfig(find(input))),
    },
    GetFunctionEventInvokeConfig: {
      permissions: on('GetFunctionEventInvokeConfig'),
      run: (input: FunctionInput) => {
        const fn = find(input);
        return eventConfig(fn, presentEventConfig(fn));
      },
    },
    DeleteFunctionEventInvokeConfig: {
      permissions: on('DeleteFunctionEventInvokeConfig'),
      run: (input: FunctionInput) => {
        const fn = find(input);
        presentEventConfig(fn);
        fn.eventInvokeConfig = undefined;
        return {};
      },
    },
    PutFunctionConcurrency: { permissions: on('PutFunctionConcurrency'), run: putConcurrency },
    GetFunctionConcurrency: {
      permissions: on('GetFunctionConcurrency'),
      run: (input: FunctionInput) => {
        const { reservedConcurrency } = find(input);
        return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
      },
    },
    DeleteFunctionConcurrency: {
      permissions: on('DeleteFunctionConcurrency'),
      run: (input: FunctionInput) => {
        find(input).reservedConcurrency = undefined;
        return {};
      },
    },
    TagResource: {
      permissions: onResource('TagResource'),
      run: (input: ResourceInput & { Tags: Record<string, string> }) => {
        Object.assign(findFunction(context, input.Resource).tags, input.Tags);
        return {};
      },
    },
    UntagResource: {
      permissions: onResource('UntagResource'),
      run: (input: ResourceInput & { TagKeys: string[] }) => {
        const { tags } = findFunction(context, input.Resource);
        for (const key of input.TagKeys) delete tags[key];
        return {};
      },
    },
    ListTags: {
      permissions: onResource('ListTags'),
      run: (input: ResourceInput) => ({ Tags: { ...findFunction(context, input.Resource).tags } }),
    },
  };
}
