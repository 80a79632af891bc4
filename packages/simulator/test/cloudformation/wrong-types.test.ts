import { describe, expect, it } from 'vitest';
import { DeploymentError } from '../../src/cloudformation/failures.ts';
import { accountInMemory } from './account.ts';

const VALUES = [5, true, '', 'x', [], {}, [5], [[]], [{}], { a: 1 }, [null]];

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
};
const ofQueue = { Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' }] };
const inBucket = { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, '/*']] };
const ofBucket = { Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: inBucket }] };
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:sources';
const IMAGE = '000000000000.dkr.ecr.us-east-1.amazonaws.com/i:1';
const roleArn = { 'Fn::GetAtt': ['Role', 'Arn'] };
const code = { Code: { ZipFile: 'x' }, Handler: 'i.h', Role: roleArn, Runtime: 'nodejs22.x' };
const variant = {
  ...{ ModelName: 'model', VariantName: 'v', InitialVariantWeight: 1, InitialInstanceCount: 1 },
  InstanceType: 'ml.m5.large',
};

/** What the resources of the types refer to. */
const SUPPORT = {
  Bucket: { Type: 'AWS::S3::Bucket' },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'sources' } },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: trust,
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole'],
    },
  },
  Key: { Type: 'AWS::KMS::Key' },
  Function: { Type: 'AWS::Lambda::Function', Properties: { ...code, FunctionName: 'function' } },
  Model: {
    Type: 'AWS::SageMaker::Model',
    Properties: { ExecutionRoleArn: roleArn, ModelName: 'model', PrimaryContainer: { Image: IMAGE } },
  },
  Config: {
    Type: 'AWS::SageMaker::EndpointConfig',
    Properties: { EndpointConfigName: 'config', ProductionVariants: [variant] },
    DependsOn: 'Model',
  },
};

/** Of each simulated type: the properties of a resource, and more properties or members to set. */
const TYPES: Readonly<Record<string, readonly [properties: object, more?: Readonly<Record<string, string>>]>> = {
  'AWS::S3::Bucket': [
    { BucketName: 'bucket', Tags: [{ Key: 'k', Value: 'v' }] },
    {
      BucketEncryption: 'ServerSideEncryptionConfiguration',
      LifecycleConfiguration: 'Rules',
      NotificationConfiguration: 'EventBridgeConfiguration',
      OwnershipControls: 'Rules',
      PublicAccessBlockConfiguration: 'BlockPublicAcls',
      VersioningConfiguration: 'Status',
    },
  ],
  'AWS::S3::BucketPolicy': [{ Bucket: { Ref: 'Bucket' }, PolicyDocument: ofBucket }],
  'AWS::SQS::Queue': [{ QueueName: 'q', VisibilityTimeout: 5 }, { RedrivePolicy: 'maxReceiveCount' }],
  'AWS::SQS::QueuePolicy': [{ Queues: [{ Ref: 'Queue' }], PolicyDocument: ofQueue }],
  'AWS::Events::Rule': [
    { EventPattern: { source: ['a'] }, Name: 'r', State: 'ENABLED', Targets: [{ Arn: QUEUE, Id: 'i', Input: '{}' }] },
    { ScheduleExpression: '', Targets: 'InputPath InputTransformer' },
  ],
  'AWS::Lambda::Function': [
    { ...code, Architectures: ['arm64'], FunctionName: 'f', Layers: [], MemorySize: 128, Timeout: 3 },
    { Code: 'S3Key', Environment: 'Variables', LoggingConfig: 'LogFormat', ReservedConcurrentExecutions: '' },
  ],
  'AWS::Lambda::EventSourceMapping': [
    { BatchSize: 1, EventSourceArn: QUEUE, FunctionName: 'function' },
    { FilterCriteria: 'Filters', FunctionResponseTypes: '', ScalingConfig: 'MaximumConcurrency' },
  ],
  'AWS::Lambda::Permission': [
    { Action: 'lambda:InvokeFunction', FunctionName: 'function', Principal: 's3.amazonaws.com', SourceArn: QUEUE },
  ],
  'AWS::Lambda::EventInvokeConfig': [
    { FunctionName: 'function', Qualifier: '$LATEST' },
    { DestinationConfig: 'OnSuccess', MaximumRetryAttempts: '' },
  ],
  'AWS::IAM::Role': [
    {
      AssumeRolePolicyDocument: trust,
      ManagedPolicyArns: [],
      Path: '/',
      Policies: [{ PolicyDocument, PolicyName: 'p' }],
      RoleName: 'r',
    },
    { AssumeRolePolicyDocument: 'Statement', MaxSessionDuration: '', Tags: '' },
  ],
  'AWS::IAM::Policy': [{ PolicyDocument, PolicyName: 'p', Roles: [{ Ref: 'Role' }] }, { Users: '' }],
  'AWS::IAM::ManagedPolicy': [{ ManagedPolicyName: 'p', Path: '/', PolicyDocument, Roles: [{ Ref: 'Role' }] }],
  'AWS::KMS::Key': [{ Description: 'd', Enabled: true, PendingWindowInDays: 7 }, { KeyPolicy: 'Statement' }],
  'AWS::KMS::Alias': [{ AliasName: 'alias/x', TargetKeyId: { Ref: 'Key' } }],
  'AWS::Logs::LogGroup': [
    { KmsKeyId: 'k', LogGroupName: 'g', RetentionInDays: 1 },
    { LogGroupClass: '', Tags: '' },
  ],
  'AWS::SSM::Parameter': [{ AllowedPattern: '.*', Name: '/n', Tags: {}, Type: 'String', Value: 'v' }],
  'AWS::SageMaker::Model': [
    { ExecutionRoleArn: roleArn, ModelName: 'm', PrimaryContainer: { Image: IMAGE } },
    { Containers: '', PrimaryContainer: 'Environment ModelDataUrl', Tags: '', VpcConfig: 'Subnets' },
  ],
  'AWS::SageMaker::EndpointConfig': [
    { EndpointConfigName: 'c', ProductionVariants: [variant] },
    { AsyncInferenceConfig: 'OutputConfig', DataCaptureConfig: 'CaptureOptions', ShadowProductionVariants: '' },
  ],
  'AWS::SageMaker::Endpoint': [
    { EndpointConfigName: 'config', EndpointName: 'e' },
    { DeploymentConfig: 'BlueGreenUpdatePolicy', RetainAllVariantProperties: '', Tags: '' },
  ],
  'AWS::SageMaker::ModelPackageGroup': [{ ModelPackageGroupName: 'g' }, { ModelPackageGroupPolicy: '', Tags: '' }],
  'Custom::S3BucketNotifications': [{ BucketName: { Ref: 'Bucket' }, NotificationConfiguration: {} }, { Managed: '' }],
};

/** The properties, each time with one of them, or a member of it, set to another value. */
function* changed(type: string): Generator<object> {
  const [properties, more = {}] = TYPES[type] ?? [{}];
  for (const value of VALUES) {
    for (const name of Object.keys({ ...properties, ...more })) {
      const before = (properties as Readonly<Record<string, unknown>>)[name];
      const isList = Array.isArray(before);
      const within = (isList ? before[0] : before) ?? {};
      yield { ...properties, [name]: value };
      if (typeof within !== 'object' || 'Ref' in within || 'Fn::GetAtt' in within) continue;
      for (const member of [...Object.keys(within), ...(more[name] ?? '').split(' ').filter(Boolean)]) {
        const other = { ...within, [member]: value };
        yield { ...properties, [name]: isList ? [other] : other };
      }
    }
  }
}

function stackOf(type: string) {
  const { cfn, run, stop } = accountInMemory();
  const deploy = (Properties: object) => {
    const Resources = { ...SUPPORT, Odd: { Type: type, Properties, DependsOn: Object.keys(SUPPORT) } };
    return run(cfn.deploy({ stackName: 'demo', template: { Resources } }));
  };
  return { deploy, destroy: () => run(cfn.destroy('demo')), stop };
}

describe('a property of a wrong type', () => {
  it.each(Object.keys(TYPES))('of %s fails its resource, not the simulator, and leaves nothing', async (type) => {
    const isRolledBack = async (deployed: Promise<unknown>, status: string, shown: string) => {
      const error = await deployed.then(
        () => undefined,
        (thrown) => thrown,
      );
      if (error === undefined) return;
      expect(error, shown).toMatchObject({ message: expect.not.stringMatching(/Internal Failure|Infinity/) });
      if (error instanceof DeploymentError) expect(error.status, shown).toBe(status);
      else expect(error, shown).toMatchObject({ code: 'ValidationError' });
    };
    for (const properties of changed(type)) {
      const shown = JSON.stringify(properties);
      const created = stackOf(type);
      await isRolledBack(created.deploy(properties), 'ROLLBACK_COMPLETE', shown);
      created.stop();
      const updated = stackOf(type);
      await updated.deploy(TYPES[type]?.[0] ?? {});
      await isRolledBack(updated.deploy(properties), 'UPDATE_ROLLBACK_COMPLETE', shown);
      await updated.destroy();
      updated.stop();
    }
  });

  it('is named with its path and what was expected; numbers are texts', async () => {
    const { cfn, run } = accountInMemory();
    const deploy = (Targets: unknown) => {
      const Properties = { EventPattern: { source: ['a'] }, Targets };
      return run(
        cfn.deploy({ stackName: 'demo', template: { Resources: { R: { Type: 'AWS::Events::Rule', Properties } } } }),
      );
    };
    const failed = 'Properties validation failed for resource R with message: #/Targets';
    await expect(deploy('x')).rejects.toThrow(`${failed}: expected type: JSONArray, found: String`);
    await expect(deploy([5])).rejects.toThrow(`${failed}/0: expected type: JSONObject, found: Integer`);
    await expect(deploy([{ Id: {} }])).rejects.toThrow(`${failed}/0/Id: expected type: String, found: JSONObject`);
    await deploy([{ Id: 5, Arn: QUEUE }]);
  });
});
