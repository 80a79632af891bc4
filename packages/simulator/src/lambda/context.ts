import type { Account } from '../core/account.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { page } from '../core/page.ts';
import { permitted } from '../core/permitted.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { CodeStore } from './code.ts';
import type { RoleCredentials } from './environment-variables.ts';
import { functionNotFound } from './errors.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { LambdaFunction } from './function-state.ts';
import type { FunctionLogLine, Invoker } from './invoker.ts';
import { functionArn, functionName, requestedFunctionArn } from './names.ts';
import type { FunctionRunnerFactory } from './runner.ts';

/** What Lambda needs from its surroundings. */
export interface LambdaExtras {
  readonly runner: FunctionRunnerFactory;
  readonly code: CodeStore;
  /** Credentials for a function's environment that the gateway maps back to the role. @default none are set */
  readonly issueCredentials?: (roleArn: string, functionName: string) => RoleCredentials;
  /** AWS_ENDPOINT_URL of functions, read whenever an environment is created. @default not set */
  readonly gatewayUrl?: () => string;
  /** Whether the role exists and trusts `lambda.amazonaws.com`. @default every role does */
  readonly canAssumeRole?: (roleArn: string) => boolean;
  /** Enforces the functions' policies; undefined removes one. @default policies are stored, not enforced */
  readonly setResourcePolicy?: (functionArn: string, document: string | undefined) => void;
  /** Receives every line that functions print or Lambda writes about them. @default lines are dropped */
  readonly onLog?: (line: FunctionLogLine) => void;
  /** Concurrent environments of one function; further invocations are throttled. @default 10 */
  readonly maxConcurrency?: number;
  /** How long an idle environment waits for its next invocation, in milliseconds. @default 300000 */
  readonly idleMs?: number;
}

/** State that the operations share. */
export interface LambdaContext {
  readonly deps: Deps;
  readonly extras: LambdaExtras;
  readonly functions: Map<string, LambdaFunction>;
  readonly mappings: Map<string, EventSourceMapping>;
  readonly invoker: Invoker;
  readonly events: AsyncInvocations;
}

/** The input members that name a function. */
export interface FunctionInput {
  readonly FunctionName: string | undefined;
  readonly Qualifier?: string | undefined;
}

/** Operations that need permission on the function that their input names. */
export function onFunction(account: Account, runs: Parameters<typeof permitted>[2]): Record<string, Operation> {
  return permitted('lambda', (input: FunctionInput) => functionResource(account, input), runs);
}

/** The ARN of the function that an input names; `*` if it names none. */
export function functionResource(account: Account, { FunctionName }: FunctionInput): string {
  return FunctionName === undefined ? '*' : requestedFunctionArn(account, FunctionName);
}

/** Finds a function by name, partial ARN or ARN. Throws ResourceNotFoundException. */
export function findFunction(
  context: LambdaContext,
  reference: string | undefined,
  qualifier?: string,
): LambdaFunction {
  const name = functionName(context.deps.account, reference, qualifier);
  const found = context.functions.get(name);
  if (!found) throw functionNotFound(functionArn(context.deps.account, name));
  return found;
}

/** Records a change of code or settings; the next invocation gets a new environment. */
export function touch(context: LambdaContext, fn: LambdaFunction): void {
  fn.lastModifiedMs = context.deps.clock.now();
  fn.revisionId = context.deps.ids.uuid();
  fn.pool.retire();
}

/** Items that a List operation returns at most, and by default. */
const MAX_PAGE_ITEMS = 50;

/** One page of a list by `Marker` and `MaxItems`. */
export function pageByMarker<T>(
  all: readonly T[],
  input: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
): { items: T[]; marker: { NextMarker?: string } } {
  const size = Math.min(Math.max(1, Number(input.MaxItems ?? MAX_PAGE_ITEMS)), MAX_PAGE_ITEMS);
  const { items, next } = page(all, size, Number(input.Marker ?? 0));
  return { items, marker: next === undefined ? {} : { NextMarker: String(next) } };
}
