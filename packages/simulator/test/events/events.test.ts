import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { Cloud, type Deps, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import type { DeliveryFailure, DeliveryOptions } from '../../src/events/delivery.ts';
import { createEvents, type Events } from '../../src/events/events.ts';
import { createIam } from '../../src/iam/iam.ts';
import { createSqs } from '../../src/sqs/sqs.ts';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:q';
const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/r';
const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/q';
const created = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { object: { key: 'a/b.tar.gz', size: 3 } },
};
const pattern = JSON.stringify({ source: ['aws.s3'] });

let clock: VirtualClock;
let cloud: Cloud;
let events: Events;
let failures: DeliveryFailure[];
const call = (service: string, operation: string, input: object) =>
  cloud.call(service, operation, input, root(defaultAccount));
const ev = (operation: string, input: object) => call('events', operation, input);

async function start(options: DeliveryOptions = {}): Promise<void> {
  clock = new VirtualClock();
  cloud = new Cloud();
  failures = [];
  const deps: Deps = { account: defaultAccount, clock, ids: seededIds(1), cloud };
  const iam = createIam(deps);
  const sqs = createSqs(deps, { iam });
  events = createEvents(deps, { onDeliveryFailure: (failure) => failures.push(failure), ...options });
  for (const { service } of [iam, sqs, events]) cloud.register(service);
  await call('sqs', 'CreateQueue', { QueueName: 'q', Attributes: { Policy: policyFor(queueArn) } });
}

function policyFor(arn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: arn,
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
      },
    ],
  });
}

async function received(url = QueueUrl) {
  const { Messages } = await call('sqs', 'ReceiveMessage', {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ['All'],
  });
  return (Messages ?? []) as { Body: string; MessageAttributes?: Record<string, { StringValue: string }> }[];
}

async function ruleToQueue(target: object = {}, rule: object = { EventPattern: pattern }): Promise<void> {
  await ev('PutRule', { Name: 'r', ...rule });
  await ev('PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: queueArn, ...target }] });
}

beforeEach(() => start());

describe('an event', () => {
  it('reaches the queue complete, after the call that published it', async () => {
    await ruleToQueue();
    const id = events.publish({ ...created, resources: ['arn:aws:s3:::b'] });
    expect(await received()).toEqual([]);
    await clock.advance(0);
    const [message] = await received();
    expect(JSON.parse(message?.Body ?? '')).toEqual({
      version: '0',
      id,
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '000000000000',
      time: '2026-01-01T00:00:00Z',
      region: 'us-east-1',
      resources: ['arn:aws:s3:::b'],
      detail: created.detail,
    });
  });

  it('goes to rules that match and are enabled, once per target', async () => {
    await ruleToQueue();
    await ev('PutTargets', { Rule: 'r', Targets: [{ Id: 'second', Arn: queueArn, Input: '"x"' }] });
    events.publish({ ...created, source: 'aws.other' });
    events.publish(created);
    await ev('DisableRule', { Name: 'r' });
    events.publish(created);
    await clock.advance(0);
    expect(await received()).toHaveLength(2);
  });

  it('is sent for the rule, which the policy of the queue must name', async () => {
    await ev('PutRule', { Name: 'other', EventPattern: pattern });
    await ev('PutTargets', { Rule: 'other', Targets: [{ Id: 't', Arn: queueArn }] });
    events.publish(created);
    await clock.advance(0);
    expect(await received()).toEqual([]);
    expect(failures).toMatchObject([
      {
        ruleArn: 'arn:aws:events:us-east-1:000000000000:rule/other',
        error: { code: 'AccessDeniedException' },
        deadLettered: false,
      },
    ]);
  });

  it('goes to the dead-letter queue of a target that refuses it', async () => {
    const deadArn = 'arn:aws:sqs:us-east-1:000000000000:dead';
    const { QueueUrl: deadUrl } = await call('sqs', 'CreateQueue', {
      QueueName: 'dead',
      Attributes: { Policy: policyFor(deadArn) },
    });
    await ruleToQueue({ Arn: `${queueArn}-gone`, DeadLetterConfig: { Arn: deadArn } });
    events.publish(created);
    await clock.advance(0);
    const [message] = await received(deadUrl);
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ source: 'aws.s3' });
    expect(message?.MessageAttributes?.RULE_ARN?.StringValue).toBe(ruleArn);
    expect(failures).toMatchObject([{ deadLettered: true }]);
  });

  it('can be late, doubled or lost, as the plan says', async () => {
    const plans = [[1000], [0, 5], []];
    await start({ plan: () => plans.shift() ?? [0] });
    await ruleToQueue({ InputPath: '$.detail.n' });
    for (const n of [1, 2, 3]) events.publish({ ...created, detail: { n } });
    await clock.advance(10);
    expect((await received()).map(({ Body }) => Body)).toEqual(['2', '2']);
    await clock.advance(1000);
    expect((await received()).map(({ Body }) => Body)).toEqual(['1']);
  });
});

describe('the input of a target', () => {
  it.each<[string, object, string]>([
    ['Input', { Input: '{"fixed":true}' }, '{"fixed":true}'],
    ['InputPath', { InputPath: '$.detail.object' }, '{"key":"a/b.tar.gz","size":3}'],
    ['InputPath with dashes', { InputPath: "$['detail-type']" }, '"Object Created"'],
    ['InputPath with an index', { InputPath: '$.resources[0]' }, '"arn:aws:s3:::b"'],
    [
      'a template of JSON',
      {
        InputTransformer: {
          InputPathsMap: { key: '$.detail.object.key', size: '$.detail.object.size', object: '$.detail.object' },
          InputTemplate: '{"text":"<key> has <size> bytes: <object>","key":<key>,"size":<size>,"object":<object>}',
        },
      },
      '{"text":"a/b.tar.gz has 3 bytes: {\\"key\\":\\"a/b.tar.gz\\",\\"size\\":3}",' +
        '"key":"a/b.tar.gz","size":3,"object":{"key":"a/b.tar.gz","size":3}}',
    ],
    [
      'a template of text',
      { InputTransformer: { InputPathsMap: { key: '$.detail.object.key' }, InputTemplate: '"new: <key>"' } },
      '"new: a/b.tar.gz"',
    ],
    [
      'a template with names of the rule',
      { InputTransformer: { InputTemplate: '{"rule":"<aws.events.rule-name>","arn":<aws.events.rule-arn>}' } },
      `{"rule":"r","arn":"${ruleArn}"}`,
    ],
    [
      'a template with a path that finds nothing',
      { InputTransformer: { InputPathsMap: { x: '$.detail.x' }, InputTemplate: '{"in":"-<x>-"}' } },
      '{"in":"--"}',
    ],
  ])('%s', async (_name, target, expected) => {
    await ruleToQueue(target);
    events.publish({ ...created, resources: ['arn:aws:s3:::b'] });
    await clock.advance(0);
    expect((await received()).map(({ Body }) => Body)).toEqual([expected]);
  });

  it.each<[string, object, RegExp]>([
    ['two inputs', { Input: '"a"', InputPath: '$' }, /Only one of Input, InputPath, or InputTransformer/],
    ['an input that is no JSON', { Input: 'a' }, /JSON syntax error/],
    ['a path that is none', { InputPath: 'detail' }, /Invalid JSONPath/],
    ['a placeholder without a path', { InputTransformer: { InputTemplate: '"<a>"' } }, /<a> is not defined/],
    ['a template that is no JSON', { InputTransformer: { InputTemplate: '{"a":' } }, /Invalid InputTemplate/],
    [
      'a target that is no queue',
      { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:f' },
      /does not simulate the target/,
    ],
  ])('%s is refused', async (_name, target, message) => {
    await expect(ruleToQueue(target)).rejects.toThrow(message);
  });
});

describe('a schedule', () => {
  it('fires after each interval, for its own rule, until it is switched off', async () => {
    await ruleToQueue({}, { ScheduleExpression: 'rate(1 hour)' });
    await clock.advance(3_599_999);
    expect(await received()).toEqual([]);
    await clock.advance(3_600_001);
    const bodies = (await received()).map(({ Body }) => JSON.parse(Body));
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: [ruleArn],
      detail: {},
    });
    await ev('DisableRule', { Name: 'r' });
    expect(clock.nextAt()).toBeUndefined();
    await ev('EnableRule', { Name: 'r' });
    await clock.advance(3_600_000);
    expect((await received()).length).toBeGreaterThan(0);
  });

  it.each(['rate(1 hours)', 'rate(2 hour)', 'rate(0 hours)', 'rate(5)', 'every hour'])(
    '%s is refused',
    async (expression) => {
      await expect(ev('PutRule', { Name: 'r', ScheduleExpression: expression })).rejects.toThrow(
        'Parameter ScheduleExpression is not valid.',
      );
    },
  );

  it('of type cron is refused as not simulated', async () => {
    await expect(ev('PutRule', { Name: 'r', ScheduleExpression: 'cron(0 12 * * ? *)' })).rejects.toThrow(
      /does not simulate cron/,
    );
  });
});

describe('PutEvents', () => {
  it('delivers valid entries and reports the errors of the others', async () => {
    await ruleToQueue({}, { EventPattern: JSON.stringify({ source: ['app'] }) });
    const good = { Source: 'app', DetailType: 't', Detail: '{"a":1}', Time: new Date(0) };
    const result = await ev('PutEvents', {
      Entries: [
        good,
        { ...good, Source: undefined },
        { ...good, Detail: '[]' },
        { ...good, Source: 'aws.s3' },
        { ...good, EventBusName: 'other' },
      ],
    });
    expect(result.FailedEntryCount).toBe(4);
    expect(result.Entries).toMatchObject([
      { EventId: expect.any(String) },
      {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
      },
      { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
      { ErrorCode: 'NotAuthorizedForSourceException' },
      { ErrorCode: 'ResourceNotFoundException' },
    ]);
    await clock.advance(0);
    expect((await received()).map(({ Body }) => JSON.parse(Body))).toMatchObject([{ time: '1970-01-01T00:00:00Z' }]);
  });
});

describe('rules', () => {
  it('are described, listed and deleted once they have no targets', async () => {
    await ruleToQueue({ Input: '"x"' });
    expect(await ev('DescribeRule', { Name: 'r' })).toMatchObject({
      Arn: ruleArn,
      State: 'ENABLED',
      EventPattern: pattern,
      CreatedBy: '000000000000',
    });
    expect(await ev('ListTargetsByRule', { Rule: 'r' })).toEqual({
      Targets: [{ Id: 't', Arn: queueArn, Input: '"x"' }],
    });
    expect(await ev('ListRuleNamesByTarget', { TargetArn: queueArn })).toEqual({ RuleNames: ['r'] });
    expect(await ev('ListRuleNamesByTarget', { TargetArn: `${queueArn}x` })).toEqual({ RuleNames: [] });
    await expect(ev('DeleteRule', { Name: 'r' })).rejects.toThrow("Rule can't be deleted since it has targets.");
    expect(await ev('RemoveTargets', { Rule: 'r', Ids: ['t', 'x'] })).toMatchObject({ FailedEntryCount: 1 });
    await ev('DeleteRule', { Name: 'r' });
    expect(await ev('ListRules', {})).toEqual({ Rules: [] });
    await expect(ev('DescribeRule', { Name: 'r' })).rejects.toThrow('Rule r does not exist on EventBus default.');
    await ev('DeleteRule', { Name: 'r' });
  });

  it('are tried on an event without being put', async () => {
    const event = { id: '1', account: '1', source: 'a', time: '', region: '', 'detail-type': 't' };
    const tried = (EventPattern: string, Event: string) => ev('TestEventPattern', { EventPattern, Event });
    expect(await tried('{"source":["a"]}', JSON.stringify(event))).toEqual({ Result: true });
    expect(await tried('{"source":["b"]}', JSON.stringify(event))).toEqual({ Result: false });
    const { region: _, ...without } = event;
    for (const bad of [JSON.stringify(without), '[]', '{']) {
      await expect(tried('{"source":["a"]}', bad)).rejects.toMatchObject({ code: 'ValidationException' });
    }
  });

  it('keep their targets when they are put again', async () => {
    await ruleToQueue();
    await ev('PutRule', { Name: 'r', EventPattern: JSON.stringify({ source: ['new'] }) });
    events.publish({ ...created, source: 'new' });
    await clock.advance(0);
    expect(await received()).toHaveLength(1);
  });

  it('are refused with a bad pattern, and nothing changes', async () => {
    await ruleToQueue();
    await expect(ev('PutRule', { Name: 'r', EventPattern: '{"a":"b"}' })).rejects.toMatchObject({
      code: 'InvalidEventPatternException',
      message: 'Event pattern is not valid. Reason: "a" must be an object or an array',
    });
    expect(await ev('DescribeRule', { Name: 'r' })).toMatchObject({ EventPattern: pattern });
  });
});
