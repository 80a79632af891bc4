import { checkMember, checkMembers } from '../core/constraint.ts';
import { findFunction, type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import {
  checkRange,
  checkRevision,
  checkTagCount,
  functionNotFound,
  invalidParameter,
  resourceConflict,
  resourceNotFound,
} from './errors.ts';
import type { LambdaFunction } from './function.ts';
import { type FunctionReference, functionArn, readReference } from './names.ts';

/** Concurrent executions of an account. */
const ACCOUNT_CONCURRENCY = 1_000;
/** Concurrent executions that no function can reserve. */
const UNRESERVED_CONCURRENCY_MINIMUM = 100;

const TAGGED =
  /arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)/;

const DESTINATION = /^$|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)/;

/** Options of a function beside code and configuration: asynchronous invocation and concurrency. */
export function optionOperations(context: LambdaContext) {
  const { deps, functions } = context;
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
    GetFunctionEventInvokeConfig: (input) => findInvokeConfig(context, input).eventInvokeConfig,
    DeleteFunctionEventInvokeConfig(input) {
      findInvokeConfig(context, input).fn.eventInvokeConfig = undefined;
    },
    PutFunctionConcurrency(input) {
      const { name, qualifier } = readReference(deps.account, input);
      if (qualifier !== undefined) {
        throw invalidParameter(
          'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. ' +
            'Please specify either a function name or an unqualified function ARN.',
        );
      }
      const fn = findFunction(context, { FunctionName: name }, '$LATEST');
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
    },
    GetFunctionConcurrency: onFunction(context, ({ reservedConcurrency }) => ({
      ReservedConcurrentExecutions: reservedConcurrency,
    })),
    DeleteFunctionConcurrency: onFunction(context, (fn) => {
      fn.reservedConcurrency = undefined;
    }),
  });
}

/** Tags of functions and of event source mappings. */
export function functionTagOperations(context: LambdaContext) {
  const tagsOf = (resource = '', changes = false): Record<string, string> => {
    checkMember('resource', resource, { pattern: TAGGED });
    const [, , , , , kind = '', id = ''] = resource.split(':');
    if (kind !== 'function') {
      const mapping = kind === 'event-source-mapping' ? context.mappings.get(id) : undefined;
      if (mapping) return mapping.state.tags;
      const name = kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('-', ' ');
      throw resourceNotFound(`${name} not found: ${resource}`);
    }
    if (/:function:[^:]+:/.test(resource)) {
      throw invalidParameter('Tags on function aliases and versions are not supported. Please specify a function ARN.');
    }
    const fn = findFunction(context, { FunctionName: resource });
    if (changes) fn.revisionId = context.deps.ids.uuid();
    return fn.tags;
  };
  return lambdaOperations(context, {
    TagResource({ Resource, Tags }) {
      const tags = tagsOf(Resource, true);
      checkTagCount({ ...tags, ...Tags });
      if (Object.keys({ ...Tags }).length === 0) {
        throw invalidParameter('An error occurred and the request cannot be processed.');
      }
      Object.assign(tags, Tags);
    },
    UntagResource({ Resource, TagKeys = [] }) {
      const tags = tagsOf(Resource, true);
      for (const key of TagKeys) delete tags[key];
    },
    ListTags: ({ Resource }) => ({ Tags: { ...tagsOf(Resource) } }),
  });
}

/** The configuration, and its function. Throws ResourceNotFoundException. */
function findInvokeConfig({ deps: { account }, functions }: LambdaContext, reference: FunctionReference) {
  const { name, qualifier = '$LATEST' } = readReference(account, reference);
  const fn = functions.get(name);
  if (fn?.eventInvokeConfig && qualifier === '$LATEST') return { fn, eventInvokeConfig: fn.eventInvokeConfig };
  throw resourceNotFound(`The function ${functionArn(account, name)}:${qualifier} doesn't have an EventInvokeConfig`);
}

const SOURCE_ARN = /arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)/;

/** AddPermission, RemovePermission, GetPolicy. */
export function functionPolicyOperations(context: LambdaContext) {
  const { deps, extras, functions } = context;
  const changed = (fn: LambdaFunction) => {
    fn.revisionId = deps.ids.uuid();
    extras.setResourcePolicy?.(fn.arn, policyOf(fn));
  };
  return lambdaOperations(context, {
    AddPermission(input) {
      const { StatementId: Sid = '', Principal, Action, SourceAccount, SourceArn } = input;
      checkMembers([
        ['statementId', Sid, { min: 1, max: 100, pattern: /([a-zA-Z0-9-_]+)/ }],
        ['action', Action, { pattern: /(lambda:[*]|lambda:[a-zA-Z]+|[*])/ }],
        ['sourceAccount', SourceAccount, { max: 12, pattern: /\d{12}/ }],
        ['sourceArn', SourceArn, { pattern: SOURCE_ARN }],
      ]);
      const fn = policyHolder(context, input);
      checkRevision(fn, input.RevisionId, 'GetPolicy');
      checkPrincipal(Principal);
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
    },
    RemovePermission(input) {
      const { StatementId = '' } = input;
      const fn = policyHolder(context, input, (arn) => resourceNotFound(`No policy found for: ${arn}`));
      checkRevision(fn, input.RevisionId, 'GetPolicy');
      if (!fn.policy.delete(StatementId)) {
        const reason = `Statement ${StatementId} is not found in resource policy.`;
        throw resourceNotFound(fn.policy.size > 0 ? reason : 'No policy is associated with the given resource.');
      }
      changed(fn);
    },
    GetPolicy(input) {
      const { name, qualifier } = readReference(deps.account, input);
      const fn = qualifier === undefined ? functions.get(name) : undefined;
      const Policy = fn && policyOf(fn);
      if (Policy === undefined) throw resourceNotFound();
      return { Policy, RevisionId: fn?.revisionId };
    },
  });
}

/** The function whose policy changes: versions and aliases, of which none exists, have their own. */
function policyHolder(
  context: LambdaContext,
  reference: FunctionReference,
  missing = functionNotFound,
): LambdaFunction {
  const { account } = context.deps;
  const { name, qualifier } = readReference(account, reference);
  if (qualifier === '$LATEST') throw invalidParameter('We currently do not support adding policies for $LATEST.');
  const arn = functionArn(account, name);
  const fn = context.functions.get(name);
  if (!fn) throw missing(arn);
  if (qualifier === undefined) return fn;
  const isAlias = !/^\d+$|\$/.test(qualifier);
  throw isAlias
    ? resourceNotFound(`Cannot find alias arn: ${arn}:${qualifier}`)
    : functionNotFound(`${arn}:${qualifier}`);
}

/** Throws InvalidParameterValueException. */
function checkPrincipal(given = ''): void {
  if (/^(\*|\d{12}|arn:.*|.*\.amazon(aws)?\.com(\.cn)?)$/.test(given)) return;
  throw invalidParameter('The provided principal was invalid. Please check the principal and try again.');
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
