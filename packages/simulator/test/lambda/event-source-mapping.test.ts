import { describe, expect, it } from 'vitest';
import { AwsError } from '../../src/core/aws-error.ts';
import { createIam } from '../../src/iam/iam.ts';
import { sqsRecord } from '../../src/lambda/sqs-event.ts';
import { createSqs } from '../../src/sqs/sqs.ts';
import { account, admin, createInput, fakeQueue, inMemory, type MemoryHandler, queueArn, roleArn } from './fakes.ts';

interface SqsEvent {
  readonly Records: { readonly messageId: string; readonly body: string }[];
}

const bodies = (event: unknown) => (event as SqsEvent).Records.map((record) => record.body);

async function mapped(
  handler: MemoryHandler,
  { mapping = {}, onAbort }: { mapping?: object; onAbort?: 'answer' | 'ignore' } = {},
) {
  const batches: string[][] = [];
  const world = inMemory((event, spec) => {
    batches.push(bodies(event));
    return handler(event, spec);
  });
  const queue = fakeQueue(world.clock, world.cloud, { onAbort });
  await world.call('CreateFunction', createInput());
  const created = await world.call('CreateEventSourceMapping', {
    FunctionName: 'fn',
    EventSourceArn: queueArn,
    ...mapping,
  });
  await world.clock.advance(0);
  const get = () => world.call('GetEventSourceMapping', { UUID: created.UUID });
  return { ...world, queue, batches, created, get };
}

/** A handler whose invocations end when the test says so. */
function gate() {
  const open: (() => void)[] = [];
  return { handler: () => new Promise<void>((resolve) => open.push(resolve)), open };
}

describe('a mapping', () => {
  it('invokes the function with the messages as Lambda shapes them, and deletes them as the role', async () => {
    const { queue, clock, batches, get } = await mapped(() => undefined);
    queue.send('one', 'two');
    await clock.advance(0);
    expect(batches).toEqual([['one', 'two']]);
    expect(queue.messages).toEqual([]);
    expect(await get()).toMatchObject({ State: 'Enabled', LastProcessingResult: 'OK' });
    for (const { operation, caller } of queue.calls) {
      if (operation === 'GetQueueUrl') continue;
      expect(caller).toMatchObject({ arn: `arn:aws:sts::${account.accountId}:assumed-role/fn-role/fn`, roleArn });
    }
  });

  it('has tags, and no result before its first poll', async () => {
    const { created, call } = await mapped(() => undefined, { mapping: { Tags: { a: '1' } } });
    expect(created.LastProcessingResult).toBeUndefined();
    const Resource = created.EventSourceMappingArn;
    await call('TagResource', { Resource, Tags: { b: '2' } });
    await call('UntagResource', { Resource, TagKeys: ['a'] });
    expect(await call('ListTags', { Resource })).toEqual({ Tags: { b: '2' } });
    await expect(
      call('ListTags', { Resource: Resource.replace(/.$/, /0$/.test(Resource) ? '1' : '0') }),
    ).rejects.toThrow('Event source mapping not found');
  });

  it('polls with one long poll at a time', async () => {
    const { queue, clock } = await mapped(() => undefined);
    await clock.advance(100_000);
    expect(queue.calls.filter((call) => call.operation === 'ReceiveMessage').map((call) => call.input)).toEqual(
      Array.from({ length: 6 }, () => expect.objectContaining({ WaitTimeSeconds: 20, MaxNumberOfMessages: 10 })),
    );
  });

  it('leaves the messages of a failed invocation in the queue until their visibility ends', async () => {
    let failures = 1;
    const { queue, clock, batches, get } = await mapped(() => {
      if (failures-- > 0) throw { errorType: 'Error', errorMessage: 'no' };
    });
    queue.send('one');
    await clock.advance(29_000);
    expect(batches).toHaveLength(1);
    expect(await get()).toMatchObject({ LastProcessingResult: 'PROBLEM: Function call failed' });
    await clock.advance(2_000);
    expect(batches).toHaveLength(2);
    expect(queue.messages).toEqual([]);
  });

  it('leaves the messages that the function reports as failed, and only them', async () => {
    let first = true;
    const { queue, clock, batches } = await mapped(
      (event) => {
        const { messageId } = (event as SqsEvent).Records[1] ?? { messageId: '' };
        const answer = first ? { batchItemFailures: [{ itemIdentifier: messageId }] } : { batchItemFailures: [] };
        first = false;
        return answer;
      },
      { mapping: { FunctionResponseTypes: ['ReportBatchItemFailures'] } },
    );
    queue.send('one', 'two', 'three');
    await clock.advance(31_000);
    expect(batches).toEqual([['one', 'two', 'three'], ['two']]);
    expect(queue.messages).toEqual([]);
  });

  it('takes no notice of reported failures when it was not told to', async () => {
    const { queue, clock } = await mapped(() => ({ batchItemFailures: [{ itemIdentifier: 'm1' }] }));
    queue.send('one');
    await clock.advance(0);
    expect(queue.messages).toEqual([]);
  });

  it('gathers a batch larger than one receive until it is full', async () => {
    const { queue, clock, batches } = await mapped(() => undefined, {
      mapping: { BatchSize: 25, MaximumBatchingWindowInSeconds: 5 },
    });
    queue.send(...Array.from({ length: 40 }, (_, index) => String(index)));
    await clock.advance(4_999);
    expect(batches.map((batch) => batch.length)).toEqual([25]);
    await clock.advance(1);
    expect(batches.map((batch) => batch.length)).toEqual([25, 15]);
    expect(queue.messages).toEqual([]);
  });

  it('hands on what it has when the window is over, counted from the first message', async () => {
    const { queue, clock, batches } = await mapped(() => undefined, {
      mapping: { MaximumBatchingWindowInSeconds: 10 },
    });
    await clock.advance(3_000);
    queue.send('one');
    await clock.advance(6_000);
    queue.send('two');
    await clock.advance(3_999);
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toEqual([['one', 'two']]);
    queue.send('three');
    await clock.advance(9_999);
    expect(batches).toHaveLength(1);
    await clock.advance(1);
    expect(batches).toHaveLength(2);
  });

  it('runs no more batches at once than MaximumConcurrency, and does not receive what it cannot run', async () => {
    const { handler, open } = gate();
    const { queue, clock, batches } = await mapped(handler, {
      mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    });
    queue.send('one', 'two', 'three');
    await clock.advance(0);
    expect(batches).toEqual([['one'], ['two']]);
    expect(queue.messages.map((message) => message.receives)).toEqual([1, 1, 0]);
    open.shift()?.();
    await clock.advance(0);
    expect(batches).toHaveLength(3);
  });

  it.each([
    ['disabled', 'UpdateEventSourceMapping'],
    ['deleted', 'DeleteEventSourceMapping'],
  ])('gives up its poll when it is %s, so that the queue hands out nothing more', async (_name, operation) => {
    const { queue, clock, call, created } = await mapped(() => undefined);
    await call(operation, { UUID: created.UUID, Enabled: false });
    await clock.advance(0);
    queue.send('one');
    await clock.advance(60_000);
    expect(queue.messages[0]?.receives).toBe(0);
  });

  it('is disabled only after its poll has ended, and loses no message of it', async () => {
    const { queue, clock, batches, call, created, get } = await mapped(() => undefined, { onAbort: 'ignore' });
    await call('UpdateEventSourceMapping', { UUID: created.UUID, Enabled: false });
    expect(await get()).toMatchObject({ State: 'Disabling' });
    queue.send('one');
    await clock.advance(0);
    expect(batches).toEqual([['one']]);
    expect(await get()).toMatchObject({ State: 'Disabled' });
    queue.send('two');
    await clock.advance(60_000);
    expect(batches).toHaveLength(1);
    await call('UpdateEventSourceMapping', { UUID: created.UUID, Enabled: true });
    await clock.advance(0);
    expect(batches).toEqual([['one'], ['two']]);
  });

  it('gives back what its poll brings after it was deleted', async () => {
    const { queue, clock, batches, call, created, get } = await mapped(() => undefined, { onAbort: 'ignore' });
    expect(await call('DeleteEventSourceMapping', { UUID: created.UUID })).toMatchObject({ State: 'Deleting' });
    await expect(get()).rejects.toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
    queue.send('one');
    await clock.advance(0);
    expect(batches).toEqual([]);
    expect(queue.messages).toMatchObject([{ body: 'one', visibleAt: clock.now() }]);
    await clock.advance(600_000);
    expect(queue.messages[0]?.receives).toBe(1);
  });

  it('tells why it cannot read the queue, once, and goes on trying more and more slowly', async () => {
    const { queue, clock, get, log } = await mapped(() => undefined);
    queue.failWith(new AwsError('AccessDenied', 'User is not authorized to perform: sqs:receivemessage', 403));
    const before = queue.calls.length;
    await clock.advance(20_000 + 600_000);
    expect(await get()).toMatchObject({ LastProcessingResult: expect.stringContaining('sqs:receivemessage') });
    expect(log.filter(({ line }) => line.includes('Event source mapping'))).toHaveLength(1);
    expect(queue.calls.length - before).toBeLessThan(20);
    queue.failWith(undefined);
    queue.send('one');
    await clock.advance(61_000);
    expect(await get()).toMatchObject({ LastProcessingResult: 'OK' });
  });

  async function throttled() {
    const { handler, open } = gate();
    const world = await mapped(handler, { mapping: { BatchSize: 1 } });
    await world.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 1 });
    world.queue.send('one', 'two');
    await world.clock.advance(0);
    expect(world.batches).toEqual([['one']]);
    expect(await world.get()).toMatchObject({ LastProcessingResult: 'PROBLEM: Rate Exceeded.' });
    return { ...world, open };
  }

  it('invokes a throttled function again within seconds', async () => {
    const { open, clock, batches, queue } = await throttled();
    open.shift()?.();
    await clock.advance(1_000);
    expect(batches).toEqual([['one'], ['two']]);
    open.shift()?.();
    await clock.advance(0);
    expect(queue.messages).toEqual([]);
  });

  it('leaves messages of a function that stays throttled to their visibility timeout', async () => {
    const { clock, queue } = await throttled();
    await clock.advance(29_000);
    expect(queue.messages.map(({ receives }) => receives)).toEqual([1, 1]);
    await clock.advance(2_000);
    expect(queue.messages.map(({ receives }) => receives)).toEqual([2, 2]);
  });

  it('that is deleted ends the pause of a throttled batch', async () => {
    const { clock, call, created, batches, open } = await throttled();
    await call('DeleteEventSourceMapping', { UUID: created.UUID });
    open.shift()?.();
    await clock.advance(60_000);
    expect(batches).toEqual([['one']]);
  });

  it('receives nothing while its function is gone', async () => {
    const { queue, clock, call } = await mapped(() => undefined);
    await call('DeleteFunction', { FunctionName: 'fn' });
    await clock.advance(21_000);
    queue.send('one');
    await clock.advance(120_000);
    expect(queue.messages[0]?.receives).toBe(0);
  });
});

describe('with the simulated SQS and IAM', () => {
  it('works off a queue under the role, and stops when the role loses its permission', async () => {
    const got: unknown[] = [];
    const world = inMemory(
      (event) => {
        got.push(...(event as { Records: unknown[] }).Records);
        return { batchItemFailures: [] };
      },
      (deps) => {
        deps.cloud.register(createSqs(deps).service);
        deps.cloud.register(createIam(deps).service);
        return {};
      },
    );
    const { cloud, clock } = world;
    const aws = (service: string, operation: string, input: object) => cloud.call(service, operation, input, admin);
    const policy = (Action: string[]) =>
      aws('iam', 'PutRolePolicy', {
        RoleName: 'fn-role',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action, Resource: queueArn }],
        }),
      });
    const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
    await aws('iam', 'CreateRole', {
      RoleName: 'fn-role',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    });
    const { QueueUrl } = await aws('sqs', 'CreateQueue', { QueueName: 'q' });
    await world.call('CreateFunction', createInput());
    const create = () => world.call('CreateEventSourceMapping', { FunctionName: 'fn', EventSourceArn: queueArn });
    await expect(create()).rejects.toMatchObject({ message: expect.stringContaining('ReceiveMessage on SQS') });
    await policy(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']);
    const { UUID } = await create();
    await aws('sqs', 'SendMessage', {
      QueueUrl,
      MessageBody: 'hello',
      MessageAttributes: { a: { DataType: 'String', StringValue: 'x' } },
    });
    await clock.advance(1_000);
    expect(got).toMatchObject([
      {
        body: 'hello',
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        eventSourceARN: queueArn,
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: { a: { stringValue: 'x', dataType: 'String' } },
      },
    ]);
    const { Attributes } = await aws('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
    await policy(['sqs:DeleteMessage', 'sqs:GetQueueAttributes']);
    await clock.advance(25_000);
    expect(await world.call('GetEventSourceMapping', { UUID })).toMatchObject({
      LastProcessingResult: expect.stringMatching(/^PROBLEM: .*not authorized to perform: sqs:ReceiveMessage/i),
    });
  });
});

describe('a mapping is refused', () => {
  const create = async (input: object, fn: object = {}) => {
    const world = inMemory(() => undefined);
    fakeQueue(world.clock, world.cloud);
    await world.call('CreateFunction', createInput(fn));
    return await world.call('CreateEventSourceMapping', { FunctionName: 'fn', EventSourceArn: queueArn, ...input });
  };
  const invalid = (message: string) => ({ code: 'InvalidParameterValueException', status: 400, message });

  it('when the queue shows messages again before the function times out', async () => {
    await expect(create({}, { Timeout: 31 })).rejects.toMatchObject(
      invalid('Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds'),
    );
  });

  it('when a batch above 10 has no window', async () => {
    await expect(create({ BatchSize: 11 })).rejects.toMatchObject(
      invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'),
    );
  });

  it.each([
    { BatchSize: 0 },
    { BatchSize: 10_001, MaximumBatchingWindowInSeconds: 1 },
    { MaximumBatchingWindowInSeconds: 301 },
    { ScalingConfig: { MaximumConcurrency: 1 } },
    { ScalingConfig: { MaximumConcurrency: 1_001 } },
    { FunctionResponseTypes: ['Other'] },
  ])('with %j', async (input) => {
    await expect(create(input)).rejects.toMatchObject({ code: 'ValidationException', status: 400 });
  });

  it('when the queue does not exist', async () => {
    await expect(create({ EventSourceArn: `${queueArn}-other` })).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: expect.stringContaining('SQS Error Code: AWS.SimpleQueueService.NonExistentQueue'),
    });
  });

  it.each(['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])(
    'when the role may not call %s',
    async (action) => {
      const world = inMemory(() => undefined);
      fakeQueue(world.clock, world.cloud);
      await world.call('CreateFunction', createInput());
      world.cloud.authorizeWith((caller, permission) => {
        if (caller.roleArn && permission.action === `sqs:${action}`) throw new AwsError('AccessDenied', 'no', 403);
      });
      await expect(
        world.call('CreateEventSourceMapping', { FunctionName: 'fn', EventSourceArn: queueArn }),
      ).rejects.toMatchObject(
        invalid(`The function execution role does not have permissions to call ${action} on SQS`),
      );
    },
  );

  it('when there is one already', async () => {
    const world = inMemory(() => undefined);
    fakeQueue(world.clock, world.cloud);
    await world.call('CreateFunction', createInput());
    const input = { FunctionName: 'fn', EventSourceArn: queueArn };
    const { UUID } = await world.call('CreateEventSourceMapping', input);
    await expect(world.call('CreateEventSourceMapping', input)).rejects.toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message: expect.stringContaining(UUID),
    });
  });
});

it('shapes a record as Lambda does', () => {
  const record = sqsRecord(
    {
      MessageId: 'id',
      ReceiptHandle: 'handle',
      Body: 'body',
      MD5OfBody: 'md5',
      MD5OfMessageAttributes: 'md5a',
      Attributes: { SentTimestamp: '1', ApproximateReceiveCount: '2' },
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'x' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
    },
    { queueArn, region: 'us-east-1', windowSeconds: 0 },
  );
  expect(record).toEqual({
    messageId: 'id',
    receiptHandle: 'handle',
    body: 'body',
    attributes: { SentTimestamp: '1', ApproximateReceiveCount: '2' },
    messageAttributes: {
      text: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
      bytes: { binaryValue: 'AQI=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    },
    md5OfMessageAttributes: 'md5a',
    md5OfBody: 'md5',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: 'us-east-1',
  });
});
