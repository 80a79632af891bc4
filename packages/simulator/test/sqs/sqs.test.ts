import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { type Caller, Cloud, type Deps, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { drain, VirtualClock } from '../../src/core/virtual-clock.ts';
import { createSqs, type Sqs } from '../../src/sqs/sqs.ts';

const caller = root(defaultAccount);
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:q';

interface Received {
  MessageId: string;
  Body: string;
  ReceiptHandle: string;
  Attributes: Record<string, string>;
  MessageAttributes?: Record<string, object>;
  MD5OfMessageAttributes?: string;
}

let clock: VirtualClock;
let cloud: Cloud;
let sqs: Sqs;
let QueueUrl: string;
let policies: Map<string, string | undefined>;

const call = (operation: string, input: object = {}, by: Caller = caller) =>
  cloud.call('sqs', operation, { QueueUrl, ...input }, by);
const send = (MessageBody: string, more: object = {}) => call('SendMessage', { MessageBody, ...more });
const receive = async (more: object = {}): Promise<Received[]> =>
  (await call('ReceiveMessage', { MaxNumberOfMessages: 10, AttributeNames: ['All'], ...more })).Messages ?? [];
const bodies = async (more: object = {}) => (await receive(more)).map(({ Body }) => Body);
const attributes = async () => (await call('GetQueueAttributes', { AttributeNames: ['All'] })).Attributes;
const createQueue = async (QueueName: string, Attributes: object = {}) =>
  (await cloud.call('sqs', 'CreateQueue', { QueueName, Attributes }, caller)).QueueUrl;

beforeEach(async () => {
  clock = new VirtualClock();
  cloud = new Cloud();
  policies = new Map();
  const deps: Deps = { account: defaultAccount, clock, ids: seededIds(1), cloud };
  sqs = createSqs(deps, { iam: { setResourcePolicy: (arn, document) => policies.set(arn, document) } });
  cloud.register(sqs.service);
  QueueUrl = await createQueue('q');
});

describe('a message', () => {
  it('is told with the digests and times that clients look at', async () => {
    const sent = await send('hällo');
    expect(sent.MD5OfMessageBody).toBe(createHash('md5').update('hällo').digest('hex'));
    await clock.advance(1500);
    const [message] = await receive();
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'hällo',
      MD5OfBody: sent.MD5OfMessageBody,
      Attributes: {
        SenderId: '000000000000',
        SentTimestamp: String(clock.now() - 1500),
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: String(clock.now()),
      },
    });
  });

  it('is invisible after its receive, and comes back when the visibility timeout has passed', async () => {
    await send('a');
    const [first] = await receive();
    expect(await bodies()).toEqual([]);
    await clock.advance(29_999);
    expect(await bodies()).toEqual([]);
    await clock.advance(1);
    const [second] = await receive();
    expect(second?.Attributes.ApproximateReceiveCount).toBe('2');
    expect(second?.Attributes.ApproximateFirstReceiveTimestamp).toBe(
      first?.Attributes.ApproximateFirstReceiveTimestamp,
    );
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  });

  it('is gone once it is deleted', async () => {
    await send('a');
    const [message] = await receive();
    await call('DeleteMessage', { ReceiptHandle: message?.ReceiptHandle });
    await call('DeleteMessage', { ReceiptHandle: message?.ReceiptHandle });
    await clock.advance(60_000);
    expect(await bodies()).toEqual([]);
  });

  it('is not deleted by the handle of an earlier receive', async () => {
    await send('a');
    const [first] = await receive();
    await clock.advance(30_000);
    await receive();
    await call('DeleteMessage', { ReceiptHandle: first?.ReceiptHandle });
    await clock.advance(30_000);
    expect(await bodies()).toEqual(['a']);
  });

  it('can be hidden longer, or be given back at once', async () => {
    await send('a');
    const [first] = await receive();
    await call('ChangeMessageVisibility', { ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 120 });
    await clock.advance(119_999);
    expect(await bodies()).toEqual([]);
    await clock.advance(1);
    const [second] = await receive();
    await call('ChangeMessageVisibility', { ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 });
    expect(await bodies()).toEqual(['a']);
  });

  it('can be hidden and given back by the handle of any receive, also when it is visible again', async () => {
    await send('a');
    const [first] = await receive({ VisibilityTimeout: 1 });
    const change = (VisibilityTimeout: number) =>
      call('ChangeMessageVisibility', { ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout });
    await clock.advance(1000);
    await change(5);
    expect(await bodies()).toEqual([]);
    await clock.advance(5000);
    expect(await bodies()).toEqual(['a']);
    await change(0);
    expect(await bodies()).toEqual(['a']);
  });

  it('cannot be hidden for more than twelve hours, or once it is deleted', async () => {
    await send('a');
    const [message] = await receive();
    const change = (VisibilityTimeout: number) =>
      call('ChangeMessageVisibility', { ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout });
    await clock.advance(1000);
    await expect(change(43_200)).rejects.toThrow(
      'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
    );
    await expect(change(43_201)).rejects.toThrow('Must be between 0 and 43200');
    await change(43_199);
    await call('DeleteMessage', { ReceiptHandle: message?.ReceiptHandle });
    await expect(change(5)).rejects.toThrow(
      'Message does not exist or is not available for visibility timeout change.',
    );
  });

  it('waits for its delay, or for the delay of the queue', async () => {
    await send('own', { DelaySeconds: 5 });
    await call('SetQueueAttributes', { Attributes: { DelaySeconds: '10' } });
    await send('queue');
    await send('none', { DelaySeconds: 0 });
    expect(await bodies()).toEqual(['none']);
    await clock.advance(5000);
    expect(await bodies()).toEqual(['own']);
    await clock.advance(5000);
    expect(await bodies()).toEqual(['queue']);
  });

  it('is dropped when its retention is over', async () => {
    await call('SetQueueAttributes', { Attributes: { MessageRetentionPeriod: '60' } });
    await send('a');
    await clock.advance(30_000);
    await send('b');
    await clock.advance(30_000);
    expect(await bodies()).toEqual(['b']);
  });

  it('carries the attributes that the receiver asks for, with their digest', async () => {
    const MessageAttributes = {
      'app.name': { DataType: 'String', StringValue: 'x' },
      count: { DataType: 'Number', StringValue: '1' },
      bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) },
    };
    await send('a', { MessageAttributes });
    for (const every of ['All', '*', '.*']) {
      const [all] = await receive({ MessageAttributeNames: [every], VisibilityTimeout: 0 });
      expect(all?.MessageAttributes).toEqual(MessageAttributes);
    }
    const [some] = await receive({ MessageAttributeNames: ['app.*'], VisibilityTimeout: 0 });
    expect(some?.MessageAttributes).toEqual({ 'app.name': MessageAttributes['app.name'] });
    const [none] = await receive();
    expect(none?.MessageAttributes).toBeUndefined();
  });

  it('carries the group of a fair queue', async () => {
    await send('a', { MessageGroupId: 'tenant-1' });
    expect((await receive())[0]?.Attributes.MessageGroupId).toBe('tenant-1');
    for (const MessageGroupId of ['', 'tenant 1', 'x'.repeat(129)]) {
      await expect(send('a', { MessageGroupId })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    }
  });

  it('can name attributes in any script, but not have control characters in their values', async () => {
    const attribute = (name: string, StringValue: string) =>
      send('a', { MessageAttributes: { [name]: { DataType: 'String', StringValue } } });
    await attribute('größe.1', 'x');
    await expect(attribute('size', 'a\u0008')).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });

  it('has the digest of attributes that AWS computes', async () => {
    const MessageAttributes = { timestamp: { DataType: 'Number', StringValue: '1493147359900' } };
    const sent = await send('a', { MessageAttributes });
    expect(sent.MD5OfMessageAttributes).toBe('235c5c510d26fb653d073faed50ae77c');
  });

  it.each<[string, object, string]>([
    ['without a body', { MessageBody: undefined }, 'MissingRequiredParameterException'],
    ['with characters that XML has not', { MessageBody: 'a\u0000' }, 'InvalidMessageContents'],
    ['with half a character', { MessageBody: '\ud800' }, 'InvalidMessageContents'],
    ['over a mebibyte', { MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValueException'],
    ['with a delay over 15 minutes', { DelaySeconds: 901 }, 'InvalidParameterValueException'],
    [
      'with an attribute without type',
      { MessageAttributes: { a: { StringValue: 'x' } } },
      'InvalidParameterValueException',
    ],
    [
      'with an empty attribute',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValueException',
    ],
    ['with a FIFO member', { MessageDeduplicationId: 'x' }, 'UnsupportedOperation'],
  ])('is refused %s', async (_name, more, code) => {
    await expect(send('a', more)).rejects.toMatchObject({ code });
  });
});

describe('a long poll', () => {
  it('answers when a message is sent', async () => {
    const waiting = bodies({ WaitTimeSeconds: 20 });
    await clock.advance(3000);
    await send('a');
    expect(await waiting).toEqual(['a']);
    expect(clock.nextAt()).toBeUndefined();
  });

  it('answers when a message becomes visible', async () => {
    await send('a', { DelaySeconds: 7 });
    const waiting = bodies({ WaitTimeSeconds: 20 });
    const started = clock.now();
    let answeredAt = 0;
    void waiting.then(() => {
      answeredAt = clock.now();
    });
    await clock.advance(20_000);
    expect(await waiting).toEqual(['a']);
    expect(answeredAt - started).toBe(7000);
  });

  it('answers empty when its time is over', async () => {
    const waiting = bodies({ WaitTimeSeconds: 20 });
    await clock.advance(20_000);
    expect(await waiting).toEqual([]);
    expect(clock.nextAt()).toBeUndefined();
  });

  it('takes its time from the queue when the request has none', async () => {
    await call('SetQueueAttributes', { Attributes: { ReceiveMessageWaitTimeSeconds: '5' } });
    const waiting = bodies();
    await clock.advance(4000);
    await send('a');
    expect(await waiting).toEqual(['a']);
  });

  it('gives one message to one receiver, in the order they came', async () => {
    const [first, second] = [bodies({ WaitTimeSeconds: 20 }), bodies({ WaitTimeSeconds: 20 })];
    await drain();
    await send('a');
    await send('b');
    expect(await Promise.all([first, second])).toEqual([['a'], ['b']]);
  });

  it('takes no message for a receiver that has left', async () => {
    const gone = new AbortController();
    const leaving = { ...caller, signal: gone.signal };
    const waiting = call('ReceiveMessage', { WaitTimeSeconds: 20 }, leaving);
    await drain();
    gone.abort();
    await waiting;
    await send('a');
    expect(await bodies()).toEqual(['a']);
  });

  it('ends when the queue is deleted', async () => {
    const waiting = bodies({ WaitTimeSeconds: 20 });
    await drain();
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'QueueDoesNotExist' }), call('DeleteQueue')]);
  });
});

describe('redrive', () => {
  let deadUrl: string;
  beforeEach(async () => {
    deadUrl = await createQueue('dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      maxReceiveCount: '2',
    });
    await call('SetQueueAttributes', { Attributes: { RedrivePolicy } });
  });

  it('is described with a number', async () => {
    expect(JSON.parse((await attributes()).RedrivePolicy)).toMatchObject({ maxReceiveCount: 2 });
  });

  it('moves a message that was received too often', async () => {
    const { MessageId } = await send('a');
    for (let i = 0; i < 2; i++) {
      expect(await bodies()).toEqual(['a']);
      await clock.advance(30_000);
    }
    expect(await bodies()).toEqual([]);
    const [dead] = await receive({ QueueUrl: deadUrl });
    const Attributes = { DeadLetterQueueSourceArn: queueArn, ApproximateReceiveCount: '3' };
    expect(dead).toMatchObject({ MessageId, Body: 'a', Attributes });
  });

  it('wakes who waits at the dead-letter queue', async () => {
    await send('a');
    const waiting = bodies({ QueueUrl: deadUrl, WaitTimeSeconds: 20 });
    for (let i = 0; i < 3; i++) await receive({ VisibilityTimeout: 0 });
    expect(await waiting).toEqual(['a']);
  });

  it('takes tags, and says what is wrong with them', async () => {
    const tags = (Tags: Record<string, string>) => call('TagQueue', { QueueUrl, Tags });
    await expect(tags({})).rejects.toThrow('The request must contain the parameter Tags.');
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, 'v']));
    await expect(tags(many)).rejects.toThrow(/Too many tags added for queue/);
    await expect(call('UntagQueue', { QueueUrl, TagKeys: [] })).rejects.toThrow(/between 1 and 128 characters/);
    expect(await call('ListQueueTags', { QueueUrl })).toEqual({});
  });

  it('keeps delivering when the dead-letter queue is gone', async () => {
    await call('DeleteQueue', { QueueUrl: deadUrl });
    await send('a');
    for (let i = 0; i < 3; i++) expect(await bodies({ VisibilityTimeout: 0 })).toEqual(['a']);
  });

  it.each<[string, string]>([
    ['a queue that is not there', JSON.stringify({ deadLetterTargetArn: `${queueArn}x`, maxReceiveCount: 1 })],
    ['a count out of range', JSON.stringify({ deadLetterTargetArn: queueArn, maxReceiveCount: 1001 })],
    ['no count', JSON.stringify({ deadLetterTargetArn: queueArn })],
    ['no JSON', '{'],
  ])('refuses %s', async (_name, RedrivePolicy) => {
    await expect(call('SetQueueAttributes', { Attributes: { RedrivePolicy } })).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: expect.stringMatching(/^Value .* for parameter RedrivePolicy is invalid\. Reason: /),
    });
  });
});

describe('encryption', () => {
  const set = async (Attributes: Record<string, string>) => {
    await call('SetQueueAttributes', { Attributes });
    const { KmsMasterKeyId, KmsDataKeyReusePeriodSeconds, SqsManagedSseEnabled } = await attributes();
    return [KmsMasterKeyId, KmsDataKeyReusePeriodSeconds, SqsManagedSseEnabled];
  };

  it('is of one kind', async () => {
    expect(await set({ KmsMasterKeyId: 'k', KmsDataKeyReusePeriodSeconds: '60' })).toEqual(['k', '60', 'false']);
    const none = { KmsMasterKeyId: '', KmsDataKeyReusePeriodSeconds: '300' };
    expect(await set(none)).toEqual([undefined, undefined, 'false']);
    await expect(set({ KmsMasterKeyId: 'k', SqsManagedSseEnabled: 'true' })).rejects.toMatchObject({
      code: 'InvalidAttributeName',
      message: expect.stringContaining('one type of server-side encryption (SSE) at one time'),
    });
    await set({ KmsMasterKeyId: 'k' });
    expect(await set({ SqsManagedSseEnabled: 'true' })).toEqual([undefined, undefined, 'true']);
  });
});

describe('batches', () => {
  it('say in other words that an entry is too long', async () => {
    await call('SetQueueAttributes', { Attributes: { MaximumMessageSize: '1024' } });
    const MessageBody = 'x'.repeat(1025);
    const { Failed } = await call('SendMessageBatch', { Entries: [{ Id: 'a', MessageBody }] });
    const reason = 'Reason: Message must be shorter than 1024 bytes.';
    expect(Failed).toMatchObject([{ Message: `One or more parameters cannot be validated. ${reason}` }]);
    await expect(call('SendMessage', { MessageBody })).rejects.toThrow(`One or more parameters are invalid. ${reason}`);
  });

  it('tell each entry its own result', async () => {
    const result = await call('SendMessageBatch', {
      Entries: [
        { Id: 'a', MessageBody: 'A' },
        { Id: 'b', MessageBody: '' },
      ],
    });
    expect(result.Successful).toMatchObject([{ Id: 'a', MessageId: expect.any(String) }]);
    expect(result.Failed).toMatchObject([{ Id: 'b', SenderFault: true, Code: 'MissingParameter' }]);
  });

  it('delete and hide', async () => {
    for (const body of ['a', 'b', 'c']) await send(body);
    const [a, b, c] = await receive();
    const ReceiptHandle = (message?: Received) => ({ ReceiptHandle: message?.ReceiptHandle });
    const deleted = await call('DeleteMessageBatch', {
      Entries: [
        { Id: '1', ...ReceiptHandle(a) },
        { Id: '2', ReceiptHandle: 'nonsense' },
      ],
    });
    expect(deleted).toMatchObject({ Successful: [{ Id: '1' }], Failed: [{ Id: '2', Code: 'ReceiptHandleIsInvalid' }] });
    await call('ChangeMessageVisibilityBatch', {
      Entries: [
        { Id: '1', VisibilityTimeout: 0, ...ReceiptHandle(b) },
        { Id: '2', VisibilityTimeout: 60, ...ReceiptHandle(c) },
      ],
    });
    expect(await bodies()).toEqual(['b']);
    await clock.advance(30_000);
    expect(await bodies()).toEqual(['b']);
  });

  it.each<[string, object[], string]>([
    ['nothing', [], 'EmptyBatchRequest'],
    [
      'eleven',
      Array.from({ length: 11 }, (_, i) => ({ Id: `${i}`, MessageBody: 'x' })),
      'TooManyEntriesInBatchRequest',
    ],
    [
      'an id twice',
      [
        { Id: 'a', MessageBody: 'x' },
        { Id: 'a', MessageBody: 'x' },
      ],
      'BatchEntryIdsNotDistinct',
    ],
    ['a bad id', [{ Id: 'a b', MessageBody: 'x' }], 'InvalidBatchEntryId'],
    ['over a mebibyte', ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })), 'BatchRequestTooLong'],
  ])('refuse %s', async (_name, Entries, code) => {
    await expect(call('SendMessageBatch', { Entries })).rejects.toMatchObject({ code });
    expect(await bodies()).toEqual([]);
  });
});

describe('a queue', () => {
  it('counts its messages and tells its settings', async () => {
    for (const body of ['a', 'b', 'c']) await send(body);
    await send('d', { DelaySeconds: 60 });
    await receive({ MaxNumberOfMessages: 1 });
    expect(await attributes()).toEqual({
      QueueArn: queueArn,
      ApproximateNumberOfMessages: '2',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      CreatedTimestamp: '1767225600',
      LastModifiedTimestamp: '1767225600',
      DelaySeconds: '0',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      ReceiveMessageWaitTimeSeconds: '0',
      VisibilityTimeout: '30',
      SqsManagedSseEnabled: 'true',
    });
  });

  it('is found again by its name, host and port of the URL aside', async () => {
    expect(await cloud.call('sqs', 'GetQueueUrl', { QueueName: 'q' }, caller)).toEqual({ QueueUrl });
    await call('SendMessage', { QueueUrl: 'http://localhost:1/000000000000/q', MessageBody: 'a' });
    expect(await bodies()).toEqual(['a']);
  });

  it('is made once: again with the same settings is the same, with others an error', async () => {
    expect(await createQueue('q', { VisibilityTimeout: '30' })).toBe(QueueUrl);
    await expect(createQueue('q', { VisibilityTimeout: '31' })).rejects.toMatchObject({
      code: 'QueueNameExists',
      message: 'A queue already exists with the same name and a different value for attribute VisibilityTimeout',
    });
  });

  it('keeps its name for a minute after it is deleted', async () => {
    await call('DeleteQueue');
    await expect(send('a')).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
    });
    await expect(createQueue('q')).rejects.toMatchObject({ code: 'QueueDeletedRecently' });
    await clock.advance(60_000);
    await createQueue('q');
  });

  it('is purged at most once a minute', async () => {
    await send('a');
    await call('PurgeQueue');
    expect(await bodies()).toEqual([]);
    await expect(call('PurgeQueue')).rejects.toMatchObject({ code: 'PurgeQueueInProgress', status: 403 });
    await clock.advance(60_000);
    await call('PurgeQueue');
  });

  it('gives its policy to IAM and takes it back', async () => {
    await call('SetQueueAttributes', { Attributes: { Policy: '{}' } });
    expect(policies.get(queueArn)).toBe('{}');
    expect(await attributes()).toMatchObject({ Policy: '{}' });
    await call('SetQueueAttributes', { Attributes: { Policy: '' } });
    expect(policies.get(queueArn)).toBeUndefined();
    expect(await attributes()).not.toHaveProperty('Policy');
  });

  it.each<[object, string]>([
    [{ VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
    [{ DelaySeconds: 'x' }, 'InvalidAttributeValue'],
    [{ Visibility: '1' }, 'InvalidAttributeName'],
    [{ FifoQueue: 'true' }, 'InvalidAttributeName'],
    [{ FifoThroughputLimit: 'perQueue' }, 'InvalidAttributeName'],
  ])('refuses %j', async (Attributes, code) => {
    await expect(call('SetQueueAttributes', { Attributes })).rejects.toMatchObject({ code });
  });

  it.each<[string, object, string]>([
    ['f.fifo', { FifoQueue: 'true' }, 'UnsupportedOperation'],
    ['f', { FifoQueue: 'true' }, 'UnsupportedOperation'],
    ['f', { FifoQueue: 'false' }, 'InvalidAttributeName'],
  ])('cannot be made as %s with %j', async (name, Attributes, code) => {
    await expect(createQueue(name, Attributes)).rejects.toMatchObject({ code });
  });

  it('is found by its name in the place of its URL', async () => {
    await call('SendMessage', { QueueUrl: 'q', MessageBody: 'a' });
    expect(await bodies()).toEqual(['a']);
  });

  it('is listed by prefix, in pages when asked', async () => {
    for (const name of ['p1', 'p2', 'p3']) await createQueue(name);
    const first = await call('ListQueues', { QueueNamePrefix: 'p', MaxResults: 2 });
    const second = await call('ListQueues', { QueueNamePrefix: 'p', MaxResults: 2, NextToken: first.NextToken });
    expect([...first.QueueUrls, ...second.QueueUrls].map((url: string) => url.slice(-2))).toEqual(['p1', 'p2', 'p3']);
    expect(second.NextToken).toBeUndefined();
  });

  it('asks for the single action also for batches', () => {
    const ask = (operation: string) => sqs.service.operations[operation]?.permissions?.({ QueueUrl });
    expect(ask('SendMessageBatch')).toEqual([{ action: 'sqs:SendMessage', resource: queueArn }]);
    expect(ask('DeleteMessageBatch')).toEqual([{ action: 'sqs:DeleteMessage', resource: queueArn }]);
    expect(ask('ChangeMessageVisibilityBatch')).toEqual([
      { action: 'sqs:ChangeMessageVisibility', resource: queueArn },
    ]);
  });
});

describe('a poll of the simulation', () => {
  it('more than ten messages come at once, with all attributes', async () => {
    for (let i = 0; i < 12; i++) await send(String(i));
    const messages = await sqs.poll(queueArn, { maxNumberOfMessages: 100 }, caller);
    expect(messages).toHaveLength(12);
    expect(messages[0]?.Attributes).toHaveProperty('ApproximateReceiveCount', '1');
  });

  it('the caller needs the permission to receive', async () => {
    cloud.authorizeWith((_caller, { action, resource }) => {
      throw new Error(`${action} ${resource}`);
    });
    await expect(sqs.poll(queueArn, { maxNumberOfMessages: 1 }, caller)).rejects.toThrow(
      `sqs:ReceiveMessage ${queueArn}`,
    );
  });

  it('nothing is scheduled while nobody waits', async () => {
    await send('a', { DelaySeconds: 60 });
    await send('b');
    await receive();
    expect(clock.nextAt()).toBeUndefined();
  });
});
