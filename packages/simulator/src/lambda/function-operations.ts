import type {
  CreateFunctionRequest,
  DeleteFunctionRequest,
  GetFunctionConfigurationRequest,
  GetFunctionRequest,
  ListFunctionsRequest,
  UpdateFunctionCodeRequest,
  UpdateFunctionConfigurationRequest,
} from '@aws-sdk/client-lambda';
import type { Caller, Operation, Permission } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import type { CodeInput, StoredCode } from './code.ts';
import {
  type FunctionInput,
  findFunction,
  functionResource,
  type LambdaContext,
  pageByMarker,
  touch,
} from './context.ts';
import { type Environment, EnvironmentPool } from './environment-pool.ts';
import { environmentVariables } from './environment-variables.ts';
import { invalidParameter, resourceConflict } from './errors.ts';
import { codeSource } from './fetch-code.ts';
import type { LambdaFunction } from './function-state.ts';
import { functionArn, functionName } from './names.ts';
import { configurationOf, mergeSettings } from './settings.ts';

type CreateInput = Omit<CreateFunctionRequest, 'Code'> & { readonly Code: CodeInput | undefined };
type UpdateCodeInput = Omit<UpdateFunctionCodeRequest, keyof CodeInput> & CodeInput;

/** Milliseconds that an environment stays idle before it is stopped, unless the extras say otherwise. */
const DEFAULT_IDLE_MS = 300_000;

/** Create, read, list, update and delete functions. */
export function functionOperations(context: LambdaContext): Record<string, Operation> {
  const { account } = context.deps;
  const find = (input: GetFunctionRequest) => findFunction(context, input.FunctionName, input.Qualifier);
  const resourcesOf = (input: FunctionInput & { readonly Role?: string }) => [
    functionResource(account, input),
    ...passRole(input.Role),
  ];
  return permitted('lambda', resourcesOf, {
    CreateFunction: (input: CreateInput, caller: Caller) => createFunction(context, input, caller),
    UpdateFunctionCode: (input: UpdateCodeInput, caller: Caller) => updateCode(context, input, caller),
    UpdateFunctionConfiguration: (input: UpdateFunctionConfigurationRequest) => updateConfiguration(context, input),
    GetFunction: (input: GetFunctionRequest) => describeFunction(context, find(input)),
    GetFunctionConfiguration: (input: GetFunctionConfigurationRequest) => configurationOf(account, find(input)),
    DeleteFunction: (input: DeleteFunctionRequest) => deleteFunction(context, find(input)),
    ListFunctions: (input: ListFunctionsRequest) => {
      const all = [...context.functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, marker } = pageByMarker(all, input);
      return { Functions: items.map((fn) => configurationOf(account, fn)), ...marker };
    },
  });
}

async function createFunction(context: LambdaContext, input: CreateInput, caller: Caller) {
  const { account, clock, ids } = context.deps;
  const name = functionName(account, input.FunctionName);
  const settings = mergeSettings(name, input);
  assertUnpublished(input);
  assertRole(context, settings.Role);
  assertFree(context, name);
  const source = await codeSource(context.deps, input.Code ?? {}, settings.Runtime, caller);
  const code = await context.extras.code.store(name, source);
  // Storing the code took time, in which the same function may have been created.
  assertFree(context, name);
  const fn = addFunction(context, {
    name,
    arn: functionArn(account, name),
    settings,
    code,
    revisionId: ids.uuid(),
    lastModifiedMs: clock.now(),
    tags: { ...input.Tags },
    policy: [],
    eventInvokeConfig: undefined,
    reservedConcurrency: undefined,
  });
  return configurationOf(account, fn);
}

/** Adds a function, which has no environment yet. */
export function addFunction(context: LambdaContext, state: Omit<LambdaFunction, 'pool'>): LambdaFunction {
  const fn: LambdaFunction = {
    ...state,
    pool: new EnvironmentPool({
      clock: context.deps.clock,
      idleMs: context.extras.idleMs ?? DEFAULT_IDLE_MS,
      create: () => createEnvironment(context, fn),
    }),
  };
  context.functions.set(fn.name, fn);
  return fn;
}

async function updateCode(context: LambdaContext, input: UpdateCodeInput, caller: Caller) {
  const { deps, extras } = context;
  const fn = findFunction(context, input.FunctionName);
  assertUnpublished(input);
  const code = await extras.code.store(fn.name, await codeSource(deps, input, fn.settings.Runtime, caller));
  if (input.DryRun) {
    await extras.code.release(code);
    return { ...configurationOf(deps.account, fn), CodeSha256: code.sha256, CodeSize: code.size };
  }
  const before: StoredCode = fn.code;
  fn.code = code;
  touch(context, fn);
  if (before.path !== code.path) await extras.code.release(before);
  return configurationOf(deps.account, fn);
}

function updateConfiguration(context: LambdaContext, input: UpdateFunctionConfigurationRequest) {
  const fn = findFunction(context, input.FunctionName);
  const settings = mergeSettings(fn.name, input, fn.settings);
  assertRole(context, settings.Role);
  fn.settings = settings;
  touch(context, fn);
  return configurationOf(context.deps.account, fn);
}

async function deleteFunction({ functions, extras }: LambdaContext, fn: LambdaFunction): Promise<object> {
  functions.delete(fn.name);
  extras.setResourcePolicy?.(fn.arn, undefined);
  await fn.pool.stop();
  await extras.code.release(fn.code);
  return {};
}

function describeFunction({ deps }: LambdaContext, fn: LambdaFunction): object {
  return {
    Configuration: configurationOf(deps.account, fn),
    Code: { RepositoryType: 'S3', Location: `file://${fn.code.path}` },
    ...(Object.keys(fn.tags).length > 0 && { Tags: { ...fn.tags } }),
    ...(fn.reservedConcurrency !== undefined && {
      Concurrency: { ReservedConcurrentExecutions: fn.reservedConcurrency },
    }),
  };
}

function passRole(role: string | undefined): Permission[] {
  if (role === undefined) return [];
  return [{ action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'lambda.amazonaws.com' } }];
}

function assertRole({ extras }: LambdaContext, role: string): void {
  if (extras.canAssumeRole?.(role) === false) {
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.');
  }
}

function assertFree({ functions }: LambdaContext, name: string): void {
  if (functions.has(name)) throw resourceConflict(`Function already exist: ${name}`);
}

function assertUnpublished({ Publish }: { readonly Publish?: boolean | undefined }): void {
  if (Publish) throw invalidParameter('The local runtime does not simulate versions of functions.');
}

function createEnvironment({ deps, extras }: LambdaContext, fn: LambdaFunction): Environment {
  const { account, clock, ids } = deps;
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const logStream = `${day}/[$LATEST]${ids.hex(32)}`;
  const runner = extras.runner.create({
    functionName: fn.name,
    functionArn: fn.arn,
    runtime: fn.settings.Runtime ?? '',
    handler: fn.settings.Handler ?? '',
    codePath: fn.code.path,
    memorySize: fn.settings.MemorySize,
    env: environmentVariables(account, fn, {
      logStream,
      credentials: extras.issueCredentials?.(fn.settings.Role, fn.name),
      endpointUrl: extras.gatewayUrl?.(),
    }),
    onLine: (line) =>
      environment.sink ? environment.sink(line) : extras.onLog?.({ functionName: fn.name, line, at: clock.now() }),
  });
  const environment: Environment = { runner, logStream, init: runner.init(), used: false, sink: undefined };
  return environment;
}
