import { Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { RestApi, SagemakerIntegration } from 'aws-cdk-lib/aws-apigateway';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { EndpointDashboard, ModelData, Refresher, SagemakerEndpoint } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import { asText, Match, newEndpoint, propertiesOf, resourcesOf } from './support/stacks.ts';

const region = { env: { account: '123456789012', region: 'eu-west-1' } };
const twoVariants = {
  config: {
    productionVariants: ['one', 'two'].map((variantName) => ({
      variantName,
      initialInstanceCount: 1,
      instanceType: 'ml.m5.large',
    })),
  },
};

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

function statementsOf(stack: Stack, policy: RegExp): Statement[] {
  const { PolicyDocument } = propertiesOf(stack, 'AWS::IAM::Policy', policy);
  return (PolicyDocument as { Statement: Statement[] }).Statement;
}

function newRole(stack: Stack): Role {
  return new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

describe('an endpoint is an IEndpoint', () => {
  test('that API Gateway invokes', () => {
    const stack = newStack();
    const api = new RestApi(stack, 'Api');
    api.root.addMethod('POST', new SagemakerIntegration(newEndpoint(stack)));

    const [method] = Object.values(resourcesOf(stack, 'AWS::ApiGateway::Method'));
    const { Uri } = method!.Properties.Integration as { Uri: unknown };
    expect(asText(Uri)).toMatch(/:runtime\.sagemaker:path\/endpoints\/iris\/invocations$/);
    expect(statementsOf(stack, /SagemakerRole/)).toMatchObject([
      { Action: expect.arrayContaining(['sagemaker:InvokeEndpoint']), Resource: { Ref: 'IrisEndpoint5676F002' } },
    ]);
  });

  test('whose reference is its ARN, and whose removal policy applies to the endpoint', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    expect(endpoint.endpointRef).toEqual({ endpointArn: endpoint.endpointArn });
    expect(endpoint.node.defaultChild === endpoint.endpoint).toBe(true);
  });

  test('imported by its name, with grants and metrics', () => {
    const stack = new Stack(newApp(), 'Test', region);
    const imported = SagemakerEndpoint.fromEndpointName(stack, 'Imported', 'Iris');
    imported.grantInvoke(newRole(stack));

    expect(imported.endpointName).toBe('Iris');
    expect(asText(stack.resolve(imported.endpointArn))).toBe(
      'arn:<AWS::Partition>:sagemaker:eu-west-1:123456789012:endpoint/iris',
    );
    expect(statementsOf(stack, /Caller/)).toHaveLength(1);
    expect(imported.metricInvocations({ variantName: 'all' }).dimensions).toEqual({
      EndpointName: 'Iris',
      VariantName: 'all',
    });
    expect(() => imported.metricInvocations()).toThrow(
      'The endpoint "Test/Imported" has variants that are not known. Pass variantName, the name of one of its variants.',
    );
  });
});

describe('grantOperate', () => {
  test('grants what the command needs for this endpoint, and nothing else', () => {
    const stack = newStack();
    newEndpoint(stack).grantOperate(newRole(stack));
    const bucket = '<FreshpointData33F10FCE.Arn>';
    const parameter = 'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/freshpoint';
    const found = statementsOf(stack, /Caller/).map(({ Action, Resource }) => [
      Action,
      [Resource].flat().map(asText).sort(),
    ]);
    expect(found).toEqual([
      ['ssm:GetParametersByPath', [parameter]],
      ['ssm:GetParameters', [`${parameter}/Test/Iris/spec`]],
      ['s3:GetObject', [`${bucket}/Test/Iris/*`, 'arn:<AWS::Partition>:s3:::<Bucket83908E77>/models/iris.tar.gz']],
      ['s3:PutObject', [`${bucket}/Test/Iris/history/*`, `${bucket}/Test/Iris/state.json`]],
      ['s3:ListBucket', [bucket, 'arn:<AWS::Partition>:s3:::<Bucket83908E77>']],
      [['sqs:SendMessage', 'sqs:GetQueueAttributes'], [expect.stringMatching(/^<FreshpointRefresherQueue\w+\.Arn>$/)]],
      [
        ['sqs:GetQueueUrl', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
        [expect.stringMatching(/^<FreshpointRefresherDeadLetterQueue\w+\.Arn>$/)],
      ],
      ['sagemaker:DescribeEndpoint', ['<IrisEndpoint5676F002>']],
      ['cloudformation:DescribeStacks', ['<AWS::StackId>']],
    ]);
  });

  test('includes the keys of a given data bucket and of the queue', () => {
    const stack = newStack();
    const encryptionKey = new Key(stack, 'Key');
    const dataKey = new Key(stack, 'DataKey');
    const bucket = new Bucket(stack, 'Data', { versioned: true, encryptionKey: dataKey });
    const refresher = new Refresher(stack, 'Refresher', { encryptionKey });
    newEndpoint(stack, { refresher, modelData: ModelData.perSlot({ bucket }) }).grantOperate(newRole(stack));
    const keys = statementsOf(stack, /Caller/).filter(({ Action }) => [Action].flat().includes('kms:Decrypt'));
    expect(keys.flatMap(({ Resource }) => [Resource].flat().map(asText)).sort()).toEqual([
      expect.stringMatching(/^<DataKey\w+\.Arn>$/),
      expect.stringMatching(/^<Key\w+\.Arn>$/),
    ]);
  });
});

test('grantOperate includes the keys of the sources: without them, S3 identifies an object in another way', () => {
  const stack = newStack();
  const modelsBucket = new Bucket(stack, 'Models', { encryptionKey: new Key(stack, 'ModelsKey') });
  newEndpoint(stack, { modelsBucket }).grantOperate(newRole(stack));
  const granted = statementsOf(stack, /Caller/).filter(({ Action }) => [Action].flat().includes('kms:Decrypt'));
  expect(granted.map(({ Action, Resource }) => [Action, asText(Resource)])).toEqual([
    ['kms:Decrypt', expect.stringMatching(/^<ModelsKey\w+\.Arn>$/)],
  ]);
});

describe('metrics', () => {
  test('of the controller have the dimensions with which it publishes them', () => {
    const endpoint = newEndpoint(newStack());
    const dimensions = { service: 'freshpoint', Endpoint: 'Test/Iris' };
    for (const [metric, name, statistic] of [
      [endpoint.metricSwaps(), 'Swaps', 'Sum'],
      [endpoint.metricQuarantines(), 'Quarantines', 'Sum'],
      [endpoint.metricUploadToServed(), 'UploadToServed', 'Maximum'],
      [endpoint.metricStalled(), 'Stalled', 'Maximum'],
      [endpoint.metric('ReconcilesRequeued'), 'ReconcilesRequeued', 'Average'],
    ] as const) {
      expect(metric).toMatchObject({ namespace: 'Freshpoint', metricName: name, statistic, dimensions });
    }
  });

  test('of SageMaker are those of the only variant', () => {
    const endpoint = newEndpoint(newStack());
    const dimensions = { EndpointName: 'iris', VariantName: 'all' };
    for (const [metric, name, statistic] of [
      [endpoint.metricInvocations(), 'Invocations', 'Sum'],
      [endpoint.metricInvocation4XXErrors(), 'Invocation4XXErrors', 'Sum'],
      [endpoint.metricInvocation5XXErrors(), 'Invocation5XXErrors', 'Sum'],
      [endpoint.metricModelLatency(), 'ModelLatency', 'Average'],
      [endpoint.metricVariant('OverheadLatency', { statistic: 'p99' }), 'OverheadLatency', 'p99'],
    ] as const) {
      expect(metric).toMatchObject({ namespace: 'AWS/SageMaker', metricName: name, statistic, dimensions });
    }
  });

  test('of one of several variants need its name', () => {
    const endpoint = newEndpoint(newStack(), twoVariants);
    expect(endpoint.metricInvocations({ variantName: 'two' }).dimensions).toMatchObject({ VariantName: 'two' });
    expect(() => endpoint.metricInvocations()).toThrow('has 2 variants (one, two). Pass variantName');
  });
});

describe('rules', () => {
  test.each([
    ['onRefreshed', 'Freshpoint Refresh Succeeded'],
    ['onRefused', 'Freshpoint Refresh Refused'],
    ['onStalled', 'Freshpoint Refresh Stalled'],
  ] as const)('%s match the event of this endpoint, and what the caller adds', (method, detailType) => {
    const stack = newStack();
    const target = new SqsQueue(new Queue(stack, 'Target'));
    newEndpoint(stack)[method]('On', { target, eventPattern: { detail: { slot: ['a'] } } });
    expect(propertiesOf(stack, 'AWS::Events::Rule', /IrisOn/)).toMatchObject({
      EventPattern: {
        source: ['freshpoint'],
        'detail-type': [detailType],
        detail: { endpointName: ['iris'], slot: ['a'] },
      },
      Targets: [expect.anything()],
    });
  });

  test('send refusals, stalls and recoveries to a topic in words', () => {
    const stack = newStack();
    newEndpoint(stack).notify(new Topic(stack, 'Topic'));
    const { EventPattern, Targets } = propertiesOf(stack, 'AWS::Events::Rule', /IrisNotify/);
    expect(EventPattern).toMatchObject({
      'detail-type': ['Freshpoint Refresh Refused', 'Freshpoint Refresh Stalled', 'Freshpoint Refresh Recovered'],
      detail: { endpointName: ['iris'] },
    });
    const [{ InputTransformer }] = Targets as [{ InputTransformer: { InputTemplate: string } }];
    expect(InputTransformer.InputTemplate).toMatch(/^"<.*> \(<.*>, endpoint <.*>, revision <.*>\): <.*>"$/);
  });
});

describe('a dashboard', () => {
  test('shows the alarm, refreshes, and each variant of each endpoint', () => {
    const stack = newStack();
    const endpoints = [
      newEndpoint(stack, twoVariants),
      newEndpoint(stack, { endpoint: { endpointName: 'second' } }, 'Second'),
    ];
    new EndpointDashboard(stack, 'Dashboard', { endpoints });
    const body = asText(propertiesOf(stack, 'AWS::CloudWatch::Dashboard').DashboardBody);
    const { widgets } = JSON.parse(body) as { widgets: { properties: { title?: string; metrics?: unknown[][] } }[] };
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    expect(widgets.filter(({ properties }) => properties.title?.startsWith('Stalled'))).toHaveLength(1);
    for (const [endpoint, variant] of [
      ['iris', 'one'],
      ['iris', 'two'],
      ['second', 'all'],
    ]) {
      for (const name of ['Invocations', 'Invocation4XXErrors', 'Invocation5XXErrors', 'ModelLatency']) {
        expect(metrics).toContainEqual(
          expect.arrayContaining(['AWS/SageMaker', name, 'EndpointName', endpoint, 'VariantName', variant]),
        );
      }
    }
    for (const id of ['Test/Iris', 'Test/Second']) {
      expect(metrics).toContainEqual(expect.arrayContaining(['Freshpoint', 'UploadToServed', 'Endpoint', id]));
    }
  });
});

describe('autoScale', () => {
  const scaled = (config: Record<string, unknown> = {}, options: object = {}, variantName = 'all') => {
    const stack = newStack();
    newEndpoint(stack, { config }).autoScale(variantName, { min: 1, max: 4, ...options });
    return stack;
  };

  test('keeps to a number of requests per instance, between the limits', () => {
    const stack = scaled({}, { invocationsPerInstance: 120 });
    expect(propertiesOf(stack, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({
      MinCapacity: 1,
      MaxCapacity: 4,
      ServiceNamespace: 'sagemaker',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      ResourceId: {
        'Fn::Join': ['', ['endpoint/', { 'Fn::GetAtt': [expect.anything(), 'EndpointName'] }, '/variant/all']],
      },
    });
    expect(propertiesOf(stack, 'AWS::ApplicationAutoScaling::ScalingPolicy')).toMatchObject({
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 120,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    });
    Annotations.fromStack(stack).hasInfo('/Test/Iris', Match.stringLikeRegexp('rejects another instance type'));
    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Role')).filter((id) => id.includes('Scaling'))).toEqual([]);
  });

  test('keeps to the backlog per instance of an asynchronous endpoint, which can scale to zero', () => {
    const stack = scaled({ asyncInferenceConfig: { outputConfig: { s3OutputPath: 's3://b/out' } } }, { min: 0 });
    expect(propertiesOf(stack, 'AWS::ApplicationAutoScaling::ScalingPolicy')).toMatchObject({
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 5,
        CustomizedMetricSpecification: { MetricName: 'ApproximateBacklogSizePerInstance' },
      },
    });
  });

  test('warns if the instance type can change unseen', () => {
    const stack = scaled({ productionVariants: [{ variantName: 'all' }] });
    Annotations.fromStack(stack).hasWarning('/Test/Iris', Match.stringLikeRegexp('instance type is not known'));
  });

  test.each<[string, { config?: Record<string, unknown>; min?: number; variantName?: string }, string]>([
    ['an unknown variant', { variantName: 'other' }, 'there is no such variant. Its variants are: all.'],
    ['limits in the wrong order', { min: 5 }, 'min is 5 and max is 4, expected 1 <= min <= max.'],
    ['a minimum of zero', { min: 0 }, 'min is 0 and max is 4, expected 1 <= min <= max.'],
    [
      'a serverless variant',
      {
        config: {
          productionVariants: [{ variantName: 'all', serverlessConfig: { maxConcurrency: 5, memorySizeInMb: 1024 } }],
        },
      },
      'it is serverless, which has no instances.',
    ],
    [
      'a variant with managed scaling',
      { config: { productionVariants: [{ variantName: 'all', managedInstanceScaling: { status: 'ENABLED' } }] } },
      'it has managedInstanceScaling, which scales instances too. Omit one of them.',
    ],
  ])('rejects %s', (_, { config, min = 1, variantName }, text) => {
    expect(() => scaled(config, { min }, variantName)).toThrow(text);
  });
});
