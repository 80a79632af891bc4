import type { Lambda } from '@aws-sdk/client-lambda';
import type { Caller, Deps, Operation, Permission } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import { requestedPage } from '../core/page.ts';
import { functionNotFound, invalidParameter } from './errors.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { LambdaExtras, LambdaFunction } from './function.ts';
import type { Invoker } from './invoker.ts';
import { type FunctionReference, functionArn, mappingArn, readReference, requestedFunctionArn } from './names.ts';

/** State that the operations share. */
export interface LambdaContext {
  readonly deps: Deps;
  readonly extras: LambdaExtras;
  readonly functions: Map<string, LambdaFunction>;
  readonly mappings: Map<string, EventSourceMapping>;
  readonly invoker: Invoker;
}

/** Operations that need permission on the function or mapping that their input names, and to pass its role. */
export function lambdaOperations(
  { deps: { account } }: LambdaContext,
  runs: Parameters<ReturnType<typeof operationsOf<Lambda>>>[2],
): Record<string, Operation> {
  return operationsOf<Lambda>()(
    'lambda',
    ({ FunctionName, Resource, Role, UUID }, name) => {
      const fn = FunctionName === undefined ? '*' : requestedFunctionArn(account, FunctionName);
      if (name === 'Invoke') return [{ action: 'lambda:InvokeFunction', resource: fn }];
      if (name === 'CreateEventSourceMapping') {
        return [{ action: `lambda:${name}`, resource: '*', context: { 'lambda:FunctionArn': fn } }];
      }
      if (name === 'ListEventSourceMappings') return '*';
      if (UUID !== undefined) return mappingArn(account, UUID);
      return [Resource ?? fn, ...(Role === undefined ? [] : [passRole(Role)])];
    },
    runs,
  );
}

const passRole = (resource: string): Permission => ({
  action: 'iam:PassRole',
  resource,
  context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
});

/**
 * A handler of an operation on the function that its input names; `version` is the one that an error names if the input
 * names none. Throws ResourceNotFoundException.
 */
export const onFunction =
  <I extends FunctionReference, O>(
    context: LambdaContext,
    run: (fn: LambdaFunction, input: I, caller: Caller) => O,
    version?: string,
  ) =>
  (input: I, caller: Caller): O =>
    run(findFunction(context, input, version), input, caller);

/**
 * Finds a function by name, partial ARN or ARN. Throws ResourceNotFoundException, also for versions and aliases, which
 * are not simulated.
 */
export function findFunction(
  { deps: { account }, functions }: LambdaContext,
  reference: FunctionReference,
  version?: string,
): LambdaFunction {
  const { name, qualifier = version } = readReference(account, reference);
  const found = functions.get(name);
  if (found && (qualifier ?? '$LATEST') === '$LATEST') return found;
  const arn = functionArn(account, name);
  throw functionNotFound(qualifier === undefined ? arn : `${arn}:${qualifier}`);
}

/** Items on a page of a list, also by default. */
const MAX_LISTED = 50;

/** The page that the input asks for, as the output's `member`. */
export function functionPage(
  member: string,
  all: readonly unknown[],
  { MaxItems, Marker }: { readonly MaxItems?: number | undefined; readonly Marker?: string | undefined },
) {
  const size = Math.min(Math.max(1, Number(MaxItems ?? MAX_LISTED)), MAX_LISTED);
  const { items, token } = requestedPage(all, { size, max: MAX_LISTED, token: Marker }, () =>
    invalidParameter('Marker must be one that was returned.'),
  );
  return { [member]: items, NextMarker: token };
}
