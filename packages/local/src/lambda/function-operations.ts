import type { Caller, Operation, Permission } from '../core/cloud.ts';
import type { FunctionCode } from './code.ts';
import { findFunction, type LambdaContext, page, touch } from './context.ts';
import { EnvironmentPool } from './environment-pool.ts';
import { environmentVariables } from './environment-variables.ts';
import { invalidParameter, resourceConflict } from './errors.ts';
import { codeSource } from './fetch-code.ts';
import type { LambdaFunction } from './function-state.ts';
import { functionArn, functionName, requestedFunctionArn } from './names.ts';
import { configurationOf, mergeSettings, type SettingsInput } from './settings.ts';

interface FunctionInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

type CreateInput = FunctionInput &
  SettingsInput & { readonly Code: FunctionCode; readonly Tags?: Record<string, string>; readonly Publish?: boolean };

/** The part of an UpdateFunctionCode request beside the code itself. */
type UpdateCodeInput = FunctionInput & FunctionCode & { readonly Publish?: boolean; readonly DryRun?: boolean };

/** CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, GetFunction, GetFunctionConfiguration, DeleteFunction, ListFunctions. */
export function functionOperations(context: LambdaContext): Record<string, Operation> {
  const { deps, extras, functions } = context;
  const { account } = deps;
  const on = (action: string) => (input: FunctionInput) => [
    { action: `lambda:${action}`, resource: requestedFunctionArn(account, input.FunctionName) },
  ];
  const passRole = (input: SettingsInput): Permission[] =>
    input.Role === undefined
      ? []
      : [
          {
            action: 'iam:PassRole',
            resource: input.Role,
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
          },
        ];
  const configuration = (fn: LambdaFunction) => configurationOf(account, fn);

  const assertRole = (role: string) => {
    if (extras.canAssumeRole?.(role) === false) {
      throw invalidParameter('The role defined for the function cannot be assumed by Lambda.');
    }
  };

  const store = async (name: string, code: FunctionCode, runtime: string | undefined, caller: Caller) =>
    await extras.code.store(name, await codeSource(deps, code, runtime, caller));

  const assertFree = (name: string) => {
    if (functions.has(name)) throw resourceConflict(`Function already exist: ${name}`);
  };

  const create = async (input: CreateInput, caller: Caller) => {
    const name = functionName(account, input.FunctionName);
    const settings = mergeSettings(name, input);
    if (input.Publish) throw invalidParameter('Versions of functions are not simulated by the local runtime.');
    assertRole(settings.Role);
    assertFree(name);
    const code = await store(name, input.Code ?? {}, settings.Runtime, caller);
    // Storing the code took time, in which somebody else may have made the function.
    assertFree(name);
    const fn: LambdaFunction = {
      name,
      arn: functionArn(account, name),
      settings,
      code,
      revisionId: deps.ids.uuid(),
      lastModifiedMs: deps.clock.now(),
      tags: { ...input.Tags },
      policy: [],
      eventInvokeConfig: undefined,
      reservedConcurrency: undefined,
      pool: new EnvironmentPool({
        clock: deps.clock,
        idleMs: extras.idleMs ?? 300_000,
        create: () => createEnvironment(context, fn),
      }),
    };
    functions.set(name, fn);
    return configuration(fn);
  };

  const updateCode = async (input: UpdateCodeInput, caller: Caller) => {
    const fn = findFunction(context, input.FunctionName);
    if (input.Publish) throw invalidParameter('Versions of functions are not simulated by the local runtime.');
    const code = await store(fn.name, input, fn.settings.Runtime, caller);
    if (input.DryRun) {
      await extras.code.release(code);
      return { ...configuration(fn), CodeSha256: code.sha256, CodeSize: code.size };
    }
    const before = fn.code;
    fn.code = code;
    touch(context, fn);
    if (before.path !== code.path) await extras.code.release(before);
    return configuration(fn);
  };

  const updateConfiguration = (input: FunctionInput & SettingsInput) => {
    const fn = findFunction(context, input.FunctionName);
    const settings = mergeSettings(fn.name, input, fn.settings);
    assertRole(settings.Role);
    fn.settings = settings;
    touch(context, fn);
    return configuration(fn);
  };

  const remove = async (input: FunctionInput) => {
    const fn = findFunction(context, input.FunctionName, input.Qualifier);
    functions.delete(fn.name);
    extras.setResourcePolicy?.(fn.arn, undefined);
    await fn.pool.stop();
    await extras.code.release(fn.code);
    return {};
  };

  return {
    CreateFunction: {
      permissions: (input: CreateInput) => [...on('CreateFunction')(input), ...passRole(input)],
      run: create,
    },
    UpdateFunctionCode: { permissions: on('UpdateFunctionCode'), run: updateCode },
    UpdateFunctionConfiguration: {
      permissions: (input: FunctionInput & SettingsInput) => [
        ...on('UpdateFunctionConfiguration')(input),
        ...passRole(input),
      ],
      run: updateConfiguration,
    },
    GetFunction: {
      permissions: on('GetFunction'),
      run: (input: FunctionInput) => {
        const fn = findFunction(context, input.FunctionName, input.Qualifier);
        return {
          Configuration: configuration(fn),
          Code: { RepositoryType: 'S3', Location: `file://${fn.code.path}` },
          ...(Object.keys(fn.tags).length > 0 && { Tags: { ...fn.tags } }),
          ...(fn.reservedConcurrency !== undefined && {
            Concurrency: { ReservedConcurrentExecutions: fn.reservedConcurrency },
          }),
        };
      },
    },
    GetFunctionConfiguration: {
      permissions: on('GetFunctionConfiguration'),
      run: (input: FunctionInput) => configuration(findFunction(context, input.FunctionName, input.Qualifier)),
    },
    DeleteFunction: { permissions: on('DeleteFunction'), run: remove },
    ListFunctions: {
      permissions: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
      run: (input: { Marker?: string; MaxItems?: number }) => {
        const all = [...functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        const { items, marker } = page(all, input);
        return { Functions: items.map(configuration), ...marker };
      },
    },
  };
}

function createEnvironment({ deps, extras }: LambdaContext, fn: LambdaFunction) {
  const { account, clock, ids } = deps;
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const logStream = `${day}/[$LATEST]${ids.hex(32)}`;
  const credentials = extras.issueCredentials?.(fn.settings.Role, fn.name);
  const runner = extras.runner.create({
    functionName: fn.name,
    functionArn: fn.arn,
    runtime: fn.settings.Runtime ?? '',
    handler: fn.settings.Handler ?? '',
    codePath: fn.code.path,
    memorySize: fn.settings.MemorySize,
    env: environmentVariables(account, fn, logStream, credentials, extras.gatewayUrl?.()),
    onLine: (line) =>
      environment.sink ? environment.sink(line) : extras.onLog?.({ functionName: fn.name, line, at: clock.now() }),
  });
  const environment = { runner, logStream, init: runner.init(), used: false, sink: undefined } as ReturnType<
    EnvironmentPool['acquire']
  >;
  return environment;
}
