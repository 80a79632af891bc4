import { compilePattern } from '@freshpoint/simulator/events/event-pattern';
import { Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Bucket, EventType, type NotificationKeyFilter } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { eventPattern, SUPPORTED_EVENT_TYPES, stateChangePattern } from '../src/private/event-pattern';
import { newApp, newStack } from './support/apps.ts';
import { Match, newBucket, newEndpoint, propertiesOf, resourcesOf, Template } from './support/stacks.ts';

const UNSUPPORTED = [
  EventType.REDUCED_REDUNDANCY_LOST_OBJECT,
  EventType.REPLICATION,
  EventType.REPLICATION_OPERATION_FAILED_REPLICATION,
  EventType.REPLICATION_OPERATION_MISSED_THRESHOLD,
  EventType.REPLICATION_OPERATION_NOT_TRACKED,
  EventType.REPLICATION_OPERATION_REPLICATED_AFTER_THRESHOLD,
];

/** Whether a key matches the pattern that the template has for these filters. */
function matcher(...keyFilters: NotificationKeyFilter[]): (key: string) => boolean {
  const stack = newStack();
  const modelsBucket = Bucket.fromBucketName(stack, 'Imported', 'models');
  newEndpoint(stack, { modelsBucket, bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters }] });
  const { $or: patterns } = propertiesOf(stack, 'AWS::Events::Rule').EventPattern as { $or: unknown[] };
  const matches = compilePattern(patterns[0]);
  return (key) => matches(created(key));
}

function created(key: string, detail: object = {}, detailType = 'Object Created'): object {
  const bucket = { name: 'models' };
  return {
    source: 'aws.s3',
    'detail-type': detailType,
    detail: { bucket, object: { key }, reason: 'PutObject', ...detail },
  };
}

describe('a key filter matches', () => {
  test('all keys of the bucket, and of no other, if there are none', () => {
    expect(matcher()('anything')).toBe(true);
    const matches = compilePattern(eventPattern('models', { eventType: EventType.OBJECT_CREATED }));
    expect(matches(created('k', { bucket: { name: 'other' } }))).toBe(false);
  });

  test.each<[string, NotificationKeyFilter[], string[], string[]]>([
    ['a prefix', [{ prefix: 'a/' }], ['a/', 'a/x'], ['b/a/', 'a']],
    ['a suffix', [{ suffix: '.gz' }], ['.gz', 'a.gz'], ['a.gz.old', 'gz']],
    [
      'a prefix and a suffix in one filter',
      [{ prefix: 'a/', suffix: '.gz' }],
      ['a/.gz', 'a/b/c.gz'],
      ['a/x', 'x.gz', 'b/a/x.gz'],
    ],
    ['a prefix and a suffix in two filters', [{ prefix: 'a/' }, { suffix: '.gz' }], ['a/x.gz'], ['a/x', 'x.gz']],
    [
      'a prefix and a suffix that overlap',
      [{ prefix: 'a/m.tar.gz', suffix: '.tar.gz' }],
      ['a/m.tar.gz', 'a/m.tar.gz.tar.gz'],
      ['a/m.tar.gz.old', 'a/m.tar', 'b.tar.gz'],
    ],
    ['equal prefix and suffix', [{ prefix: 'aa', suffix: 'aa' }], ['aa', 'aaa', 'aaxaa'], ['a', 'aax']],
    [
      'characters with a meaning in wildcards',
      [{ prefix: 'a*\\', suffix: '*.gz' }],
      ['a*\\x*.gz'],
      ['axx*.gz', 'a*\\x.gz'],
    ],
    ['an empty prefix', [{ prefix: '', suffix: '.gz' }], ['a.gz'], ['a']],
    ['an empty prefix alone', [{ prefix: '' }], ['a.gz'], []],
  ])('%s', (_, filters, pass, fail) => {
    const matches = matcher(...filters);
    for (const key of pass) expect([key, matches(key)]).toEqual([key, true]);
    for (const key of fail) expect([key, matches(key)]).toEqual([key, false]);
  });
});

describe('event types', () => {
  test('of S3 notifications are all either supported or known as unsupported', () => {
    expect([...SUPPORTED_EVENT_TYPES, ...UNSUPPORTED].sort()).toEqual(Object.values(EventType).sort());
  });

  test.each<[EventType, string[], object]>([
    [EventType.OBJECT_CREATED, ['Object Created'], {}],
    [EventType.OBJECT_CREATED_PUT, ['Object Created'], { reason: ['PutObject'] }],
    [EventType.OBJECT_CREATED_POST, ['Object Created'], { reason: ['POST Object'] }],
    [EventType.OBJECT_CREATED_COPY, ['Object Created'], { reason: ['CopyObject'] }],
    [EventType.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD, ['Object Created'], { reason: ['CompleteMultipartUpload'] }],
    [EventType.OBJECT_REMOVED, ['Object Deleted'], { reason: ['DeleteObject'] }],
    [
      EventType.OBJECT_REMOVED_DELETE,
      ['Object Deleted'],
      { reason: ['DeleteObject'], 'deletion-type': ['Permanently Deleted'] },
    ],
    [
      EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED,
      ['Object Deleted'],
      { reason: ['DeleteObject'], 'deletion-type': ['Delete Marker Created'] },
    ],
    [EventType.LIFECYCLE_EXPIRATION, ['Object Deleted'], { reason: ['Lifecycle Expiration'] }],
    [
      EventType.LIFECYCLE_EXPIRATION_DELETE,
      ['Object Deleted'],
      { reason: ['Lifecycle Expiration'], 'deletion-type': ['Permanently Deleted'] },
    ],
    [
      EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED,
      ['Object Deleted'],
      { reason: ['Lifecycle Expiration'], 'deletion-type': ['Delete Marker Created'] },
    ],
    [EventType.OBJECT_RESTORE, ['Object Restore Initiated', 'Object Restore Completed', 'Object Restore Expired'], {}],
    [EventType.OBJECT_RESTORE_POST, ['Object Restore Initiated'], {}],
    [EventType.OBJECT_RESTORE_COMPLETED, ['Object Restore Completed'], {}],
    [EventType.OBJECT_RESTORE_DELETE, ['Object Restore Expired'], {}],
    [EventType.LIFECYCLE_TRANSITION, ['Object Storage Class Changed'], {}],
    [EventType.INTELLIGENT_TIERING, ['Object Access Tier Changed'], {}],
    [EventType.OBJECT_TAGGING, ['Object Tags Added', 'Object Tags Deleted'], {}],
    [EventType.OBJECT_TAGGING_PUT, ['Object Tags Added'], {}],
    [EventType.OBJECT_TAGGING_DELETE, ['Object Tags Deleted'], {}],
    [EventType.OBJECT_ACL_PUT, ['Object ACL Updated'], {}],
  ])('%s has its EventBridge pattern', (eventType, detailType, detail) => {
    expect(eventPattern('models', { eventType })).toEqual({
      source: ['aws.s3'],
      'detail-type': detailType,
      detail: { bucket: { name: ['models'] }, ...detail },
    });
  });
});

describe('the rule of an endpoint', () => {
  const patternsOf = (stack: Stack) =>
    Object.values(resourcesOf(stack, 'AWS::Events::Rule')).map(({ Properties }) => Properties.EventPattern);
  const stateChange = {
    source: ['aws.sagemaker'],
    'detail-type': ['SageMaker Endpoint State Change'],
    detail: { EndpointName: [{ 'Fn::GetAtt': ['IrisEndpoint5676F002', 'EndpointName'] }] },
  };

  test('has a schedule, and a pattern of all bucket events and the endpoint’s state changes', () => {
    const stack = newStack();
    newEndpoint(stack, {
      bucketEvents: [
        { eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'a/' }] },
        { eventType: EventType.OBJECT_REMOVED, keyFilters: [{ prefix: 'b/' }] },
      ],
    });
    expect(propertiesOf(stack, 'AWS::Events::Rule')).toMatchObject({
      ScheduleExpression: 'rate(1 hour)',
      EventPattern: {
        $or: [
          { 'detail-type': ['Object Created'], detail: { object: { key: [{ prefix: 'a/' }] } } },
          { 'detail-type': ['Object Deleted'], detail: { object: { key: [{ prefix: 'b/' }] } } },
          stateChange,
        ],
      },
    });
  });

  test('by default is about created archives, once an hour', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(patternsOf(stack)).toMatchObject([
      {
        $or: [{ 'detail-type': ['Object Created'], detail: { object: { key: [{ suffix: '.tar.gz' }] } } }, stateChange],
      },
    ]);
  });

  test('without bucket events is about state changes only', () => {
    const stack = newStack();
    newEndpoint(stack, { bucketEvents: [] });
    expect(patternsOf(stack)).toMatchObject([stateChange]);
  });

  test.each([
    ['IN_SERVICE', 'iris', true],
    ['FAILED', 'iris', true],
    ['UPDATING', 'iris', false],
    ['ROLLING_BACK', 'iris', false],
    ['IN_SERVICE', 'other', false],
  ])('with status %s of endpoint %s: %s', (EndpointStatus, EndpointName, expected) => {
    const matches = compilePattern(JSON.stringify({ $or: [{ source: ['x'] }, stateChangePattern('iris')] }));
    const detailType = 'SageMaker Endpoint State Change';
    const event = { source: 'aws.sagemaker', 'detail-type': detailType, detail: { EndpointName, EndpointStatus } };
    expect(matches(event)).toBe(expected);
  });

  test('is followed by others if the patterns do not fit, of which only the first has a schedule', () => {
    const stack = newStack();
    newEndpoint(stack, {
      bucketEvents: Array.from({ length: 5 }, (_, n) => ({
        eventType: EventType.OBJECT_CREATED,
        keyFilters: [{ prefix: `${'p'.repeat(700)}${n}` }],
      })),
    });
    const rules = Object.values(resourcesOf(stack, 'AWS::Events::Rule')).map(({ Properties }) => Properties);
    expect(rules.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(['rate(1 hour)', undefined, undefined]);
    expect(rules.flatMap(({ EventPattern }) => (EventPattern as { $or: object[] }).$or)).toHaveLength(6);
    for (const { EventPattern } of rules) expect(JSON.stringify(EventPattern).length).toBeLessThanOrEqual(2048);
  });
});

describe('EventBridge delivery', () => {
  test('is enabled once for several endpoints with the same bucket of the app', () => {
    const stack = newStack();
    for (const endpointName of ['one', 'two']) {
      newEndpoint(
        stack,
        {
          endpoint: { endpointName },
          bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'models/' }] }],
        },
        endpointName,
      );
    }
    const template = Template.fromStack(stack);
    template.resourceCountIs('Custom::S3BucketNotifications', 1);
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('EventBridge delivery'));
  });

  test('keeps other notifications of the bucket', () => {
    const stack = newStack();
    const bucket = newBucket(stack);
    newEndpoint(stack);
    bucket.addEventNotification(EventType.OBJECT_CREATED, {
      bind: () => ({ arn: 'arn:aws:sns:us-east-1:123456789012:t', type: 2 }),
    });
    Template.fromStack(stack).hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { EventBridgeConfiguration: {}, TopicConfigurations: Match.anyValue() },
    });
  });

  test('of a bucket in another stack of the app is enabled in that stack', () => {
    const app = newApp();
    const data = new Stack(app, 'Data');
    const stack = new Stack(app, 'Test');
    newEndpoint(stack, { modelsBucket: newBucket(data) });
    Template.fromStack(data).resourceCountIs('Custom::S3BucketNotifications', 1);
    Template.fromStack(stack).resourceCountIs('Custom::S3BucketNotifications', 0);
  });

  test('of an imported bucket is not changed, and a warning shows how to enable it', () => {
    const stack = newStack();
    newEndpoint(stack, { modelsBucket: Bucket.fromBucketName(stack, 'Imported', 'models') });
    Template.fromStack(stack).resourceCountIs('Custom::S3BucketNotifications', 0);
    Annotations.fromStack(stack).hasWarning(
      '/Test/Iris',
      Match.stringLikeRegexp('aws s3api put-bucket-notification-configuration --bucket models'),
    );
  });
});
