import type { Deps } from '../core/cloud.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { CodeStore } from './code.ts';
import type { RoleCredentials } from './environment-variables.ts';
import { functionNotFound } from './errors.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { LambdaFunction } from './function-state.ts';
import type { FunctionLogLine, Invoker } from './invoker.ts';
import { functionArn, functionName } from './names.ts';
import type { FunctionRunnerFactory } from './runner.ts';

/** What Lambda needs from outside. */
export interface LambdaExtras {
  readonly runner: FunctionRunnerFactory;
  readonly code: CodeStore;
  /** Credentials for a function's environment that the gateway maps back to the role. @default none are set */
  readonly issueCredentials?: (roleArn: string, functionName: string) => RoleCredentials;
  /** AWS_ENDPOINT_URL of functions. Asked when an environment is made. @default not set */
  readonly gatewayUrl?: () => string;
  /** Whether the role exists and trusts `lambda.amazonaws.com`. @default every role does */
  readonly canAssumeRole?: (roleArn: string) => boolean;
  /** Takes the functions' own policies (undefined: it has none), which IAM asks. @default they are kept and nobody asks them */
  readonly setResourcePolicy?: (functionArn: string, document: string | undefined) => void;
  /** Every line that functions print and that Lambda writes about them. @default dropped */
  readonly onLog?: (line: FunctionLogLine) => void;
  /** Environments of one function at the same time; more are throttled. @default 10 */
  readonly maxConcurrency?: number;
  /** How long an environment waits for its next invocation, in milliseconds. @default 300000 */
  readonly idleMs?: number;
}

/** The state and the parts that the operations share. */
export interface LambdaContext {
  readonly deps: Deps;
  readonly extras: LambdaExtras;
  readonly functions: Map<string, LambdaFunction>;
  readonly mappings: Map<string, EventSourceMapping>;
  readonly invoker: Invoker;
  readonly events: AsyncInvocations;
}

/** The function that a name, partial ARN or ARN names. Throws ResourceNotFoundException. */
export function findFunction(context: LambdaContext, reference: unknown, qualifier?: string): LambdaFunction {
  const name = functionName(context.deps.account, reference, qualifier);
  const found = context.functions.get(name);
  if (!found) throw functionNotFound(functionArn(context.deps.account, name));
  return found;
}

/** Marks a change of code or settings. */
export function touch(context: LambdaContext, fn: LambdaFunction): void {
  fn.lastModifiedMs = context.deps.clock.now();
  fn.revisionId = context.deps.ids.uuid();
  fn.pool.retire();
}

/** One page of a list by `Marker` and `MaxItems`. */
export function page<T>(
  all: readonly T[],
  input: { Marker?: string; MaxItems?: number },
): { items: T[]; marker: { NextMarker?: string } } {
  const start = Number(input.Marker ?? 0);
  const end = start + Math.min(Math.max(1, Number(input.MaxItems ?? 50)), 50);
  return { items: all.slice(start, end), marker: end < all.length ? { NextMarker: String(end) } : {} };
}
