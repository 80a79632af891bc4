import { Duration } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, test } from 'vitest';
import { GuardedDeployment } from '../src/index';
import { newStack } from './support/apps.ts';
import { asText, newEndpoint, propertiesOf, resourcesOf } from './support/stacks.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown[];
}

function deploymentConfigOf(guardedDeployment: GuardedDeployment, stack = newStack()): object {
  newEndpoint(stack, { guardedDeployment });
  return propertiesOf(stack, 'AWS::SageMaker::Endpoint').DeploymentConfig as object;
}

const errorsAlarm = { AlarmName: { Ref: expect.stringMatching(/^IrisGuardedDeploymentErrorsall/) } };

describe('a guarded deployment', () => {
  test.each<[string, GuardedDeployment, object]>([
    [
      'canary',
      GuardedDeployment.canary({ percent: 20, bakeTime: Duration.minutes(5) }),
      {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          CanarySize: { Type: 'CAPACITY_PERCENT', Value: 20 },
          WaitIntervalInSeconds: 300,
        },
      },
    ],
    [
      'linear',
      GuardedDeployment.linear(),
      {
        TrafficRoutingConfiguration: {
          Type: 'LINEAR',
          LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 25 },
          WaitIntervalInSeconds: 600,
        },
      },
    ],
    [
      'all at once',
      GuardedDeployment.allAtOnce(),
      {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 600 },
        TerminationWaitInSeconds: 600,
      },
    ],
  ])('%s is the endpoint’s deployment config, with an alarm per variant', (_, guarded, policy) => {
    expect(deploymentConfigOf(guarded)).toEqual({
      BlueGreenUpdatePolicy: policy,
      AutoRollbackConfiguration: { Alarms: [errorsAlarm] },
    });
  });

  test('watches the percentage of 5xx answers', () => {
    const stack = newStack();
    deploymentConfigOf(GuardedDeployment.canary({ maxErrorPercent: 3 }), stack);
    expect(propertiesOf(stack, 'AWS::CloudWatch::Alarm', /IrisGuarded/)).toMatchObject({
      Threshold: 3,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      Metrics: expect.arrayContaining([
        expect.objectContaining({ Expression: '100 * FILL(errors, 0) / invocations' }),
        expect.objectContaining({ Id: 'errors', MetricStat: expect.objectContaining({ Period: 60, Stat: 'Sum' }) }),
        expect.objectContaining({
          Id: 'invocations',
          MetricStat: expect.objectContaining({ Period: 60, Stat: 'Sum' }),
        }),
      ]),
    });
  });

  test('watches latency and the caller’s alarms too', () => {
    const stack = newStack();
    const alarm = Alarm.fromAlarmArn(stack, 'Mine', 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:mine');
    const guarded = GuardedDeployment.canary({ maxModelLatency: Duration.millis(200), alarms: [alarm] });
    expect(deploymentConfigOf(guarded, stack)).toMatchObject({
      AutoRollbackConfiguration: {
        Alarms: [errorsAlarm, { AlarmName: { Ref: expect.stringMatching(/Latencyall/) } }, { AlarmName: 'mine' }],
      },
    });
    expect(propertiesOf(stack, 'AWS::CloudWatch::Alarm', /Latency/)).toMatchObject({
      MetricName: 'ModelLatency',
      Threshold: 200_000,
    });
  });

  test.each([
    ['refresher', {}, 'AWS::IAM::ManagedPolicy', /./],
    ['execution role', { executionRoleArn: undefined }, 'AWS::IAM::Policy', /IrisExecutionRole/],
  ] as const)('lets the %s describe the alarms', (_, model, type, id) => {
    const stack = newStack();
    const alarm = Alarm.fromAlarmName(stack, 'Mine', 'mine');
    newEndpoint(stack, { model, guardedDeployment: GuardedDeployment.canary({ alarms: [alarm] }) });
    const statements = Object.entries(resourcesOf(stack, type))
      .filter(([logicalId]) => id.test(logicalId))
      .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
    const found = statements.filter(({ Action }) => [Action].flat().includes('cloudwatch:DescribeAlarms'));
    const prefix = 'arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:';
    expect(found.map(({ Resource }) => Resource.map(asText))).toEqual([
      [expect.stringMatching(`^${prefix}<IrisGuardedDeploymentErrorsall`), `${prefix}mine`],
    ]);
  });

  test('replaces the configs when it changes, because SageMaker rejects an update to the config in use', () => {
    const configs = (percent: number) => {
      const stack = newStack();
      deploymentConfigOf(GuardedDeployment.canary({ percent }), stack);
      return Object.keys(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig'));
    };
    expect(configs(10)).not.toEqual(configs(20));
  });
});
