import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import {
  CreateQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '#simulator/core/account';
import { AwsError } from '#simulator/core/aws-error';
import { Cloud, type Deps, type Operation, root } from '#simulator/core/cloud';
import { type StoppableClock, stoppableClock } from '#simulator/core/stoppable-clock';
import { createEvents, type Events } from '#simulator/events/events';
import { createIam, type Iam } from '#simulator/iam/iam';
import { attributesMd5 } from '#simulator/sqs/message-attributes';
import { createSqs, type Sqs } from '#simulator/sqs/sqs';
import { createSsm } from '#simulator/ssm/ssm';
import { createSts } from '#simulator/sts/sts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { systemClock, systemIds } from '../../src/system.ts';

let clock: StoppableClock;
let cloud: Cloud;
let iam: Iam;
let sqs: Sqs;
let events: Events;
let gateway: Gateway;
/** The calls of the REST services. */
let rest: string[];
let errors: unknown[];
/** Resolves when a request has arrived that is never answered. */
let hanging: PromiseWithResolvers<void>;

beforeEach(async () => {
  cloud = new Cloud();
  rest = [];
  errors = [];
  hanging = Promise.withResolvers();
  clock = stoppableClock(systemClock);
  const deps: Deps = { account: defaultAccount, clock, ids: systemIds, cloud };
  iam = createIam(deps);
  sqs = createSqs(deps, { iam, baseUrl: () => gateway.url });
  events = createEvents(deps);
  for (const { service } of [iam, sqs, events, createSsm(deps), createSts(deps, { iam })]) cloud.register(service);
  cloud.register({
    name: 'sagemaker',
    operations: {
      ListEndpoints: { run: () => ({ Endpoints: [{ EndpointName: 'e', CreationTime: new Date(1_767_225_600_123) }] }) },
      DescribeEndpoint: {
        run() {
          throw new Error('a secret');
        },
      },
      InvokeEndpoint: {
        run() {
          throw new AwsError('ModelError', 'Received server error (500)', 424, { OriginalStatusCode: 500 });
        },
      },
    },
  });
  const recorded = (name: string, output: object): Operation => ({
    run(input: { Key?: string }) {
      rest.push(name);
      if (input.Key !== 'hang') return output;
      hanging.resolve();
      return new Promise(() => undefined);
    },
  });
  cloud.register({
    name: 's3',
    operations: {
      ListBuckets: recorded('s3:ListBuckets', { Buckets: [] }),
      ListObjects: recorded('s3:ListObjects', {}),
      HeadObject: recorded('s3:HeadObject', {}),
    },
  });
  cloud.register({
    name: 'lambda',
    operations: { ListFunctions: recorded('lambda:ListFunctions', { Functions: [] }) },
  });
  gateway = await startGateway({
    port: 0,
    cloud,
    clock: systemClock,
    iam,
    ids: systemIds,
    onError: (error) => errors.push(error),
  });
});

afterEach(async () => {
  clock.stop();
  sqs.stop();
  await gateway.close();
});

const config = (credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'x' }) => ({
  endpoint: gateway.url,
  region: 'us-east-1',
  credentials,
  maxAttempts: 1,
});

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

function raw(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${gateway.url}${path}`, { headers, method }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const signed = (service: string) => {
  const credential = `AKIA/20260101/us-east-1/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0` };
};

describe('the unmodified SDK', () => {
  it('sends and receives messages, bytes in attributes included', async () => {
    const client = new SQSClient(config());
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'q' }));
    expect(QueueUrl).toBe(`${gateway.url}/000000000000/q`);
    const attribute = { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2, 255) };
    const message = { QueueUrl, MessageBody: 'ä', MessageAttributes: { bytes: attribute } };
    const sent = await client.send(new SendMessageCommand(message));
    expect(sent.MD5OfMessageAttributes).toBe(attributesMd5(message.MessageAttributes));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'x', MessageBody: 'b' }] }));
    const { Messages } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    expect(Messages?.map(({ Body }) => Body)).toEqual(['ä', 'b']);
    expect(Messages?.[0]?.MessageAttributes?.bytes?.BinaryValue).toEqual(attribute.BinaryValue);
  });

  it.each([
    ['ends', 'Content-Length: 50\r\n\r\n{}'],
    ['breaks its chunks', 'Transfer-Encoding: chunked\r\n\r\nZZ\r\n'],
  ])('reports no problem when a client %s before its request does', async (_name, rest) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    const head = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n';
    const scope = 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sqs/aws4_request\r\n';
    socket.end(head + scope + rest);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect(errors).toEqual([]);
  });

  it('long-polls, and receives no message after it has disconnected', async () => {
    const client = new SQSClient(config());
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'q' }));
    const poll = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 });
    const gone = new AbortController();
    const leaving = client.send(poll, { abortSignal: gone.signal });
    setImmediate(() => gone.abort());
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    const waiting = client.send(poll);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
    expect((await waiting).Messages?.map(({ Body }) => Body)).toEqual(['a']);
  });

  it('knows the errors of SQS by class, and by the code of the query protocol', async () => {
    const client = new SQSClient(config());
    const QueueUrl = `${gateway.url}/000000000000/none`;
    const error = await client.send(new ReceiveMessageCommand({ QueueUrl })).catch((e) => e);
    expect(error).toBeInstanceOf(QueueDoesNotExist);
    expect(error).toMatchObject({
      name: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
    expect(error.$metadata.requestId).toMatch(/^[\w-]{36}$/);
  });

  it('answers forms at the URL of a queue as AWS does', async () => {
    const client = new SQSClient(config());
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'forms' }));
    const get = async (form: Record<string, string>, url = QueueUrl) => {
      const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=local/20261101/us-east-1/sqs/aws4_request' };
      const response = await fetch(`${url}?${new URLSearchParams(form)}`, { headers });
      return [response.status, await response.text()];
    };
    for (const form of [{}, { 'X-Amz-Expires': '300' }] as Record<string, string>[]) {
      expect(await get(form)).toEqual([404, '<UnknownOperationException/>']);
    }
    for (const Action of ['CreateQueue', 'FooBar']) {
      const error = `<Code>InvalidAction</Code><Message>The action ${Action} is not valid for this endpoint.</Message><Detail></Detail>`;
      expect(await get({ Action, QueueName: 'x' })).toEqual([400, expect.stringContaining(error)]);
    }
    const missing = 'The specified queue does not exist for this wsdl version.';
    expect(await get({ Action: 'PurgeQueue' }, `${QueueUrl}x`)).toEqual([400, expect.stringContaining(missing)]);
    const empty = { Action: 'SendMessageBatch', Entries: '' };
    expect(await get(empty)).toEqual([400, expect.stringContaining('EmptyBatchRequest')]);
  });

  it('keeps the trace of a message', async () => {
    const client = new SQSClient(config());
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'traced' }));
    const send = new SendMessageCommand({ QueueUrl, MessageBody: 'a' });
    send.middlewareStack.add(
      (next) => (args) => {
        Object.assign((args.request as { headers: object }).headers, { 'X-Amzn-Trace-Id': 'Root=1-2-3' });
        return next(args);
      },
      { step: 'build' },
    );
    await client.send(send);
    const receive = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['AWSTraceHeader'] });
    const { Messages } = await client.send(receive);
    expect(Messages?.[0]?.Attributes).toEqual({ AWSTraceHeader: 'Root=1-2-3' });
  });

  it('refuses a parameter that is not there without a message', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=local/20261101/us-east-1/ssm/aws4_request';
    const headers = { authorization, 'x-amz-target': 'AmazonSSM.GetParameter' };
    const response = await fetch(gateway.url, { method: 'POST', headers, body: '{"Name":"/none"}' });
    expect(await response.json()).toEqual({ __type: 'ParameterNotFound' });
  });

  it('keeps parameters', async () => {
    const client = new SSMClient(config());
    await client.send(new PutParameterCommand({ Name: '/a', Value: 'x', Type: 'String' }));
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '/a' }));
    expect(Parameter?.Value).toBe('x');
    expect(Math.abs((Parameter?.LastModifiedDate?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    await expect(client.send(new GetParameterCommand({ Name: '/b' }))).rejects.toBeInstanceOf(ParameterNotFound);
  });

  it('brings events to a queue', async () => {
    const client = new EventBridgeClient(config());
    const queues = new SQSClient(config());
    const arn = 'arn:aws:sqs:us-east-1:000000000000:q';
    const allow = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn };
    const Policy = JSON.stringify({ Statement: { ...allow, Principal: { Service: 'events.amazonaws.com' } } });
    const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: 'q', Attributes: { Policy } }));
    await client.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["app"]}' }));
    await client.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 't', Arn: arn }] }));
    const Time = new Date('2026-02-03T04:05:06Z');
    const entry = { Source: 'app', DetailType: 't', Detail: '{}', Time };
    expect((await client.send(new PutEventsCommand({ Entries: [entry] }))).FailedEntryCount).toBe(0);
    const { Messages } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    expect(JSON.parse(Messages?.[0]?.Body ?? '')).toMatchObject({ source: 'app', time: '2026-02-03T04:05:06Z' });
  });

  it('is the root with keys of its own, and the role with keys that were issued', async () => {
    const asRoot = await new STSClient(config()).send(new GetCallerIdentityCommand({}));
    expect(asRoot).toMatchObject({ Account: '000000000000', Arn: root(defaultAccount).arn });
    const roleArn = 'arn:aws:iam::000000000000:role/r';
    const trust = {
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
    };
    await cloud.call(
      'iam',
      'CreateRole',
      { RoleName: 'r', AssumeRolePolicyDocument: JSON.stringify(trust) },
      root(defaultAccount),
    );
    const keys = iam.issueCredentials(roleArn, 'fn');
    const asRole = await new STSClient(config(keys)).send(new GetCallerIdentityCommand({}));
    expect(asRole.Arn).toBe('arn:aws:sts::000000000000:assumed-role/r/fn');
    await expect(new SSMClient(config(keys)).send(new GetParameterCommand({ Name: '/a' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: ssm:GetParameter ' +
        'on resource: arn:aws:ssm:us-east-1:000000000000:parameter/a ' +
        'because no identity-based policy allows the ssm:GetParameter action',
    });
  });

  it('refuses a document that is nested too deeply to be read', async () => {
    const depthOf = (value: unknown): number => (Array.isArray(value) ? depthOf(value[0]) + 1 : 0);
    const run = ({ TemplateBody }: { TemplateBody: string }) => depthOf(JSON.parse(TemplateBody));
    cloud.register({ name: 'cloudformation', operations: { CreateStack: { run } } });
    const TemplateBody = '['.repeat(50_000) + ']'.repeat(50_000);
    await expect(
      new CloudFormationClient(config()).send(new CreateStackCommand({ StackName: 's', TemplateBody })),
    ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining('nested too deeply') });
    expect(errors).toEqual([]);
  });

  it('speaks the query protocol with CloudFormation', async () => {
    let input: unknown;
    const Stacks = [
      { StackName: 's', StackStatus: 'CREATE_COMPLETE', CreationTime: new Date(0), Outputs: [{ OutputValue: '<&' }] },
    ];
    cloud.register({
      name: 'cloudformation',
      operations: {
        CreateStack: {
          run(given: unknown) {
            input = given;
            return { StackId: 'id' };
          },
        },
        DescribeStacks: {
          run({ StackName }: { StackName?: string }) {
            if (StackName === undefined) return { Stacks };
            throw new AwsError('ValidationError', `Stack with id ${StackName} does not exist`);
          },
        },
      },
    });
    const client = new CloudFormationClient(config());
    const stack = {
      StackName: 's',
      TemplateBody: '{"a": "b&c=d+e"}',
      DisableRollback: true,
      Parameters: [{ ParameterKey: 'k', ParameterValue: 'true' }],
    };
    expect(await client.send(new CreateStackCommand(stack))).toMatchObject({ StackId: 'id' });
    expect(input).toEqual(stack);
    expect((await client.send(new DescribeStacksCommand({}))).Stacks).toEqual(Stacks);
    await expect(client.send(new DescribeStacksCommand({ StackName: 'x' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id x does not exist',
    });
  });

  it('reads times to the millisecond', async () => {
    const { Endpoints } = await new SageMakerClient(config()).send(new ListEndpointsCommand({}));
    expect(Endpoints?.[0]?.CreationTime).toEqual(new Date(1_767_225_600_123));
  });

  it('reaches the REST services, each by its signature', async () => {
    await new S3Client({ ...config(), forcePathStyle: true }).send(new ListBucketsCommand({}));
    await new LambdaClient(config()).send(new ListFunctionsCommand({}));
    expect(rest).toEqual(['s3:ListBuckets', 'lambda:ListFunctions']);
    const invoke = new InvokeEndpointCommand({ EndpointName: 'e', Body: '1' });
    await expect(new SageMakerRuntimeClient(config()).send(invoke)).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 500,
      $metadata: { httpStatusCode: 424 },
    });
  });
});

describe('the gateway', () => {
  it('has a health check', async () => {
    expect(await raw('/_freshpoint/health')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('takes unsigned and presigned requests for S3', async () => {
    await raw('/bucket/key', {}, 'HEAD');
    await raw('/bucket/key?X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fs3%2Faws4_request', {}, 'HEAD');
    expect(rest).toEqual(['s3:HeadObject', 's3:HeadObject']);
  });

  it('refuses the unsigned operations of STS by their names', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const refused = await raw('/?Action=AssumeRoleWithWebIdentity', form, 'POST');
    expect(refused).toMatchObject({ status: 501, body: expect.stringContaining('sts:AssumeRoleWithWebIdentity') });
  });

  it.each<[string, Record<string, string>]>([
    ['another host', { host: 'evil.example' }],
    ['a host that begins like a local one', { host: 'localhost.evil.example' }],
    ['another address of the machine', { host: '0.0.0.0' }],
    ['a web page of another host', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses %s', async (_name, headers) => {
    expect(await raw('/bucket/key', headers)).toMatchObject({
      status: 403,
      body: expect.stringMatching(/local runtime/),
    });
    expect(rest).toEqual([]);
  });

  it.each(['localhost:1', 'bucket.localhost', 'my_bucket.localhost:4566', '127.0.0.1'])(
    'answers as %s',
    async (host) => {
      expect(await raw('/', { host })).toMatchObject({ status: 200 });
    },
  );

  it('gives every answer a request id', async () => {
    expect((await raw('/_freshpoint/health')).headers['x-amzn-requestid']).toMatch(/^[\w-]{36}$/);
    expect((await raw('/', { host: 'evil.example' })).headers['x-amzn-requestid']).toMatch(/^[\w-]{36}$/);
  });

  it('answers a bug with InternalFailure and reports it, without its text in the response', async () => {
    const answer = await raw(
      '/',
      { 'x-amz-target': 'SageMaker.DescribeEndpoint', ...signed('sagemaker') },
      'POST',
      '{"EndpointName":"e"}',
    );
    expect(answer).toMatchObject({ status: 500, body: expect.not.stringContaining('secret') });
    expect(JSON.parse(answer.body)).toMatchObject({ __type: 'InternalFailure' });
    expect(errors).toEqual([expect.objectContaining({ message: 'a secret' })]);
  });

  it('names the service or operation that it does not simulate', async () => {
    const operation = await raw('/', { 'x-amz-target': 'AmazonSSM.SendCommand', ...signed('ssm') }, 'POST', '{}');
    expect(JSON.parse(operation.body)).toEqual({
      __type: 'NotImplemented',
      message:
        'The local runtime does not implement ssm:SendCommand. ' +
        'What it implements: /_freshpoint/operations at its URL, or docs/local-runtime.md#operations.',
    });
    expect(JSON.parse((await raw('/_freshpoint/operations')).body).ssm).toContain('GetParameter');
    const target = await raw('/', { 'x-amz-target': 'DynamoDB_20120810.GetItem', ...signed('dynamodb') }, 'POST', '{}');
    expect(target).toMatchObject({ status: 501, body: expect.stringContaining('DynamoDB_20120810.GetItem') });
    const service = await raw('/v2/apis', signed('apigateway'));
    expect(service).toMatchObject({ status: 501, body: expect.stringContaining('apigateway') });
  });

  it('answers query requests in XML, errors too', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...signed('iam') };
    const document = encodeURIComponent('{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}');
    const create =
      `Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=${document}` +
      '&Description=%3C&Tags.member.1.Key=k&Tags.member.1.Value=v';
    const created = await raw('/', form, 'POST', create);
    expect(created).toMatchObject({ status: 200 });
    expect(created.body).toContain('<CreateRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">');
    expect(created.body).toContain('<Description>&lt;</Description>');
    expect(created.body).toContain('<Tags><member><Key>k</Key><Value>v</Value></member></Tags>');
    const again = await raw('/', form, 'POST', create);
    expect(again).toMatchObject({ status: 409 });
    expect(again.body).toContain('<Error><Type>Sender</Type><Code>EntityAlreadyExists</Code>');
  });

  it("speaks SQS's older protocol, in which a request goes to the queue's URL", async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...signed('sqs') };
    const send = (path: string, body: string) => raw(path, form, 'POST', `Version=2012-11-05&${body}`);
    await send('/', 'Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0');
    const queue = '/000000000000/q';
    const batch =
      'Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=x&SendMessageBatchRequestEntry.1.MessageBody';
    expect((await send(queue, `${batch}=%3Ca`)).body).toContain('<SendMessageBatchResultEntry><Id>x</Id>');
    expect((await send(queue, 'Action=ReceiveMessage&AttributeName=')).body).toContain('<Body>&lt;a</Body>');
    const missing = await send('/000000000000/other', 'Action=ReceiveMessage');
    expect(missing.body).toContain('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>');
    expect((await send(queue, 'Action=SendMessage')).body).toContain(
      'The request must contain the parameter MessageBody',
    );
  });

  it('refuses requests that are not JSON or too long', async () => {
    const headers = { 'x-amz-target': 'AmazonSSM.GetParameter', ...signed('ssm') };
    expect(await raw('/', headers, 'POST', '{')).toMatchObject({
      status: 400,
      body: expect.stringContaining('SerializationException'),
    });
    expect(await raw('/', headers, 'POST', '[]')).toMatchObject({ status: 400 });
    const tooLong = await raw('/', { ...headers, 'content-length': '99999999', expect: '100-continue' }, 'POST');
    expect(tooLong).toMatchObject({ status: 413 });
    const chunked = await raw(
      '/',
      { ...headers, 'transfer-encoding': 'chunked' },
      'POST',
      ' '.repeat(10 * 1024 * 1024 + 1),
    );
    expect(chunked).toMatchObject({ status: 413 });
  });

  it('asks a client that waits for 100-continue to send its body', async () => {
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...signed('sqs'), 'x-amz-target': 'AmazonSQS.ListQueues', expect: '100-continue' };
      const request = httpRequest(gateway.url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.on('continue', () => request.end('{}'));
      request.flushHeaders();
    });
    expect(answer).toBe(200);
  });

  it('closes at once, with a pending request', async () => {
    const ended = expect(raw('/bucket/hang', {}, 'HEAD')).rejects.toThrow('socket hang up');
    await hanging.promise;
    await gateway.close();
    await gateway.close();
    await ended;
  });
});
