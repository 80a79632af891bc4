import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Caller, root } from '#simulator/core/cloud';
import { type LocalRuntime, startLocalRuntime } from '../../src/runtime.ts';

let folder: string;
let runtime: LocalRuntime;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-restart-'));
  runtime = await startLocalRuntime({ persistDir: folder });
});
afterEach(async () => {
  await runtime.stop();
  await rm(folder, { recursive: true, force: true });
});

const call = (service: string, operation: string, input: object, caller: Caller = root(runtime.account)) =>
  runtime.cloud.call(service, operation, input, caller);

async function restart(): Promise<void> {
  await runtime.stop();
  runtime = await startLocalRuntime({ persistDir: folder });
}

/** The status of a stack that has no operation in progress. */
async function settled(StackName: string): Promise<string> {
  for (;;) {
    const { Stacks } = await call('cloudformation', 'DescribeStacks', { StackName });
    if (!Stacks[0].StackStatus.endsWith('_IN_PROGRESS')) return Stacks[0].StackStatus;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What the operation says now must be what it says after a restart, but for the runtime's address. */
async function survives(service: string, operation: string, input: object, ...members: string[]): Promise<void> {
  const read = async () => {
    const output = await call(service, operation, input);
    const chosen =
      members.length === 0 ? output : Object.fromEntries(members.map((member) => [member, output[member]]));
    return JSON.parse(JSON.stringify(chosen).replaceAll(runtime.url, 'http://runtime'));
  };
  const before = await read();
  await restart();
  expect(await read()).toEqual(before);
}

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:q';
const trust = (Service: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service } }] });
const allow = (Action: string, Resource: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Action, Resource }] });

async function createRole(): Promise<string> {
  const AssumeRolePolicyDocument = trust('lambda.amazonaws.com');
  const { Role } = await call('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument });
  await call('iam', 'PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: allow('sqs:*', QUEUE_ARN) });
  return Role.Arn;
}

describe('after a restart', () => {
  it('roles have their policies', async () => {
    const roleArn = await createRole();
    await call('sqs', 'CreateQueue', { QueueName: 'q' });
    await call('sqs', 'CreateQueue', { QueueName: 'other' });
    await restart();
    const caller = { arn: 'session', roleArn };
    const url = (name: string) => ({ QueueUrl: `${runtime.url}/000000000000/${name}` });
    await call('sqs', 'GetQueueAttributes', url('q'), caller);
    await expect(call('sqs', 'GetQueueAttributes', url('other'), caller)).rejects.toThrow('not authorized');
  });

  it('keys have their aliases', async () => {
    const { KeyMetadata } = await call('kms', 'CreateKey', { Description: 'd' });
    await call('kms', 'CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyMetadata.KeyId });
    await survives('kms', 'DescribeKey', { KeyId: 'alias/a' });
  });

  it('parameters have their history', async () => {
    await call('ssm', 'PutParameter', { Name: '/a/b', Type: 'String', Value: '1' });
    await call('ssm', 'PutParameter', { Name: '/a/b', Value: '2', Overwrite: true });
    await survives('ssm', 'GetParametersByPath', { Path: '/a' });
    await survives('ssm', 'GetParameter', { Name: '/a/b:1' });
  });

  it('log groups have their lines', async () => {
    await call('logs', 'CreateLogGroup', { logGroupName: 'g' });
    await call('logs', 'CreateLogStream', { logGroupName: 'g', logStreamName: 's' });
    const logEvents = [{ timestamp: 1_800_000_000_000, message: 'hello' }];
    await call('logs', 'PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents });
    await survives('logs', 'FilterLogEvents', { logGroupName: 'g' });
    await survives('logs', 'DescribeLogStreams', { logGroupName: 'g' });
  });

  it('queues have their messages, and rules their targets', async () => {
    const { QueueUrl } = await call('sqs', 'CreateQueue', { QueueName: 'q', Attributes: { VisibilityTimeout: '77' } });
    await call('sqs', 'SendMessage', { QueueUrl, MessageBody: 'm', MessageAttributes: {} });
    await call('events', 'PutRule', { Name: 'rule', EventPattern: '{"source":["a"]}', State: 'DISABLED' });
    await call('events', 'PutTargets', { Rule: 'rule', Targets: [{ Id: 't', Arn: QUEUE_ARN }] });
    await survives('events', 'DescribeRule', { Name: 'rule' });
    await survives('events', 'ListTargetsByRule', { Rule: 'rule' });
    await survives('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    const { Messages } = await call('sqs', 'ReceiveMessage', { QueueUrl });
    expect(Messages).toMatchObject([{ Body: 'm' }]);
  });

  it('buckets have their versions, uploads and policies', async () => {
    const Bucket = 'data';
    await call('s3', 'CreateBucket', { Bucket });
    await call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    for (const Body of ['one', 'two']) await call('s3', 'PutObject', { Bucket, Key: 'k', Body: Buffer.from(Body) });
    const upload = { Bucket, Key: 'large', ...(await call('s3', 'CreateMultipartUpload', { Bucket, Key: 'large' })) };
    const part = { ...upload, PartNumber: 1, Body: Buffer.from('part') };
    const { ETag } = await call('s3', 'UploadPart', part);
    await survives('s3', 'ListObjectVersions', { Bucket });
    await survives('s3', 'ListMultipartUploads', { Bucket });
    await call('s3', 'CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
    await restart();
    const { Body } = await call('s3', 'GetObject', { Bucket, Key: 'large' });
    const chunks: Uint8Array[] = [];
    for await (const chunk of Body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('part');
  });

  it('functions have their code and their queues', async () => {
    const Role = await createRole();
    await call('sqs', 'CreateQueue', { QueueName: 'q' });
    const code = { ZipFile: 'exports.handler = () => 1', Handler: 'index.handler', Runtime: 'nodejs22.x' };
    const { ZipFile, ...settings } = code;
    await call('lambda', 'CreateFunction', { FunctionName: 'f', Role, Code: { ZipFile }, ...settings });
    const { UUID } = await call('lambda', 'CreateEventSourceMapping', { FunctionName: 'f', EventSourceArn: QUEUE_ARN });
    await survives('lambda', 'GetFunction', { FunctionName: 'f' });
    await survives('lambda', 'GetEventSourceMapping', { UUID }, 'EventSourceArn', 'FunctionArn', 'BatchSize');
    expect((await call('lambda', 'Invoke', { FunctionName: 'f', Payload: '{}' })).FunctionError).toBeUndefined();
  });

  it('stacks have their resources, and can be updated', async () => {
    const template = (VisibilityTimeout: number) => ({
      Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout } } },
      Outputs: { Url: { Value: { Ref: 'Q' } } },
    });
    const create = { StackName: 'one', TemplateBody: JSON.stringify(template(10)) };
    await call('cloudformation', 'CreateStack', create);
    await settled('one');
    await survives('cloudformation', 'DescribeStacks', { StackName: 'one' });
    await survives('cloudformation', 'ListStackResources', { StackName: 'one' });
    await expect(call('cloudformation', 'UpdateStack', create)).rejects.toThrow('No updates are to be performed.');
    await call('cloudformation', 'UpdateStack', { ...create, TemplateBody: JSON.stringify(template(20)) });
    expect(await settled('one')).toBe('UPDATE_COMPLETE');
  });

  it('a model and its config are there, and so are packages', async () => {
    const ExecutionRoleArn = 'arn:aws:iam::123456789012:role/m';
    await call('sagemaker', 'CreateModel', { ModelName: 'm', ExecutionRoleArn, PrimaryContainer: { Image: 'i' } });
    const variant = { VariantName: 'v', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
    await call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: 'c', ProductionVariants: [variant] });
    await call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'g' });
    await survives('sagemaker', 'DescribeModel', { ModelName: 'm' });
    await survives('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName: 'c' });
    await survives('sagemaker', 'ListModelPackageGroups', {});
  });
});
