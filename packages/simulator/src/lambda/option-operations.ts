import type { FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import { checkMember } from '../core/constraint.ts';
import { findFunction, type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import { checkRange, checkTagCount, invalidParameter, resourceConflict, resourceNotFound } from './errors.ts';
import type { LambdaFunction } from './function.ts';

/** Concurrent executions of an account. */
const ACCOUNT_CONCURRENCY = 1_000;
/** Concurrent executions that no function can reserve. */
const UNRESERVED_CONCURRENCY_MINIMUM = 100;

const DESTINATION = /^$|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)/;

/** Options of a function beside code and configuration: asynchronous invocation, concurrency, tags. */
export function optionOperations(context: LambdaContext) {
  const { deps, functions } = context;
  /** Of a function, or of an event source mapping. */
  const tagsOf = (resource = ''): Record<string, string> => {
    const [, uuid] = /^arn:[a-z-]+:lambda:[^:]+:\d+:event-source-mapping:([\w-]+)$/.exec(resource) ?? [];
    if (uuid !== undefined) {
      const mapping = context.mappings.get(uuid);
      if (!mapping) throw resourceNotFound(`Event source mapping not found: ${resource}`);
      return mapping.state.tags;
    }
    if (/:function:[^:]+:/.test(resource)) {
      throw invalidParameter('Tags on function aliases and versions are not supported. Please specify a function ARN.');
    }
    return findFunction(context, { FunctionName: resource }).tags;
  };
  return lambdaOperations(context, {
    PutFunctionEventInvokeConfig: onFunction(context, (fn, input) => {
      const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
      checkRange(MaximumRetryAttempts, 'maximumRetryAttempts', 0, 2);
      checkRange(MaximumEventAgeInSeconds, 'maximumEventAgeInSeconds', 60, 21_600);
      for (const [outcome, { Destination = '' } = {}] of Object.entries({ ...DestinationConfig })) {
        const member = outcome === 'OnSuccess' ? 'onSuccess' : 'onFailure';
        checkMember(`destinationConfig.${member}.destination`, Destination, { pattern: DESTINATION });
      }
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
      const tags = tagsOf(Resource);
      checkTagCount({ ...tags, ...Tags });
      Object.assign(tags, Tags);
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

/** AddPermission, RemovePermission, GetPolicy. */
export function functionPolicyOperations(context: LambdaContext) {
  const { deps, extras } = context;
  const changed = (fn: LambdaFunction) => {
    fn.revisionId = deps.ids.uuid();
    extras.setResourcePolicy?.(fn.arn, policyOf(fn));
  };
  return lambdaOperations(context, {
    AddPermission: onFunction(context, (fn, { StatementId: Sid = '', Principal, Action, SourceAccount, SourceArn }) => {
      checkMember('statementId', Sid, { min: 1, max: 100, pattern: /^([a-zA-Z0-9-_]+)$/ });
      if (fn.policy.has(Sid)) {
        const advice = 'Please provide a new statement id, or remove the existing statement.';
        throw resourceConflict(`The statement id (${Sid}) provided already exists. ${advice}`);
      }
      const conditions = {
        ...(SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
        ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
      };
      const statement = {
        ...{ Sid, Effect: 'Allow', Principal: principal(Principal, deps.account.partition), Action, Resource: fn.arn },
        ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
      };
      fn.policy.set(Sid, statement);
      changed(fn);
      return { Statement: JSON.stringify(statement) };
    }),
    RemovePermission: onFunction(context, (fn, { StatementId = '' }) => {
      if (!fn.policy.delete(StatementId)) {
        const reason = `Statement ${StatementId} is not found in resource policy.`;
        throw resourceNotFound(fn.policy.size > 0 ? reason : 'No policy is associated with the given resource.');
      }
      changed(fn);
    }),
    GetPolicy: onFunction(context, (fn) => {
      const Policy = policyOf(fn);
      if (Policy === undefined) throw resourceNotFound();
      return { Policy, RevisionId: fn.revisionId };
    }),
  });
}

/** The policy as JSON; undefined without statements. */
function policyOf({ policy }: LambdaFunction): string | undefined {
  if (policy.size === 0) return undefined;
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: [...policy.values()] });
}

/** The element of a statement for a service, an ARN, an account's id or `*`. */
function principal(given = '', partition: string): string | Record<string, string> {
  if (given === '*') return given;
  if (/^\d{12}$/.test(given)) return { AWS: `arn:${partition}:iam::${given}:root` };
  return given.startsWith('arn:') ? { AWS: given } : { Service: given };
}
