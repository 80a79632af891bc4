import type { FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import { findFunction, type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import { checkRange, invalidParameter, resourceNotFound } from './errors.ts';
import type { LambdaFunction } from './function.ts';

/** Concurrent executions of an account. */
const ACCOUNT_CONCURRENCY = 1_000;
/** Concurrent executions that no function can reserve. */
const UNRESERVED_CONCURRENCY_MINIMUM = 100;

/** Options of a function beside code and configuration: asynchronous invocation, concurrency, tags. */
export function optionOperations(context: LambdaContext) {
  const { deps, functions } = context;
  const tagsOf = (FunctionName: string | undefined) => findFunction(context, { FunctionName }).tags;
  return lambdaOperations(context, {
    PutFunctionEventInvokeConfig: onFunction(context, (fn, input) => {
      const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
      checkRange(MaximumRetryAttempts, 'maximumRetryAttempts', 0, 2);
      checkRange(MaximumEventAgeInSeconds, 'maximumEventAgeInSeconds', 60, 21_600);
      fn.eventInvokeConfig = {
        FunctionArn: `${fn.arn}:$LATEST`,
        LastModified: new Date(deps.clock.now()),
        MaximumRetryAttempts,
        MaximumEventAgeInSeconds,
        DestinationConfig: DestinationConfig ?? { OnSuccess: {}, OnFailure: {} },
      };
      return fn.eventInvokeConfig;
    }),
    GetFunctionEventInvokeConfig: onFunction(context, eventInvokeConfigOf),
    DeleteFunctionEventInvokeConfig: onFunction(context, (fn) => {
      eventInvokeConfigOf(fn);
      fn.eventInvokeConfig = undefined;
    }),
    PutFunctionConcurrency: onFunction(context, (fn, input) => {
      const ReservedConcurrentExecutions = Number(input.ReservedConcurrentExecutions);
      checkRange(ReservedConcurrentExecutions, 'reservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
      let reserved = ReservedConcurrentExecutions;
      for (const other of functions.values()) if (other !== fn) reserved += other.reservedConcurrency ?? 0;
      if (reserved > ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY_MINIMUM) {
        throw invalidParameter(
          "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution " +
            `below its minimum value of [${UNRESERVED_CONCURRENCY_MINIMUM}].`,
        );
      }
      fn.reservedConcurrency = ReservedConcurrentExecutions;
      return { ReservedConcurrentExecutions };
    }),
    GetFunctionConcurrency: onFunction(context, ({ reservedConcurrency }) => ({
      ReservedConcurrentExecutions: reservedConcurrency,
    })),
    DeleteFunctionConcurrency: onFunction(context, (fn) => {
      fn.reservedConcurrency = undefined;
    }),
    TagResource({ Resource, Tags }) {
      Object.assign(tagsOf(Resource), Tags);
    },
    UntagResource({ Resource, TagKeys = [] }) {
      const tags = tagsOf(Resource);
      for (const key of TagKeys) delete tags[key];
    },
    ListTags: ({ Resource }) => ({ Tags: { ...tagsOf(Resource) } }),
  });
}

function eventInvokeConfigOf(fn: LambdaFunction): FunctionEventInvokeConfig {
  if (fn.eventInvokeConfig) return fn.eventInvokeConfig;
  throw resourceNotFound(`The function ${fn.arn}:$LATEST doesn't have an EventInvokeConfig`);
}
