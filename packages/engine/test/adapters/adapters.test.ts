import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { specParameterName } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { CLIENT_CONFIG, type Client, UPDATE_CLIENT_CONFIG } from '../../src/adapters/client.ts';
import { cloudFormationResponses } from '../../src/adapters/cloudformation-responses.ts';
import { cloudFormationStacks } from '../../src/adapters/cloudformation-stacks.ts';
import { eventBridgeBus } from '../../src/adapters/eventbridge-bus.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { sageMakerEndpoints } from '../../src/adapters/sagemaker-endpoints.ts';
import { sqsWorkQueue } from '../../src/adapters/sqs-work-queue.ts';
import { ssmSpecs } from '../../src/adapters/ssm-specs.ts';
import { EngineError } from '../../src/errors.ts';
import { spec } from '../policy/situations.ts';

interface Sent {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  input: any;
}

/** A client that answers with `answer` and records what it was sent. */
function client(answer: (sent: Sent) => unknown): Client & { sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    async send(command) {
      const call = { name: command.constructor.name, input: command.input };
      sent.push(call);
      const result = answer(call);
      if (result instanceof Error) throw result;
      return result;
    },
  };
}

function awsError(name: string, message: string, httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

const endpointsOf = (aws: Client) => sageMakerEndpoints(aws, aws);

describe('sageMakerEndpoints', () => {
  const arn = 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/iris';

  test('an endpoint that cannot be found is gone', async () => {
    const endpoints = endpointsOf(client(() => awsError('ValidationException', `Could not find endpoint "${arn}".`)));
    expect(await endpoints.describe('Iris')).toBe('gone');
  });

  test.each([
    awsError('ValidationException', 'Could not find endpoint configuration "arn".'),
    awsError('ThrottlingException', 'Rate exceeded'),
    awsError('AccessDeniedException', 'Could not find endpoint'),
  ])('any other error does not count as gone: $message', async (error) => {
    await expect(endpointsOf(client(() => error)).describe('Iris')).rejects.toBe(error);
  });

  test('an empty FailureReason counts as absent', async () => {
    const endpoints = endpointsOf(
      client(() => ({ EndpointStatus: 'InService', EndpointConfigName: 'config-a', FailureReason: '' })),
    );
    expect(await endpoints.describe('Iris')).toMatchObject({ status: 'InService', failureReason: undefined });
  });

  test.each([
    'Cannot update in-progress endpoint "arn".',
    'Cannot update endpoint with the currently in use endpoint configuration "config-b".',
  ])('rejected and busy: %s', async (text) => {
    const endpoints = endpointsOf(client(() => awsError('ValidationException', text)));
    expect(await endpoints.update(spec, 'config-b')).toMatchObject({ kind: 'rejected', busy: true });
  });

  test.each([
    awsError('ValidationException', 'Could not find endpoint configuration "arn".'),
    awsError('AccessDeniedException', 'not authorized'),
    awsError('ThrottlingException', 'Rate exceeded'),
  ])('rejected, not busy: $message', async (error) => {
    const outcome = await endpointsOf(client(() => error)).update(spec, 'config-b');
    expect(outcome).toEqual({ kind: 'rejected', busy: false, error });
  });

  test('a retain parameter that SageMaker refuses by name is left out, and the outcome says so', async () => {
    const refused = ['RetainDeploymentConfig', 'RetainAllVariantProperties'];
    const aws = client(({ input }) => {
      const name = refused.find((each) => input[each]);
      return name === undefined ? {} : awsError('ValidationException', `${name} is not supported for "arn".`);
    });
    const given = { ...spec, excludeRetainedVariantProperties: ['DataCaptureConfig'] };
    expect(await endpointsOf(aws).update(given, 'config-b')).toEqual({ kind: 'accepted', leftOut: refused });
    expect(JSON.parse(JSON.stringify(aws.sent.map(({ input }) => input))).at(-1)).toEqual({
      EndpointName: 'Iris',
      EndpointConfigName: 'config-b',
    });
  });

  test('a parameter that is refused although it is not in the request is an error', async () => {
    const error = awsError('ValidationException', 'RetainDeploymentConfig is not supported.');
    const outcome = await endpointsOf(client(() => error)).update(
      { ...spec, retainDeploymentConfig: false },
      'config-b',
    );
    expect(outcome).toEqual({ kind: 'rejected', busy: false, error });
  });

  test.each([
    awsError('InternalFailure', 'oops', 500),
    awsError('ServiceUnavailable', 'later', 503),
    new Error('socket hang up'),
  ])('it is unknown whether the update was made: $message', async (error) => {
    await expect(endpointsOf(client(() => error)).update(spec, 'config-b')).rejects.toBe(error);
  });

  test('capacity survives: variant properties and deployment config are retained', async () => {
    const aws = client(() => ({}));
    await endpointsOf(aws).update({ ...spec, excludeRetainedVariantProperties: ['DataCaptureConfig'] }, 'config-b');
    await endpointsOf(aws).update(
      { ...spec, retainAllVariantProperties: false, retainDeploymentConfig: false },
      'config-b',
    );
    expect(aws.sent.map(({ input }) => input)).toEqual([
      {
        EndpointName: 'Iris',
        EndpointConfigName: 'config-b',
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DataCaptureConfig' }],
        RetainDeploymentConfig: true,
      },
      {
        EndpointName: 'Iris',
        EndpointConfigName: 'config-b',
        RetainAllVariantProperties: false,
        ExcludeRetainedVariantProperties: undefined,
        RetainDeploymentConfig: false,
      },
    ]);
  });
});

describe('s3Sources', () => {
  const at = new Date(5000);
  const inTime = { isTimeUp: () => false };

  test('reads an object, and all pages of a prefix with its suffix', async () => {
    const aws = client(({ name, input }) => {
      if (name === 'HeadObjectCommand') return { ETag: '"1"', ContentLength: 3, LastModified: at };
      const page = Number(/\d/.exec(input.StartAfter ?? '') ?? -1) + 1;
      const Contents = [`p/${page}.gz`, `p/${page}.txt`].map((Key) => ({
        Key,
        ETag: '"2"',
        Size: 4,
        LastModified: at,
      }));
      return { Contents, IsTruncated: page < 2 };
    });
    const sources = [
      { bucket: 'models', key: 'model.tar.gz' },
      { bucket: 'models', prefix: 'p/', suffix: '.gz' },
    ];
    const view = await s3Sources(aws).observe(sources, inTime);
    expect(view).toMatchObject({ kind: 'complete', objects: 4, newest: 5000 });
  });

  test('a missing object is reported, a forbidden one is an error', async () => {
    const source = [{ bucket: 'models', key: 'model.tar.gz' }];
    expect(await s3Sources(client(() => awsError('NotFound', '', 404))).observe(source, inTime)).toMatchObject({
      kind: 'missing',
    });
    const denied = awsError('Forbidden', '', 403);
    await expect(s3Sources(client(() => denied)).observe(source, inTime)).rejects.toBe(denied);
  });

  test('a listing that fails midway is an error, never a shorter listing', async () => {
    const failed = awsError('InternalError', '', 500);
    const aws = client(({ input }) => (input.StartAfter ? failed : { Contents: [{ Key: 'p/1' }], IsTruncated: true }));
    await expect(s3Sources(aws).observe([{ bucket: 'models', prefix: 'p/' }], inTime)).rejects.toBe(failed);
  });
});

describe('ssmSpecs', () => {
  const id = 'Iris/Endpoint';
  const named = (Value: string) => client(() => ({ Parameters: [{ Name: specParameterName(id), Value }] }));

  test('reads a spec, and when it was written', async () => {
    const LastModifiedDate = new Date(5000);
    const Parameters = [{ Name: specParameterName(id), Value: JSON.stringify(spec), LastModifiedDate }];
    expect(await ssmSpecs(client(() => ({ Parameters }))).read(id)).toEqual({ ...spec, modified: 5000 });
  });

  test('a missing spec is undefined', async () => {
    expect(await ssmSpecs(client(() => ({ Parameters: [] }))).read(id)).toBeUndefined();
  });

  test.each(['{', 'null', '{"version":2}'])(
    'a spec that cannot be parsed is an error that names the parameter: %s',
    async (value) => {
      const read = ssmSpecs(named(value)).read(id);
      await expect(read).rejects.toThrow(EngineError);
      await expect(read).rejects.toThrow(specParameterName(id));
    },
  );
});

describe('cloudFormationStacks', () => {
  test.each([
    ['CREATE_IN_PROGRESS', 'deploying'],
    ['UPDATE_IN_PROGRESS', 'deploying'],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'deploying'],
    ['UPDATE_ROLLBACK_IN_PROGRESS', 'deploying'],
    ['DELETE_IN_PROGRESS', 'deploying'],
    ['REVIEW_IN_PROGRESS', 'idle'],
    ['CREATE_COMPLETE', 'idle'],
    ['UPDATE_ROLLBACK_FAILED', 'idle'],
    ['DELETE_COMPLETE', 'gone'],
  ])('%s is %s', async (StackStatus, kind) => {
    const stacks = cloudFormationStacks(client(() => ({ Stacks: [{ StackStatus }] })));
    expect(await stacks.describe('stack')).toEqual({ kind, status: StackStatus });
  });

  test('a stack that does not exist is gone; any other error is thrown', async () => {
    const gone = awsError('ValidationError', 'Stack with id x does not exist');
    expect((await cloudFormationStacks(client(() => gone)).describe('x')).kind).toBe('gone');
    const throttled = awsError('Throttling', 'Rate exceeded');
    await expect(cloudFormationStacks(client(() => throttled)).describe('x')).rejects.toBe(throttled);
  });
});

describe('cloudFormationResponses', () => {
  const request = {
    type: 'Update' as const,
    responseUrl: 'https://response',
    stackId: 'stack',
    requestId: 'request',
    logicalResourceId: 'DeploymentGate',
    physicalResourceId: 'Iris/Endpoint',
    store: spec.store,
    sources: [],
    deadline: 0,
  };
  const answering = (status: number) => {
    const puts: RequestInit[] = [];
    const responses = cloudFormationResponses(async (_url, init) => {
      puts.push(init!);
      return new Response(null, { status });
    });
    return { puts, responses };
  };

  test('sends what CloudFormation expects, within its 4 KB', async () => {
    const { puts, responses } = answering(200);
    await responses.respond(request, { Status: 'FAILED', Reason: 'x'.repeat(9000) });
    expect(puts[0]).toMatchObject({ method: 'PUT', headers: { 'content-type': '' } });
    const body = String(puts[0]?.body);
    expect(body.length).toBeLessThan(4096);
    expect(JSON.parse(body)).toMatchObject({
      Status: 'FAILED',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'DeploymentGate',
      PhysicalResourceId: 'Iris/Endpoint',
    });
  });

  test('a URL that no longer accepts responses is no error, a failing service is', async () => {
    await answering(403).responses.respond(request, { Status: 'SUCCESS' });
    await expect(answering(503).responses.respond(request, { Status: 'SUCCESS' })).rejects.toThrow('503');
  });
});

describe('sqsWorkQueue and eventBridgeBus', () => {
  const queues = { queueUrl: 'queue', deadLetterQueueUrl: 'dlq' };

  test('visibility timeouts stay within the limits of SQS', async () => {
    const aws = client(() => ({}));
    const queue = sqsWorkQueue(aws, { ...queues, batchingWindow: 1 });
    await queue.requeue('h', 0.2);
    await queue.requeue('h', 43_200);
    const [soon, late = 0] = aws.sent.map(({ input }) => input.VisibilityTimeout as number);
    expect(soon).toBe(0);
    // The limit is 12 hours from when the message was received: before the batching window, and before the pass.
    expect(late + 12 + 60).toBeLessThan(43_200);
    expect(late).toBeGreaterThan(43_000);
  });

  test('a message is visible early enough for the batching window to close in time', async () => {
    const aws = client(() => ({}));
    const queue = sqsWorkQueue(aws, { ...queues, batchingWindow: 12 });
    for (const seconds of [5, 12, 59.1]) await queue.requeue('h', seconds);
    expect(aws.sent.map(({ input }) => input.VisibilityTimeout)).toEqual([0, 0, 48]);
  });

  test('a dead letter is one that SQS accepts, whatever was received', async () => {
    const aws = client(() => ({}));
    const queue = sqsWorkQueue(aws, { ...queues, batchingWindow: 1 });
    const body = 'x'.repeat(1024 ** 2);
    await queue.deadLetter(body, `${'x'.repeat(999)}\u{1F600}`);
    const [sent] = aws.sent.map(({ input }) => input as SendMessageCommandInput);
    const { MessageBody, MessageAttributes } = sent ?? {};
    const reason = MessageAttributes?.reason?.StringValue ?? '';
    expect(reason).toBe(reason.toWellFormed());
    // A message has at most 1 MiB with its attributes: names, types and values.
    expect(Buffer.byteLength(`${MessageBody}reasonString${reason}`)).toBeLessThanOrEqual(1024 ** 2);
    await queue.deadLetter('{}', 'MESSAGE_UNREADABLE');
    expect(aws.sent[1]?.input).toMatchObject({ MessageBody: '{}' });
  });

  test('an event that the bus rejected is an error', async () => {
    const events = eventBridgeBus(client(() => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] })));
    const event = { type: 'started', revision: 'v2', slot: 'b', configName: 'config-b' } as const;
    await expect(events.publish('Iris/Endpoint', 'Iris', [event])).rejects.toThrow('InternalFailure');
  });
});

test('no client of the function waits for a connection without a limit, but that of S3', () => {
  const source = readFileSync(join(import.meta.dirname, '../../src/lambda/index.ts'), 'utf8');
  const created = [...source.matchAll(/new (\w+Client)\((\w*)/g)].map(([, name, config]) => `${name} ${config}`);
  expect(created).toHaveLength(8);
  expect(created.filter((each) => !/ (UPDATE_)?CLIENT_CONFIG$/.test(each))).toEqual(['S3Client ']);
  for (const { requestHandler } of [CLIENT_CONFIG, UPDATE_CLIENT_CONFIG]) {
    // Three attempts at three calls, with those of noting the failure, fit into the function's 60 s.
    expect(requestHandler.connectionTimeout * 3 * 3).toBeLessThan(60_000);
  }
});
