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
const ofAll = { Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] };
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q';
const roleArn = { 'Fn::GetAtt': ['Role', 'Arn'] };
const variant = {
  ...{ ModelName: 'm', VariantName: 'v', InitialVariantWeight: 1, InitialInstanceCount: 1 },
  InstanceType: 'ml.m5.large',
};

/** Of each simulated type: the properties of a resource, and more properties or members to set. */
const TYPES: Readonly<Record<string, readonly [properties: object, more?: Readonly<Record<string, string>>]>> = {
  'AWS::S3::Bucket': [
    { BucketName: 'b', Tags: [{ Key: 'k', Value: 'v' }] },
    {
      BucketEncryption: 'ServerSideEncryptionConfiguration',
      LifecycleConfiguration: 'Rules',
      NotificationConfiguration: 'EventBridgeConfiguration',
      OwnershipControls: 'Rules',
      PublicAccessBlockConfiguration: 'BlockPublicAcls',
      VersioningConfiguration: 'Status',
    },
  ],
  'AWS::S3::BucketPolicy': [{ Bucket: { Ref: 'Bucket' }, PolicyDocument: ofAll }],
  'AWS::SQS::Queue': [{ QueueName: 'q', VisibilityTimeout: 5 }, { RedrivePolicy: 'maxReceiveCount' }],
  'AWS::SQS::QueuePolicy': [{ Queues: [{ Ref: 'Queue' }], PolicyDocument: ofAll }],
  'AWS::Events::Rule': [
    {
      EventPattern: { source: ['a'] },
      Name: 'r',
      State: 'ENABLED',
      Targets: [{ Arn: QUEUE, Id: 'i', Input: '{}', InputPath: '$' }],
    },
    { ScheduleExpression: '', Targets: 'InputTransformer' },
  ],
  'AWS::Lambda::Function': [
    {
      ...{ Architectures: ['arm64'], Code: { ZipFile: 'x' }, FunctionName: 'f', Handler: 'i.h', Layers: [] },
      ...{ MemorySize: 128, Role: roleArn, Runtime: 'nodejs22.x', Timeout: 3 },
    },
    { Code: 'S3Key', Environment: 'Variables', LoggingConfig: 'LogFormat', ReservedConcurrentExecutions: '' },
  ],
  'AWS::Lambda::EventSourceMapping': [
    { BatchSize: 1, EventSourceArn: QUEUE, FunctionName: 'f' },
    { FilterCriteria: 'Filters', FunctionResponseTypes: '', ScalingConfig: 'MaximumConcurrency' },
  ],
  'AWS::Lambda::Permission': [
    { Action: 'lambda:InvokeFunction', FunctionName: 'f', Principal: 's3.amazonaws.com', SourceArn: QUEUE },
  ],
  'AWS::Lambda::EventInvokeConfig': [{ FunctionName: 'f', Qualifier: '$LATEST' }, { DestinationConfig: 'OnSuccess' }],
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
  'AWS::KMS::Alias': [{ AliasName: 'alias/x', TargetKeyId: 'y' }],
  'AWS::Logs::LogGroup': [
    { KmsKeyId: 'k', LogGroupName: 'g', RetentionInDays: 1 },
    { LogGroupClass: '', Tags: '' },
  ],
  'AWS::SSM::Parameter': [{ AllowedPattern: '.*', Name: '/n', Tags: {}, Type: 'String', Value: 'v' }],
  'AWS::SageMaker::Model': [
    { ExecutionRoleArn: roleArn, ModelName: 'm', PrimaryContainer: { Image: 'i', ModelDataUrl: 's3://b/k' } },
    { Containers: '', PrimaryContainer: 'Environment', Tags: '', VpcConfig: 'Subnets' },
  ],
  'AWS::SageMaker::EndpointConfig': [
    { EndpointConfigName: 'c', ProductionVariants: [variant] },
    { AsyncInferenceConfig: 'OutputConfig', DataCaptureConfig: 'CaptureOptions', ShadowProductionVariants: '' },
  ],
  'AWS::SageMaker::Endpoint': [
    { EndpointConfigName: 'c', EndpointName: 'e' },
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
      for (const member of [...Object.keys(within), ...[more[name]].filter(Boolean)]) {
        const other = { ...within, [String(member)]: value };
        yield { ...properties, [name]: isList ? [other] : other };
      }
    }
  }
}

describe('a property of a wrong type', () => {
  it.each(Object.keys(TYPES))('of %s fails its resource, not the simulator, and leaves nothing', async (type) => {
    for (const properties of changed(type)) {
      const { cfn, run, stop } = accountInMemory();
      const Resources = {
        Bucket: { Type: 'AWS::S3::Bucket' },
        Queue: { Type: 'AWS::SQS::Queue' },
        Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } },
        Odd: { Type: type, Properties: properties, DependsOn: ['Bucket', 'Queue', 'Role'] },
      };
      const shown = JSON.stringify(properties);
      try {
        await run(cfn.deploy({ stackName: 'demo', template: { Resources } }));
        await run(cfn.destroy('demo'));
      } catch (error) {
        expect(error, shown).toMatchObject({ message: expect.not.stringMatching(/Internal Failure|Infinity/) });
        if (error instanceof DeploymentError) expect(error.status, shown).toBe('ROLLBACK_COMPLETE');
        else expect(error, shown).toMatchObject({ code: 'ValidationError' });
      }
      stop();
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
