import { Aws, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { newApp, newStack } from './support/apps.ts';
import { asText, type Changes, image, newBucket, newEndpoint, propertiesOf, resourcesOf } from './support/stacks.ts';

const own = { executionRoleArn: undefined };
const repository = 'arn:<AWS::Partition>:ecr:us-east-1:123456789012:repository/iris';
const logGroups = 'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/sagemaker/Endpoints/*';

/** Actions and resources of the role that the construct creates. */
function permissionsOf(changes: Changes, stack = newStack()): [string[], string[]][] {
  newEndpoint(stack, changes);
  const { PolicyDocument } = propertiesOf(stack, 'AWS::IAM::Policy', /IrisExecutionRole/);
  const { Statement } = PolicyDocument as { Statement: { Action: string | string[]; Resource: unknown }[] };
  return Statement.map(({ Action, Resource }) => [[Action].flat(), [Resource].flat().map(asText)]);
}

const base: [string[], string[]][] = [
  [['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], [logGroups]],
  [['cloudwatch:PutMetricData', 'ecr:GetAuthorizationToken'], ['*']],
  [['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'], [repository]],
];

describe('models without an execution role get one', () => {
  test('with exactly the documented permissions', () => {
    expect(permissionsOf({ model: own })).toEqual(base);
  });

  test('that SageMaker assumes, and whose policies exist before the models', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: own });
    expect(propertiesOf(stack, 'AWS::IAM::Role', /IrisExecutionRole/).AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Principal: { Service: 'sagemaker.amazonaws.com' } }],
    });
    for (const { Properties, DependsOn } of Object.values(resourcesOf(stack, 'AWS::SageMaker::Model'))) {
      expect(Properties.ExecutionRoleArn).toEqual(stack.resolve(endpoint.executionRole?.roleArn));
      expect(DependsOn).toContainEqual(expect.stringMatching(/^IrisExecutionRoleDefaultPolicy/));
    }
  });

  test('with read access to data that stays in place', () => {
    const stack = newStack();
    const modelsBucket = new Bucket(stack, 'Encrypted', { encryption: BucketEncryption.KMS });
    const mode = 'MultiModel';
    const modelDataUrl = `s3://${modelsBucket.bucketName}/many/`;
    const found = permissionsOf(
      { modelsBucket, model: { ...own, primaryContainer: { image, mode, modelDataUrl } } },
      stack,
    );
    expect(found.slice(base.length)).toEqual([
      [['s3:GetObject'], [expect.stringMatching(/^arn:<AWS::Partition>:s3:::<Encrypted\w+>\/many\/\*$/)]],
      [['s3:ListBucket'], [expect.stringMatching(/^arn:<AWS::Partition>:s3:::<Encrypted\w+>$/)]],
      [['kms:Decrypt'], [expect.stringMatching(/^<EncryptedKey\w+\.Arn>$/)]],
    ]);
  });

  test('that writes captured data, answers and notifications', () => {
    const found = permissionsOf({
      model: own,
      config: {
        dataCaptureConfig: {
          captureOptions: [{ captureMode: 'Input' }],
          destinationS3Uri: 's3://captured/here',
          initialSamplingPercentage: 100,
        },
        asyncInferenceConfig: {
          outputConfig: {
            s3OutputPath: 's3://answers',
            notificationConfig: { errorTopic: 'arn:aws:sns:us-east-1:123456789012:errors' },
          },
        },
      },
    });
    expect(found.slice(base.length)).toEqual([
      [['s3:PutObject'], ['arn:<AWS::Partition>:s3:::captured/here/*', 'arn:<AWS::Partition>:s3:::answers/*']],
      [['sns:Publish'], ['arn:aws:sns:us-east-1:123456789012:errors']],
    ]);
  });

  test('that creates network interfaces in a VPC', () => {
    const found = permissionsOf({ model: { ...own, vpcConfig: { subnets: ['s'], securityGroupIds: ['g'] } } });
    expect(found.at(-1)).toEqual([expect.arrayContaining(['ec2:CreateNetworkInterface']), ['*']]);
  });

  test.each([
    [
      'tokens',
      `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/team/iris@sha256:0`,
      'arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository/team/iris',
    ],
    ['no tag', '123456789012.dkr.ecr.us-east-1.amazonaws.com/iris', repository],
    ['an unknown form', 'registry.example.com/iris:1', '*'],
  ])('for the repository of an image with %s', (_, given, expected) => {
    const modelDataUrl = 's3://b/m.tar.gz';
    const [, , [, resources]] = permissionsOf({
      model: { ...own, primaryContainer: { image: given, modelDataUrl } },
    }) as [unknown, unknown, [string[], string[]]];
    expect(resources).toEqual([expected]);
  });

  test('without findings of cdk-nag', () => {
    const app = newApp();
    const stack = new Stack(app, 'Test');
    const log = new Bucket(stack, 'Log', { enforceSSL: true, serverAccessLogsPrefix: 'log/' });
    const modelsBucket = new Bucket(stack, 'Bucket', { enforceSSL: true, serverAccessLogsBucket: log });
    const s3OutputPath = modelsBucket.s3UrlForObject('answers/');
    newEndpoint(stack, {
      modelsBucket,
      model: own,
      config: { asyncInferenceConfig: { outputConfig: { s3OutputPath } } },
    });
    app.synth();
    expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
  });
});

describe('models with an execution role', () => {
  const modelDependencies = (stack: Stack) =>
    Object.values(resourcesOf(stack, 'AWS::SageMaker::Model')).map(({ DependsOn }) => DependsOn);

  test('get none', () => {
    const stack = newStack();
    expect(newEndpoint(stack).executionRole).toBeUndefined();
    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Role')).filter((id) => id.startsWith('Iris'))).toEqual([]);
  });

  test('of the app wait for its policies', () => {
    const stack = newStack();
    const role = new Role(stack, 'Given', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
    newEndpoint(stack, { model: { executionRoleArn: role.roleArn } });
    newBucket(stack).grantRead(role);
    for (const ids of modelDependencies(stack)) {
      expect(ids).toContainEqual(expect.stringMatching(/^GivenDefaultPolicy/));
    }
  });
});
