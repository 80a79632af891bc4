import { describe, expect, it } from 'vitest';
import { AwsError } from '../../src/core/aws-error.ts';
import type { Permission } from '../../src/core/cloud.ts';
import { createIam } from '../../src/iam/iam.ts';
import { account, admin, createInput, inMemory, roleArn } from './fakes.ts';

const fnArn = `arn:aws:lambda:us-east-1:${account.accountId}:function:fn`;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const never = () => new Promise<never>(() => undefined);

describe('CreateFunction', () => {
  it('describes an empty environment, and the levels of a JSON log', async () => {
    const { call } = inMemory(() => undefined);
    const given = { Environment: {}, LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' } };
    expect(await call('CreateFunction', createInput(given))).toMatchObject({
      Environment: { Variables: {} },
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' },
    });
  });

  it("fills in Lambda's defaults", async () => {
    const { call } = inMemory(() => undefined);
    const created = await call('CreateFunction', createInput());
    expect(created).toMatchObject({
      FunctionArn: fnArn,
      Timeout: 3,
      MemorySize: 128,
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      TracingConfig: { Mode: 'PassThrough' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/fn' },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      Version: '$LATEST',
      RuntimeVersionConfig: { RuntimeVersionArn: expect.stringMatching(/^arn:aws:lambda:us-east-1::runtime:\w{64}$/) },
      LastModified: '2026-01-01T00:00:00.000+0000',
    });
    expect(created.Environment).toBeUndefined();
    const { State, StateReason, StateReasonCode, RevisionId, ...described } = created;
    expect(await call('GetFunctionConfiguration', { FunctionName: fnArn })).toEqual({
      ...described,
      State: 'Active',
      LastUpdateStatus: 'Successful',
      RevisionId: expect.not.stringContaining(RevisionId),
    });
  });

  it('and updates are under way in their own response, and done in the next', async () => {
    const { call } = inMemory(() => undefined);
    const created = await call('CreateFunction', createInput());
    expect(created).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating' });
    expect(created).not.toHaveProperty('LastUpdateStatus');
    const updated = await call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 5 });
    expect(updated).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    const shown = { FunctionArn: `${fnArn}:$LATEST`, LastUpdateStatus: 'Successful' };
    expect(await call('GetFunctionConfiguration', { FunctionName: 'fn:$LATEST' })).toMatchObject(shown);
  });

  it.each<[object, string, number?]>([
    [{ FunctionName: 'a b' }, 'ValidationException'],
    [{ Timeout: 901 }, 'ValidationException'],
    [{ Timeout: 0 }, 'ValidationException'],
    [{ MemorySize: 127 }, 'ValidationException'],
    [{ Role: 'role' }, 'ValidationException'],
    [{ Handler: undefined }, 'InvalidParameterValueException'],
    [{ Runtime: undefined }, 'InvalidParameterValueException'],
    [{ Runtime: 'NODEJS24.x' }, 'InvalidParameterValueException'],
    [{ FunctionName: 'arn:aws:lambda:eu-west-1:000000000000:function:fn' }, 'ResourceNotFoundException', 404],
    [{ FunctionName: '111111111111:function:fn' }, 'AccessDeniedException', 403],
    [
      { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, 'v'])) },
      'InvalidParameterValueException',
    ],
    [{ Environment: { Variables: { AWS_REGION: 'x' } } }, 'InvalidParameterValueException'],
    [{ Environment: { Variables: { LARGE: 'x'.repeat(4_096) } } }, 'InvalidParameterValueException'],
    [{ Code: {} }, 'InvalidParameterValueException'],
    [{ EphemeralStorage: { Size: 511 } }, 'ValidationException'],
    [{ Architectures: ['arm'] }, 'ValidationException'],
  ])('refuses %j', async (changes, code, status = 400) => {
    const { call } = inMemory(() => undefined);
    await expect(call('CreateFunction', createInput(changes))).rejects.toMatchObject({ code, status });
    expect(await call('ListFunctions')).toEqual({ Functions: [] });
  });

  it('refuses a name that is taken', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await expect(call('CreateFunction', createInput())).rejects.toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message: 'Function already exist: fn',
    });
  });

  it('describes how its image is run', async () => {
    const { call } = inMemory(() => undefined);
    const ImageConfig = { Command: ['app.handler'] };
    const image = {
      PackageType: 'Image',
      Code: { ImageUri: 'i' },
      Runtime: undefined,
      Handler: undefined,
      ImageConfig,
    };
    expect(await call('CreateFunction', createInput(image))).toMatchObject({ ImageConfigResponse: { ImageConfig } });
  });

  it('refuses a role that Lambda cannot assume', async () => {
    const { call } = inMemory(() => undefined, { canAssumeRole: (role) => role !== roleArn });
    await expect(call('CreateFunction', createInput())).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'The role defined for the function cannot be assumed by Lambda.',
    });
  });

  it('asks IAM for the function and for passing the role', async () => {
    const { call, cloud } = inMemory(() => undefined);
    const asked: Permission[] = [];
    cloud.authorizeWith((_caller, permission) => asked.push(permission));
    await call('CreateFunction', createInput());
    await call('Invoke', { FunctionName: 'fn' });
    await call('ListFunctions');
    expect(asked).toEqual([
      { action: 'lambda:CreateFunction', resource: fnArn },
      { action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      { action: 'lambda:InvokeFunction', resource: fnArn },
      { action: 'lambda:ListFunctions', resource: '*' },
    ]);
  });

  it('takes code from S3, as the caller, and says when it is not there', async () => {
    const { call, cloud } = inMemory(() => undefined);
    cloud.register({
      name: 's3',
      operations: {
        GetObject: {
          run: ({ Key }: { Key: string }) => {
            if (Key !== 'code.zip') throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
            return { Body: [Buffer.from('zip')] };
          },
        },
      },
    });
    const code = (S3Key: string) => createInput({ Code: { S3Bucket: 'b', S3Key } });
    await expect(call('CreateFunction', code('other.zip'))).rejects.toMatchObject({
      message:
        'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    });
    expect(await call('CreateFunction', code('code.zip'))).toMatchObject({ CodeSize: 1 });
  });
});

describe('operations on a function that does not exist', () => {
  it.each([
    'GetFunction',
    'GetFunctionConfiguration',
    'DeleteFunction',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
  ])('%s', async (operation) => {
    const { call } = inMemory(() => undefined);
    await expect(call(operation, { FunctionName: 'fn' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${fnArn}`,
    });
  });
});

describe('the tags of a function', () => {
  it('are at most 50, and none is of a version', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput({ Tags: { a: '1' } }));
    const Tags = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'v']));
    await expect(call('TagResource', { Resource: fnArn, Tags })).rejects.toThrow('exceeds resource tag limit');
    expect(await call('ListTags', { Resource: fnArn })).toEqual({ Tags: { a: '1' } });
    const revision = async () => (await call('GetFunctionConfiguration', { FunctionName: 'fn' })).RevisionId;
    const before = await revision();
    await call('UntagResource', { Resource: fnArn, TagKeys: ['a'] });
    expect(await revision()).not.toBe(before);
    await expect(call('ListTags', { Resource: `${fnArn}:1` })).rejects.toThrow('versions are not supported');
  });
});

describe('deleting a version', () => {
  it('leaves the function', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    const remove = (Qualifier: string) => call('DeleteFunction', { FunctionName: 'fn', Qualifier });
    await expect(remove('$LATEST')).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    await remove('7');
    await call('GetFunction', { FunctionName: 'fn' });
  });
});

describe('Invoke', () => {
  it('answers what the function answers, with its log on request', async () => {
    const { call, log } = inMemory((event, spec) => {
      spec.onLine('hello');
      return { got: event };
    });
    await call('CreateFunction', createInput());
    const answer = await call('Invoke', { FunctionName: 'fn', Payload: Buffer.from('{"a":1}'), LogType: 'Tail' });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(text(answer.Payload)).toBe('{"got":{"a":1}}');
    expect(answer).not.toHaveProperty('FunctionError');
    const tail = Buffer.from(answer.LogResult, 'base64').toString();
    expect(tail).toMatch(
      new RegExp(
        '^START RequestId: (\\S+) Version: \\$LATEST\nhello\nEND RequestId: \\1\n' +
          'REPORT RequestId: \\1\tDuration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 128 MB\t' +
          'Max Memory Used: - MB\tInit Duration: 0.00 ms\t\n$',
      ),
    );
    expect(new Set(log.map(({ requestId }) => requestId)).size).toBe(1);
  });

  it('tells the function the ARN by which it is invoked, and of a log format other than text', async () => {
    const { call, environments } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await call('Invoke', { FunctionName: 'fn' });
    await call('Invoke', { FunctionName: 'fn', Qualifier: '$LATEST' });
    const [environment] = environments;
    expect(environment?.invocations.map(({ functionArn }) => functionArn)).toEqual([fnArn, `${fnArn}:$LATEST`]);
    expect(environment?.spec.env).not.toHaveProperty('AWS_LAMBDA_LOG_FORMAT');
  });

  it("marks the function's error", async () => {
    const { call } = inMemory(() => {
      throw { errorType: 'TypeError', errorMessage: 'boom', trace: [] };
    });
    await call('CreateFunction', createInput());
    const answer = await call('Invoke', { FunctionName: 'fn' });
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(JSON.parse(text(answer.Payload))).toEqual({ errorType: 'TypeError', errorMessage: 'boom', trace: [] });
  });

  it('ends an invocation at the timeout, and its environment with it', async () => {
    const { call, clock, environments, log } = inMemory(never);
    await call('CreateFunction', createInput({ Timeout: 7 }));
    const answer = call('Invoke', { FunctionName: 'fn' });
    await clock.advance(6_999);
    expect(environments[0]?.stopped).toBe(false);
    await clock.advance(1);
    const { FunctionError, Payload } = await answer;
    expect(FunctionError).toBe('Unhandled');
    expect(JSON.parse(text(Payload))).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 7.00 seconds$/),
    });
    expect(environments[0]?.stopped).toBe(true);
    expect(log.map(({ line }) => line).join('\n')).toMatch(/Task timed out after 7.00 seconds[\s\S]*Status: timeout/);
  });

  it('uses an idle environment again, makes more for concurrent invocations, and stops them when idle', async () => {
    const open: (() => void)[] = [];
    const { call, clock, environments } = inMemory(() => new Promise<void>((resolve) => open.push(resolve)), {
      idleMs: 1_000,
    });
    await call('CreateFunction', createInput());
    const invoke = () => call('Invoke', { FunctionName: 'fn' });
    const first = [invoke(), invoke()];
    await clock.advance(0);
    expect(environments).toHaveLength(2);
    for (const end of open.splice(0)) end();
    await Promise.all(first);
    const third = invoke();
    await clock.advance(0);
    expect(environments).toHaveLength(2);
    open.shift()?.();
    await third;
    await clock.advance(999);
    expect(environments.some(({ stopped }) => stopped)).toBe(false);
    await clock.advance(1);
    expect(environments.every(({ stopped }) => stopped)).toBe(true);
  });

  it('is throttled above the concurrency', async () => {
    const { call } = inMemory(never, { maxConcurrency: 1 });
    await call('CreateFunction', createInput());
    void call('Invoke', { FunctionName: 'fn' });
    await expect(call('Invoke', { FunctionName: 'fn' })).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      status: 429,
      members: { Reason: 'ConcurrentInvocationLimitExceeded' },
    });
  });

  it('is throttled when no concurrency is reserved for it', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    await expect(call('Invoke', { FunctionName: 'fn' })).rejects.toMatchObject({
      members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
    });
  });

  it('names the runtime that is not run here, only when it is invoked', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput({ Runtime: 'python3.13' }));
    await expect(call('Invoke', { FunctionName: 'fn' })).rejects.toMatchObject({
      code: 'InvalidRuntimeException',
      message: 'The local runtime cannot run the runtime "python3.13" of function fn. Available runtimes: nodejs24.x.',
    });
  });

  it('refuses a payload that is no JSON or too large', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await expect(call('Invoke', { FunctionName: 'fn', Payload: '{' })).rejects.toMatchObject({
      code: 'InvalidRequestContentException',
    });
    const Payload = JSON.stringify('x'.repeat(6_291_456));
    await expect(call('Invoke', { FunctionName: 'fn', Payload })).rejects.toMatchObject({
      code: 'RequestTooLargeException',
      status: 413,
    });
  });

  it('runs nothing with DryRun', async () => {
    const { call, environments } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    expect(await call('Invoke', { FunctionName: 'fn', InvocationType: 'DryRun' })).toEqual({ StatusCode: 204 });
    expect(environments).toEqual([]);
  });

  it('runs an event in the background, and again after 1 and 2 minutes when it fails', async () => {
    const runs: number[] = [];
    const world = inMemory(() => {
      runs.push(world.clock.now() - start);
      throw { errorType: 'Error', errorMessage: 'no' };
    });
    const start = world.clock.now();
    await world.call('CreateFunction', createInput());
    const answer = await world.call('Invoke', { FunctionName: 'fn', InvocationType: 'Event' });
    expect(answer.StatusCode).toBe(202);
    expect(runs).toEqual([]);
    await world.clock.advance(3_600_000);
    expect(runs).toEqual([0, 60_000, 180_000]);
  });

  it('does not run a failed event again when it is told not to', async () => {
    let runs = 0;
    const { call, clock } = inMemory(() => {
      runs += 1;
      throw { errorType: 'Error', errorMessage: 'no' };
    });
    await call('CreateFunction', createInput());
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 0 });
    await call('Invoke', { FunctionName: 'fn', InvocationType: 'Event' });
    await clock.advance(3_600_000);
    expect(runs).toBe(1);
  });

  it('goes to an ARN only', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    const put = (Destination: string) =>
      call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', DestinationConfig: { OnFailure: { Destination } } });
    await expect(put('queue')).rejects.toThrow(
      "'queue' at 'destinationConfig.onFailure.destination' failed to satisfy",
    );
    expect(await put('arn:aws:sqs:us-east-1:000000000000:q')).toMatchObject({ FunctionArn: `${fnArn}:$LATEST` });
  });
});

describe('an environment', () => {
  it("has Lambda's variables, the role's credentials and the function's own", async () => {
    const { call, environments } = inMemory(() => undefined, {
      issueCredentials: (role, name) => ({ accessKeyId: 'AKIA', secretAccessKey: role, sessionToken: name }),
      gatewayUrl: () => 'http://127.0.0.1:1234',
    });
    await call('CreateFunction', createInput({ Environment: { Variables: { OWN: '1' } } }));
    await call('Invoke', { FunctionName: 'fn' });
    expect(environments[0]?.spec.env).toMatchObject({
      OWN: '1',
      _HANDLER: 'index.handler',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1234',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: roleArn,
      AWS_SESSION_TOKEN: 'fn',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'fn',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/fn',
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/),
      LAMBDA_TASK_ROOT: '/asset',
    });
  });

  it.each([
    ['UpdateFunctionConfiguration', { Environment: { Variables: { NEW: '1' } } }],
    ['UpdateFunctionCode', { LocalPath: '/new' }],
  ])('of before %s serves no further invocation, but ends its last one', async (operation, input) => {
    let end: () => void = () => undefined;
    const { call, clock, environments } = inMemory(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    await call('CreateFunction', createInput());
    const first = call('Invoke', { FunctionName: 'fn' });
    await clock.advance(0);
    await call(operation, { FunctionName: 'fn', ...input });
    expect(environments[0]?.stopped).toBe(false);
    end();
    expect(await first).not.toHaveProperty('FunctionError');
    expect(environments[0]?.stopped).toBe(true);
    const second = call('Invoke', { FunctionName: 'fn' });
    await clock.advance(0);
    expect(environments).toHaveLength(2);
    end();
    await second;
  });

  it('is stopped when its function is deleted', async () => {
    const { call, environments } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await call('Invoke', { FunctionName: 'fn' });
    expect(await call('DeleteFunction', { FunctionName: 'fn' })).toEqual({ StatusCode: 204 });
    expect(environments[0]?.stopped).toBe(true);
  });
});

describe('the resource policy', () => {
  const rule = {
    arn: 'events',
    service: 'events.amazonaws.com',
    sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/r1',
  };
  const permission = {
    FunctionName: 'fn',
    StatementId: 's1',
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    SourceArn: 'arn:aws:events:us-east-1:000000000000:rule/r1',
  };

  it('lets an AWS service invoke the function for the source it names, and nobody else', async () => {
    const { call } = inMemory(
      () => undefined,
      (deps) => ({ setResourcePolicy: createIam(deps).setResourcePolicy }),
    );
    await call('CreateFunction', createInput());
    const invoke = (caller: object) => call('Invoke', { FunctionName: 'fn' }, { ...rule, ...caller });
    const denied = { code: 'AccessDeniedException', status: 403 };
    await expect(invoke({})).rejects.toMatchObject(denied);
    await call('AddPermission', permission);
    expect(await invoke({})).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ service: 's3.amazonaws.com' })).rejects.toMatchObject(denied);
    await expect(invoke({ sourceArn: `${rule.sourceArn}2` })).rejects.toMatchObject(denied);
    const remove = (StatementId: string) => call('RemovePermission', { FunctionName: 'fn', StatementId });
    await expect(remove('s2')).rejects.toThrow('Statement s2 is not found in resource policy.');
    await remove('s1');
    await expect(remove('s1')).rejects.toThrow('No policy is associated with the given resource.');
    await expect(invoke({})).rejects.toMatchObject(denied);
  });

  it('is returned as a document', async () => {
    const { call } = inMemory(() => undefined);
    await call('CreateFunction', createInput());
    await expect(call('GetPolicy', { FunctionName: 'fn' })).rejects.toMatchObject({ status: 404 });
    await call('AddPermission', permission);
    await expect(call('AddPermission', permission)).rejects.toMatchObject({ code: 'ResourceConflictException' });
    const { Policy } = await call('GetPolicy', { FunctionName: 'fn' });
    expect(JSON.parse(Policy).Statement).toEqual([
      {
        Sid: 's1',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: fnArn,
        Condition: { ArnLike: { 'AWS:SourceArn': rule.sourceArn } },
      },
    ]);
  });
});

describe('log delivery', () => {
  it('writes each invocation to the log group as the role, and creates a missing group and stream', async () => {
    const calls: string[] = [];
    const made = new Set<string>();
    const events: unknown[] = [];
    const { call, cloud, clock } = inMemory((_event, spec) => spec.onLine('hello'));
    const missing = () => new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const record = (name: string, run: (input: { logEvents?: unknown[] }) => void) => ({
      run: (input: { logEvents?: unknown[] }, caller: { roleArn?: string }) => {
        calls.push(`${name} ${caller.roleArn === roleArn}`);
        run(input);
        return {};
      },
    });
    cloud.register({
      name: 'logs',
      operations: {
        CreateLogGroup: record('CreateLogGroup', () => made.add('group')),
        CreateLogStream: record('CreateLogStream', () => {
          if (!made.has('group')) throw missing();
          made.add('stream');
        }),
        PutLogEvents: record('PutLogEvents', ({ logEvents }) => {
          if (!made.has('stream')) throw missing();
          events.push(...(logEvents ?? []));
        }),
      },
    });
    await call('CreateFunction', createInput());
    await call('Invoke', { FunctionName: 'fn' });
    await clock.advance(0);
    expect(calls).toEqual([
      'PutLogEvents true',
      'CreateLogStream true',
      'CreateLogGroup true',
      'CreateLogStream true',
      'PutLogEvents true',
    ]);
    expect(events).toMatchObject(
      [{ message: /START/ }, { message: 'hello' }, {}, {}].map(({ message }) =>
        message === undefined
          ? {}
          : { message: typeof message === 'string' ? message : expect.stringMatching(message) },
      ),
    );
  });

  it('is no reason to fail when the role may not write logs', async () => {
    const { call, cloud } = inMemory(() => 'fine');
    cloud.register({
      name: 'logs',
      operations: {
        PutLogEvents: {
          run: () => {
            throw new AwsError('AccessDeniedException', 'no', 400);
          },
        },
      },
    });
    await call('CreateFunction', createInput());
    expect(text((await call('Invoke', { FunctionName: 'fn' }, admin)).Payload)).toBe('"fine"');
  });
});
