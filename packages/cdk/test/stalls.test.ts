import { Duration } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { Refresher } from '../src/index';
import { newStack } from './support/apps.ts';
import { newEndpoint, resourcesOf, specOf, Template } from './support/stacks.ts';

describe('the alarm of a refresher', () => {
  test('watches stalled endpoints, the dead-letter queue, and whether the function fails', () => {
    const stack = newStack();
    new Refresher(stack, 'Refresher');
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 1);
    const [alarm] = Object.values(resourcesOf(stack, 'AWS::CloudWatch::Alarm'));
    expect(alarm?.Properties).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      Metrics: expect.arrayContaining([
        expect.objectContaining({
          Expression: 'FILL(stalled, 0) + FILL(deadLetters, 0) + IF(FILL(errors, 0) + FILL(throttles, 0) >= 5, 1, 0)',
        }),
        expect.objectContaining({
          Id: 'stalled',
          MetricStat: expect.objectContaining({
            Metric: expect.objectContaining({ Namespace: 'Freshpoint', MetricName: 'Stalled' }),
            Stat: 'Maximum',
          }),
        }),
        expect.objectContaining({
          Id: 'deadLetters',
          MetricStat: expect.objectContaining({
            Metric: expect.objectContaining({ MetricName: 'ApproximateNumberOfMessagesVisible' }),
          }),
        }),
        ...['Errors', 'Throttles'].map((name) =>
          expect.objectContaining({
            MetricStat: expect.objectContaining({
              Metric: expect.objectContaining({ Namespace: 'AWS/Lambda', MetricName: name }),
              Stat: 'Sum',
              Period: 3600,
            }),
          }),
        ),
      ]),
    });
    expect(alarm?.Properties.AlarmActions).toBeUndefined();
  });

  test('notifies topics when it goes off and when it is over', () => {
    const stack = newStack();
    const refresher = new Refresher(stack, 'Refresher', { notify: [new Topic(stack, 'Topic')] });
    refresher.notify(new Topic(stack, 'Later'));
    const [alarm] = Object.values(resourcesOf(stack, 'AWS::CloudWatch::Alarm'));
    expect(alarm?.Properties.AlarmActions).toHaveLength(2);
    expect(alarm?.Properties.OKActions).toEqual(alarm?.Properties.AlarmActions);
  });

  test('reaches a topic that rules publish to as well: their policy replaces the one that allows alarms', () => {
    const stack = newStack();
    const topic = new Topic(stack, 'Topic', { masterKey: new Key(stack, 'Key') });
    const endpoint = newEndpoint(stack);
    endpoint.notify(topic);
    endpoint.refresher.notify(topic);
    const services = ['events.amazonaws.com', 'cloudwatch.amazonaws.com'];
    const Statement = services.map((Service) => expect.objectContaining({ Principal: { Service } }));
    expect(Object.values(resourcesOf(stack, 'AWS::SNS::TopicPolicy'))).toMatchObject([
      { Properties: { PolicyDocument: { Statement } } },
    ]);
    const Principal = { Service: 'cloudwatch.amazonaws.com' };
    const Action = ['kms:Decrypt', 'kms:GenerateDataKey*'];
    const allowed = expect.arrayContaining([expect.objectContaining({ Principal, Action })]);
    const [key] = Object.values(resourcesOf(stack, 'AWS::KMS::Key'));
    expect(key).toMatchObject({ Properties: { KeyPolicy: { Statement: allowed } } });
  });

  test.each(['endpoint', 'refresher'] as const)('%s.notify alone leaves alarms of others their topic', (notifier) => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    (notifier === 'endpoint' ? endpoint : endpoint.refresher).notify(new Topic(stack, 'Topic'));
    const [policy] = Object.values(resourcesOf(stack, 'AWS::SNS::TopicPolicy'));
    const Principal = { Service: 'cloudwatch.amazonaws.com' };
    const Condition = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
    const allowed = expect.arrayContaining([expect.objectContaining({ Principal, Condition })]);
    expect(policy).toMatchObject({ Properties: { PolicyDocument: { Statement: allowed } } });
  });
});

test('stalledAfter is in the spec, in seconds', () => {
  const stack = newStack();
  newEndpoint(stack, { stalledAfter: Duration.minutes(90) });
  expect(specOf(stack)).toMatchObject({ stalledAfter: 5400 });
});
