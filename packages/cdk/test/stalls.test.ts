import { Duration } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { Refresher } from '../src/index';
import { newStack } from './support/apps.ts';
import { newEndpoint, resourcesOf, specOf, Template } from './support/stacks.ts';

describe('the alarm of a refresher', () => {
  test('watches stalled endpoints and the dead-letter queue', () => {
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
        expect.objectContaining({ Expression: 'FILL(stalled, 0) + FILL(deadLetters, 0)' }),
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
});

test('stalledAfter is in the spec, in seconds', () => {
  const stack = newStack();
  newEndpoint(stack, { stalledAfter: Duration.minutes(90) });
  expect(specOf(stack)).toMatchObject({ stalledAfter: 5400 });
});
