import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slimSdk } from '../slim-sdk.ts';

const root = dirname(dirname(import.meta.dirname));

/** Calls each protocol's client against a canned response, and returns what is thrown. */
const PROGRAM = `
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { Readable } from 'node:stream';

const calls = {
  cloudformation: [CloudFormationClient, new DescribeStacksCommand({ StackName: 's' })],
  s3: [S3Client, new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x', IfMatch: 'e' })],
  's3 head': [S3Client, new HeadObjectCommand({ Bucket: 'b', Key: 'k' })],
  sagemaker: [SageMakerClient, new DescribeEndpointCommand({ EndpointName: 'e' })],
  'sagemaker-runtime': [SageMakerRuntimeClient, new InvokeEndpointCommand({ EndpointName: 'e', Body: 'x' })],
  sqs: [SQSClient, new SendMessageCommand({ QueueUrl: 'https://sqs.us-east-1.amazonaws.com/1/q', MessageBody: 'm' })],
  ssm: [SSMClient, new GetParameterCommand({ Name: 'n' })],
};

export async function thrown(kind, statusCode, headers, body) {
  const [Client, command] = calls[kind];
  const client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({ response: { statusCode, headers, body: Readable.from([Buffer.from(body)]) } }),
    },
  });
  return client.send(command).then(
    () => 'nothing',
    (error) => ({ ...error, name: error.name, message: error.message, $response: undefined, $retryable: undefined }),
  );
}`;

type Thrown = (kind: string, status: number, headers: Record<string, string>, body: string) => Promise<unknown>;

const json = (body: object) => JSON.stringify(body);
const xml = (body: string) => `<?xml version="1.0"?>${body}`;
const CASES: ReadonlyArray<readonly [string, string, ...Parameters<Thrown>]> = [
  [
    'PreconditionFailed',
    's3',
    's3',
    412,
    {},
    xml('<Error><Code>PreconditionFailed</Code><Message>m</Message></Error>'),
  ],
  ['NoSuchKey', 's3', 's3', 404, {}, xml('<Error><Code>NoSuchKey</Code><Message>m</Message><Key>k</Key></Error>')],
  ['NoSuchUpload', 's3', 's3', 404, {}, xml('<Error><Code>NoSuchUpload</Code><Message>m</Message></Error>')],
  ['NotFound', 's3', 's3 head', 404, {}, ''],
  ['ValidationException', 'sagemaker', 'sagemaker', 400, {}, json({ __type: 'ValidationException', message: 'm' })],
  ['ResourceNotFound', 'sagemaker', 'sagemaker', 400, {}, json({ __type: 'ResourceNotFound', Message: 'm' })],
  ['ParameterNotFound', 'ssm', 'ssm', 400, {}, json({ __type: 'com.amazonaws.ssm#ParameterNotFound', message: 'm' })],
  [
    'ModelError',
    'sagemaker-runtime',
    'sagemaker-runtime',
    424,
    { 'x-amzn-errortype': 'ModelError' },
    json({ Message: 'm', OriginalStatusCode: 500, OriginalMessage: 'o' }),
  ],
  [
    'ValidationError',
    'cloudformation',
    'cloudformation',
    400,
    {},
    xml(
      '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>m</Message></Error></ErrorResponse>',
    ),
  ],
];

describe('the slimmed SDK', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slim-sdk-'));
  let whole: Thrown;
  let slim: Thrown;

  async function bundled(name: string, plugins: Plugin[]): Promise<Thrown> {
    const outfile = join(folder, `${name}.cjs`);
    await build({
      stdin: { contents: PROGRAM, resolveDir: join(root, 'packages/engine') },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      conditions: ['module'],
      supported: { 'dynamic-import': false },
      plugins,
      logLevel: 'error',
    });
    return createRequire(import.meta.url)(outfile).thrown;
  }

  beforeAll(async () => {
    whole = await bundled('whole', []);
    slim = await bundled('slim', [slimSdk]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(CASES)('throws the same for %s of %s', async (name, _service, ...call) => {
    const error = await slim(...call);
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: call[1] } });
    expect(error).toEqual(await whole(...call));
  });

  test('names an error of SQS by its code in the query protocol, and is the same otherwise', async () => {
    const headers = { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' };
    const call = ['sqs', 400, headers, json({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'm' })] as const;
    const name = 'AWS.SimpleQueueService.NonExistentQueue';
    expect(await slim(...call)).toEqual({ ...((await whole(...call)) as object), name });
  });
});
