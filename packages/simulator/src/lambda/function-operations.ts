import { createHash } from 'node:crypto';
import type { Lambda } from '@aws-sdk/client-lambda';
import type { Caller } from '../core/cloud.ts';
import type { Inputs } from '../core/operations.ts';
import { codeSource } from './code.ts';
import { findFunction, functionPage, type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import { type Environment, environmentPool } from './environment-pool.ts';
import { environmentVariables } from './environment-variables.ts';
import { checkRevision, checkTagCount, invalidParameter, resourceConflict } from './errors.ts';
import type { LambdaFunction } from './function.ts';
import { askedArn, type FunctionReference, functionArn, newFunctionName, readReference } from './names.ts';
import { mergeSettings } from './settings.ts';

/** Milliseconds that an environment stays idle before it is stopped, unless the extras say otherwise. */
const DEFAULT_IDLE_MS = 300_000;

/** Create, read, list, update and delete functions. */
export function functionOperations(context: LambdaContext) {
  const { deps, extras, functions } = context;
  const changed = (fn: LambdaFunction) => {
    fn.lastModified = new Date(deps.clock.now());
    fn.revisionId = deps.ids.uuid();
    // The next invocation gets a new environment.
    fn.pool.retire();
    return describeStarted(context, fn, 'LastUpdateStatus', 'InProgress');
  };
  return lambdaOperations(context, {
    CreateFunction: (input, caller) => createFunction(context, input, caller),
    UpdateFunctionCode: onFunction(context, async (fn, input, caller) => {
      checkRevision(fn, input.RevisionId);
      const code = await extras.code.store(fn.name, await codeSource(deps, input, fn.settings.Runtime, caller));
      const before = fn.code;
      fn.code = code;
      const described = changed(fn);
      if (before.path !== code.path) await extras.code.release(before);
      return described;
    }),
    UpdateFunctionConfiguration: onFunction(context, (fn, input) => {
      checkRevision(fn, input.RevisionId);
      const settings = mergeSettings(fn.name, input, fn.settings);
      checkRole(context, settings.Role);
      fn.settings = settings;
      return changed(fn);
    }),
    GetFunction: onFunction(context, (fn, input) => ({
      Configuration: describeAsked(fn, input),
      Code: { RepositoryType: 'S3', Location: `file://${fn.code.path}` },
      ...(Object.keys(fn.tags).length > 0 && { Tags: { ...fn.tags } }),
      ...(fn.reservedConcurrency !== undefined && {
        Concurrency: { ReservedConcurrentExecutions: fn.reservedConcurrency },
      }),
    })),
    GetFunctionConfiguration: onFunction(context, describeAsked),
    ListFunctions(input) {
      const sorted = [...functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return functionPage(
        'Functions',
        sorted.map((fn) => describeFunction(fn)),
        input,
      );
    },
    async DeleteFunction(input) {
      const { name, qualifier } = readReference(deps.account, input);
      if (qualifier === '$LATEST') {
        throw invalidParameter('$LATEST version cannot be deleted without deleting the function.');
      }
      if (qualifier !== undefined && !/^\d+$|\$/.test(qualifier)) {
        throw invalidParameter('Deletion of aliases is not currently supported.');
      }
      const fn = findFunction(context, { FunctionName: name });
      // As in AWS, deleting a version that does not exist succeeds.
      if (qualifier !== undefined) return { StatusCode: 204 };
      functions.delete(fn.name);
      extras.setResourcePolicy?.(fn.arn, undefined);
      await fn.pool.stop();
      await extras.code.release(fn.code);
      return { StatusCode: 204 };
    },
  });
}

async function createFunction(context: LambdaContext, input: Inputs<Lambda>['CreateFunction'], caller: Caller) {
  const {
    deps: { account, clock, ids },
    deps,
    extras,
    functions,
  } = context;
  const name = newFunctionName(account, input.FunctionName);
  const checkFree = () => {
    if (functions.has(name)) throw resourceConflict(`Function already exist: ${name}`);
  };
  const settings = mergeSettings(name, input);
  checkRole(context, settings.Role);
  checkTagCount(input.Tags);
  checkFree();
  const code = await extras.code.store(name, await codeSource(deps, input.Code ?? {}, settings.Runtime, caller));
  // Storing the code took time, in which the same function may have been created.
  checkFree();
  const fn = addFunction(context, {
    name,
    arn: functionArn(account, name),
    settings,
    code,
    revisionId: ids.uuid(),
    lastModified: new Date(clock.now()),
    tags: { ...input.Tags },
    policy: new Map(),
    eventInvokeConfig: undefined,
    reservedConcurrency: undefined,
  });
  const { LastUpdateStatus: _, ...described } = describeStarted(context, fn, 'State', 'Pending');
  return described;
}

/** Adds a function, which has no environment yet. */
export function addFunction(context: LambdaContext, state: Omit<LambdaFunction, 'pool'>): LambdaFunction {
  const { deps, extras, functions } = context;
  const create = () => createEnvironment(context, fn);
  const fn: LambdaFunction = {
    ...state,
    pool: environmentPool(deps.clock, extras.idleMs ?? DEFAULT_IDLE_MS, create),
  };
  functions.set(fn.name, fn);
  return fn;
}

function checkRole({ extras }: LambdaContext, role: string): void {
  if (extras.canAssumeRole?.(role) === false) {
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.');
  }
}

function createEnvironment({ deps, extras }: LambdaContext, fn: LambdaFunction): Environment {
  const { account, clock, ids } = deps;
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const logStream = `${day}/[$LATEST]${ids.hex(32)}`;
  const runner = extras.runner.create({
    functionName: fn.name,
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

/**
 * FunctionConfiguration, as a response that starts a change returns it. The change ends at once, and with it the
 * revision.
 */
function describeStarted({ deps }: LambdaContext, fn: LambdaFunction, status: string, value: string) {
  const reason = { [`${status}Reason`]: 'The function is being created.', [`${status}ReasonCode`]: 'Creating' };
  const described = { ...describeFunction(fn), [status]: value, ...reason };
  fn.revisionId = deps.ids.uuid();
  return described;
}

const describeAsked = (fn: LambdaFunction, input: FunctionReference) => describeFunction(fn, askedArn(fn, input));

/** FunctionConfiguration, as most operations return it. */
function describeFunction({ name, settings, code, revisionId, lastModified, ...fn }: LambdaFunction, arn = fn.arn) {
  const { Layers, ImageConfig, SnapStart, ...others } = settings;
  return {
    FunctionName: name,
    FunctionArn: arn,
    ...others,
    SnapStart: { ApplyOn: SnapStart?.ApplyOn ?? 'None', OptimizationStatus: 'Off' },
    ...(ImageConfig && { ImageConfigResponse: { ImageConfig } }),
    ...(Layers.length > 0 && { Layers: Layers.map((Arn) => ({ Arn })) }),
    CodeSize: code.size,
    CodeSha256: code.sha256,
    ...(settings.Runtime && { RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(arn, settings.Runtime) } }),
    Version: '$LATEST',
    RevisionId: revisionId,
    LastModified: lastModified.toISOString().replace('Z', '+0000'),
    State: 'Active',
    LastUpdateStatus: 'Successful',
  };
}

const runtimeVersionArn = (fnArn: string, runtime: string): string =>
  `${fnArn.replace(/\d{12}:.*/, '')}:runtime:${createHash('sha256').update(runtime).digest('hex')}`;
