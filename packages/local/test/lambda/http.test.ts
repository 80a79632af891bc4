import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  ResourceConflictException,
  ResourceNotFoundException,
  TagResourceCommand,
  TooManyRequestsException,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { account, queueArn, roleArn } from '@freshpoint/simulator/test/lambda/fakes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '#simulator/core/cloud';
import { edge } from './edge.ts';
import { zip } from './zip.ts';

let world: Awaited<ReturnType<typeof edge>>;
beforeAll(async () => {
  world = await edge();
});
afterAll(async () => {
  await world.close();
});

const answering = (value: string) => zip({ 'index.js': `exports.handler = async () => ${JSON.stringify(value)}` });
const base = { Role: roleArn, Runtime: 'nodejs24.x' as const, Handler: 'index.handler' };

const signedFetch = (path: string, init: RequestInit = {}) => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/lambda/aws4_request, Signature=0';
  return fetch(`${world.url}${path}`, { ...init, headers: { authorization } });
};

describe('the unmodified SDK', () => {
  it('makes, runs, changes and deletes a function of a zip archive', async () => {
    const { client } = world;
    const FunctionName = 'sdk';
    await client.send(new CreateFunctionCommand({ FunctionName, ...base, Code: { ZipFile: answering('one') } }));
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 5 }, { FunctionName });
    const found = await client.send(new GetFunctionCommand({ FunctionName }));
    expect(found.Configuration).toMatchObject({ FunctionName, Timeout: 3, State: 'Active' });
    expect((await world.invoke(FunctionName)).payload).toBe('one');
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: answering('two') }));
    expect((await world.invoke(FunctionName)).payload).toBe('two');
    const updated = await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 5 }));
    expect(updated.Timeout).toBe(5);
    const { Functions } = await client.send(new ListFunctionsCommand({}));
    expect(Functions?.map((fn) => fn.FunctionName)).toContain(FunctionName);
    await client.send(new DeleteFunctionCommand({ FunctionName }));
    await expect(client.send(new GetFunctionCommand({ FunctionName }))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
  });

  it('gets modelled errors with their members', async () => {
    const { client } = world;
    await client.send(
      new CreateFunctionCommand({ FunctionName: 'errors', ...base, Code: { ZipFile: answering('x') } }),
    );
    const again = new CreateFunctionCommand({ FunctionName: 'errors', ...base, Code: { ZipFile: answering('x') } });
    await expect(client.send(again)).rejects.toBeInstanceOf(ResourceConflictException);
    const brokenArchives = [Buffer.from('no zip'), zip({ a: '', 'a/b': '' }), zip({ ['n'.repeat(300)]: '' })];
    for (const ZipFile of brokenArchives) {
      const broken = new UpdateFunctionCodeCommand({ FunctionName: 'errors', ZipFile });
      await expect(client.send(broken)).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: expect.stringMatching(/^Could not unzip uploaded file\.((?!\/).)*$/),
      });
    }
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: 'errors', ReservedConcurrentExecutions: 0 }));
    const throttled = await client.send(new InvokeCommand({ FunctionName: 'errors' })).catch((error) => error);
    expect(throttled).toBeInstanceOf(TooManyRequestsException);
    expect(throttled.Reason).toBe('ReservedFunctionConcurrentInvocationLimitExceeded');
  });

  it('invokes with DryRun and Event', async () => {
    const name = await world.create({ 'index.js': 'exports.handler = async () => console.log("ran")' });
    const dry = await world.client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'DryRun' }));
    expect(dry.StatusCode).toBe(204);
    const event = await world.client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event' }));
    expect(event.StatusCode).toBe(202);
  });

  it('reads and writes policy, tags, concurrency and event invoke config', async () => {
    const { client } = world;
    const FunctionName = await world.create({ 'index.js': '' });
    const permission = {
      FunctionName,
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
    };
    const added = await client.send(new AddPermissionCommand(permission));
    expect(JSON.parse(added.Statement ?? '')).toMatchObject({ Sid: 's' });
    expect((await client.send(new GetPolicyCommand({ FunctionName }))).Policy).toContain('s3.amazonaws.com');
    await client.send(new RemovePermissionCommand({ FunctionName, StatementId: 's' }));

    const Resource = `arn:aws:lambda:us-east-1:${account.accountId}:function:${FunctionName}`;
    await client.send(new TagResourceCommand({ Resource, Tags: { a: '1', b: '2' } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] }));
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: '2' });

    await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 3 }));
    const concurrency = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    expect(concurrency.ReservedConcurrentExecutions).toBe(3);

    await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 1 }));
    const config = await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
    expect(config.MaximumRetryAttempts).toBe(1);
    expect(config.LastModified).toBeInstanceOf(Date);
  });

  it('makes and deletes an event source mapping', async () => {
    const { client, cloud } = world;
    cloud.register({
      name: 'sqs',
      operations: {
        GetQueueUrl: { run: () => ({ QueueUrl: 'http://q' }) },
        GetQueueAttributes: { run: () => ({ Attributes: { VisibilityTimeout: '30' } }) },
        ReceiveMessage: { run: () => new Promise(() => undefined) },
      },
    });
    const FunctionName = await world.create({ 'index.js': '' });
    const create = new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: queueArn });
    const { UUID, LastModified } = await client.send(create);
    expect(LastModified).toBeInstanceOf(Date);
    expect(Math.abs((LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await client.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({ BatchSize: 10 });
    const list = await client.send(new ListEventSourceMappingsCommand({ FunctionName }));
    expect(list.EventSourceMappings).toHaveLength(1);
    const deleted = await client.send(new DeleteEventSourceMappingCommand({ UUID }));
    expect(deleted.State).toBe('Deleting');
  });
});

it('takes no path of this machine over HTTP', async () => {
  const body = JSON.stringify({ FunctionName: 'path', ...base, Code: { LocalPath: world.folder } });
  const answer = await signedFetch('/2015-03-31/functions', { method: 'POST', body });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ Message: 'Please provide a source for function code.' });
});

it('answers a request that is no operation, and a body that is no JSON', async () => {
  const unknown = await signedFetch('/2099-01-01/other');
  expect(unknown.status).toBe(404);
  expect(unknown.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
  const broken = await signedFetch('/2015-03-31/functions', { method: 'POST', body: '[' });
  expect(broken.headers.get('x-amzn-errortype')).toBe('SerializationException');
});

it('runs inline code, as CloudFormation passes it', async () => {
  const Code = { ZipFile: 'exports.handler = async () => "inline"' };
  const call = (operation: string, input: object) => world.cloud.call('lambda', operation, input, root(account));
  await call('CreateFunction', { FunctionName: 'inline', ...base, Code });
  expect((await world.invoke('inline')).payload).toBe('inline');
});
