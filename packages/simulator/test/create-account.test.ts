import { expect, it } from 'vitest';
import { accountInMemory } from './cloudformation/account.ts';

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:q';

it('does nothing any more once it is stopped', async () => {
  const { call, clock, stop } = accountInMemory();
  const { QueueUrl } = await call('sqs', 'CreateQueue', { QueueName: 'q' });
  const policy = { Statement: { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: QUEUE_ARN } };
  await call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: JSON.stringify(policy) } });
  const rule = { Name: 'r', ScheduleExpression: 'rate(1 minute)', EventPattern: '{"source":["mine"]}' };
  await call('events', 'PutRule', rule);
  await call('events', 'PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: QUEUE_ARN }] });
  const put = () => call('events', 'PutEvents', { Entries: [{ Source: 'mine', DetailType: 'd', Detail: '{}' }] });
  const received = async () => (await call('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })).Messages;

  await put();
  await clock.advance(60_000);
  expect(await received()).toHaveLength(2);
  await put();
  await stop();
  await put();
  expect(clock.nextAt()).toBeUndefined();
});
