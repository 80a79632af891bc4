// biome-ignore-all lint/suspicious/noExplicitAny: AWS's shapes
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its variables so
import { describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { accountInMemory } from './account.ts';

const lambdaTrust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};
const att = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
const ref = (id: string) => ({ Ref: id });
const statement = (Action: string | string[], Resource: unknown) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});

const resourcePolicy = (Action: string, Resource: unknown) => ({
  Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }],
});

function deployment() {
  const account = accountInMemory();
  const assets = new Map([
    ['aaa', { path: '/assets/aaa' }],
    ['bbb', { path: '/assets/bbb' }],
  ]);
  const deploy = (Resources: object, Outputs: object = {}) =>
    account.run(account.cfn.deploy({ stackName: 'demo', template: { Resources, Outputs }, assets }));
  return { ...account, deploy, destroy: () => account.run(account.cfn.destroy('demo')) };
}

describe('S3 buckets', () => {
  const bucket = (properties: object = {}) => ({ Type: 'AWS::S3::Bucket', Properties: properties });
  const notifications = (id: string) => ({
    Type: 'Custom::S3BucketNotifications',
    Properties: {
      ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:unused',
      BucketName: ref(id),
      NotificationConfiguration: { EventBridgeConfiguration: {} },
      Managed: true,
    },
  });

  it('are created with their configuration, and updated in place', async () => {
    const { deploy, call } = deployment();
    const { outputs } = await deploy(
      {
        B: bucket({
          VersioningConfiguration: { Status: 'Enabled' },
          NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          PublicAccessBlockConfiguration: { BlockPublicAcls: true },
          LifecycleConfiguration: { Rules: [{ Id: 'old', Status: 'Enabled', ExpirationInDays: 3, Prefix: 'x/' }] },
          Tags: [{ Key: 'a', Value: 'b' }],
        }),
        P: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: { Bucket: ref('B'), PolicyDocument: resourcePolicy('s3:*', att('B', 'Arn')) },
        },
      },
      { Name: { Value: ref('B') }, Arn: { Value: att('B', 'Arn') } },
    );
    const Bucket = outputs.Name ?? '';
    expect(Bucket).toMatch(/^demo-b-[0-9a-z]{12}$/);
    expect(outputs.Arn).toBe(`arn:aws:s3:::${Bucket}`);
    expect(await call('s3', 'GetBucketVersioning', { Bucket })).toEqual({ Status: 'Enabled' });
    expect(await call('s3', 'GetBucketNotificationConfiguration', { Bucket })).toEqual({
      EventBridgeConfiguration: {},
    });
    expect((await call('s3', 'GetBucketLifecycleConfiguration', { Bucket })).Rules).toEqual([
      { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 3 } },
    ]);
    expect(JSON.parse((await call('s3', 'GetBucketPolicy', { Bucket })).Policy).Statement).toHaveLength(1);
    await deploy({ B: bucket() });
    expect(await call('s3', 'GetBucketVersioning', { Bucket })).toEqual({ Status: 'Suspended' });
    expect(await call('s3', 'GetBucketNotificationConfiguration', { Bucket })).toEqual({});
    await expect(call('s3', 'GetBucketPolicy', { Bucket })).rejects.toMatchObject({ code: 'NoSuchBucketPolicy' });
  });

  it("get their notifications from CDK's custom resource without its function", async () => {
    const { deploy, call } = deployment();
    const { outputs } = await deploy({ B: bucket(), N: notifications('B') }, { Name: { Value: ref('B') } });
    const Bucket = outputs.Name;
    expect(await call('s3', 'GetBucketNotificationConfiguration', { Bucket })).toEqual({
      EventBridgeConfiguration: {},
    });
    await deploy({ B: bucket() });
    expect(await call('s3', 'GetBucketNotificationConfiguration', { Bucket })).toEqual({});
  });

  it("that are not empty refuse to be deleted, unless CDK's auto-delete empties them", async () => {
    const { deploy, destroy, call } = deployment();
    const versioned = bucket({ BucketName: 'full', VersioningConfiguration: { Status: 'Enabled' } });
    await deploy({ B: versioned });
    await call('s3', 'PutObject', { Bucket: 'full', Key: 'a', Body: Buffer.from('1') });
    await call('s3', 'PutObject', { Bucket: 'full', Key: 'a', Body: Buffer.from('2') });
    await call('s3', 'DeleteObject', { Bucket: 'full', Key: 'a' });
    await expect(destroy()).rejects.toThrow(
      /B \(AWS::S3::Bucket\) DELETE_FAILED: .*The bucket you tried to delete is not empty/,
    );
    await expect(deploy({ B: versioned })).rejects.toThrow('DELETE_FAILED: ');
    await call('s3', 'DeleteObjects', {
      Bucket: 'full',
      Delete: {
        Objects: (await call('s3', 'ListObjectVersions', { Bucket: 'full' })).Versions.map(
          ({ Key, VersionId }: any) => ({ Key, VersionId }),
        ),
      },
    });
    const { DeleteMarkers } = await call('s3', 'ListObjectVersions', { Bucket: 'full' });
    await call('s3', 'DeleteObject', { Bucket: 'full', Key: 'a', VersionId: DeleteMarkers[0].VersionId });
    // As the remains of a failed creation, those of a failed deletion are deleted first.
    await deploy({ B: versioned });
    await destroy();

    await deploy({
      B: versioned,
      E: { Type: 'Custom::S3AutoDeleteObjects', Properties: { ServiceToken: 'x', BucketName: ref('B') } },
    });
    await call('s3', 'PutObject', { Bucket: 'full', Key: 'a', Body: Buffer.from('1') });
    await call('s3', 'DeleteObject', { Bucket: 'full', Key: 'a' });
    await destroy();
    await expect(call('s3', 'HeadBucket', { Bucket: 'full' })).rejects.toThrow();
  });

  it('do not adopt an existing bucket', async () => {
    const { deploy, call } = deployment();
    await call('s3', 'CreateBucket', { Bucket: 'taken' });
    await expect(deploy({ B: bucket({ BucketName: 'taken' }) })).rejects.toThrow('taken already exists');
    await call('s3', 'HeadBucket', { Bucket: 'taken' });
  });

  it('are made in the Region of the stack', async () => {
    const { run, cfn, call } = accountInMemory({ ...defaultAccount, region: 'eu-west-1' });
    await run(cfn.deploy({ stackName: 'demo', template: { Resources: { B: bucket({ BucketName: 'here' }) } } }));
    expect(await call('s3', 'GetBucketLocation', { Bucket: 'here' })).toEqual({ LocationConstraint: 'eu-west-1' });
  });
});

describe('SSM parameters', () => {
  it('take a number for a text', async () => {
    const { deploy, call } = deployment();
    const parameter = (Value: number) => ({
      P: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/n', Type: 'String', Value } },
    });
    for (const value of [1, 2]) {
      await deploy(parameter(value));
      expect((await call('ssm', 'GetParameter', { Name: '/n' })).Parameter.Value).toBe(String(value));
    }
  });
});

describe('SQS queues', () => {
  const queue = (properties: object) => ({ Type: 'AWS::SQS::Queue', Properties: properties });

  it('have their properties as attributes, and the defaults for removed ones', async () => {
    const { deploy, call, destroy } = deployment();
    const resources = {
      Dlq: queue({}),
      Q: queue({
        VisibilityTimeout: 360,
        MaximumMessageSize: 2048,
        RedrivePolicy: { deadLetterTargetArn: att('Dlq', 'Arn'), maxReceiveCount: 3 },
      }),
      P: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [ref('Q')],
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: att('Q', 'Arn') }],
          },
        },
      },
    };
    const { outputs } = await deploy(resources, { Url: { Value: ref('Q') }, Name: { Value: att('Q', 'QueueName') } });
    const attributes = async () =>
      (await call('sqs', 'GetQueueAttributes', { QueueUrl: outputs.Url, AttributeNames: ['All'] })).Attributes;
    expect(outputs.Url).toContain(outputs.Name);
    expect(await attributes()).toMatchObject({
      VisibilityTimeout: '360',
      Policy: expect.stringContaining('sqs:SendMessage'),
      RedrivePolicy: expect.stringMatching(/"maxReceiveCount":"?3/),
    });
    await deploy({ ...resources, Q: queue({ DelaySeconds: 5 }) });
    const MaximumMessageSize = '262144';
    expect(await attributes()).toMatchObject({ VisibilityTimeout: '30', DelaySeconds: '5', MaximumMessageSize });
    expect((await attributes()).RedrivePolicy ?? '').toBe('');
    await destroy();
    await expect(attributes()).rejects.toThrow();
  });
});

describe('a function with its role, mapping, rule and log group', () => {
  const resources = (code: string, more: { runtime?: string; statement?: string; batch?: number } = {}) => ({
    Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: lambdaTrust,
        ManagedPolicyArns: [
          { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
        ],
        Policies: [{ PolicyName: 'inline', PolicyDocument: statement('s3:ListBucket', '*') }],
      },
    },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'DefaultPolicy',
        PolicyDocument: statement(
          [more.statement ?? 'sqs:ReceiveMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          att('Q', 'Arn'),
        ),
        Roles: [ref('Role')],
      },
    },
    Managed: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { PolicyDocument: statement(more.statement ?? 'ssm:GetParameter', '*'), Roles: [ref('Role')] },
    },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
    Fn: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'cdk-assets', S3Key: `${code}.zip` },
        Handler: 'index.handler',
        Runtime: more.runtime ?? 'nodejs22.x',
        Role: att('Role', 'Arn'),
        Environment: { Variables: { QUEUE: ref('Q'), NUMBER: 1 } },
        LoggingConfig: { LogGroup: ref('Log') },
      },
      DependsOn: ['Policy'],
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: att('Q', 'Arn'),
        FunctionName: ref('Fn'),
        BatchSize: more.batch ?? 5,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
        Tags: [{ Key: 'batch', Value: String(more.batch ?? 5) }],
      },
    },
    Invoke: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: ref('Fn'), MaximumRetryAttempts: 0, Qualifier: '$LATEST' },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: att('Fn', 'Arn'),
        Principal: 'events.amazonaws.com',
        SourceArn: att('Rule', 'Arn'),
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.s3'] },
        State: 'ENABLED',
        Targets: [{ Id: 'Target0', Arn: att('Q', 'Arn'), Input: `{"code":"${code}"}` }],
      },
    },
    Parameter: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/demo/p', Type: 'String', Value: code } },
    Custom: { Type: 'Custom::Thing', Properties: { ServiceToken: att('Fn', 'Arn'), Code: code } },
  });
  const outputs = {
    Fn: { Value: ref('Fn') },
    Role: { Value: ref('Role') },
    Mapping: { Value: ref('Mapping') },
    Rule: { Value: ref('Rule') },
    Log: { Value: ref('Log') },
  };

  it('is created, updated without replacement, and deleted', async () => {
    const { deploy, destroy, call, codePaths } = deployment();
    const first = await deploy(resources('aaa'), outputs);
    const { Fn, Role, Mapping, Rule, Log } = first.outputs;
    expect(Fn).toMatch(/^demo-Fn-[0-9A-Z]{12}$/);
    expect(codePaths).toEqual(['/assets/aaa']);
    const configuration = () => call('lambda', 'GetFunctionConfiguration', { FunctionName: Fn });
    expect(await configuration()).toMatchObject({
      Runtime: 'nodejs22.x',
      LoggingConfig: { LogGroup: Log },
      Environment: { Variables: { NUMBER: '1', QUEUE: expect.stringContaining('demo-Q-') } },
    });
    expect((await call('iam', 'ListAttachedRolePolicies', { RoleName: Role })).AttachedPolicies).toHaveLength(2);
    expect((await call('iam', 'ListRolePolicies', { RoleName: Role })).PolicyNames).toEqual([
      'DefaultPolicy',
      'inline',
    ]);
    expect(await call('lambda', 'GetEventSourceMapping', { UUID: Mapping })).toMatchObject({ BatchSize: 5 });
    expect((await call('lambda', 'GetPolicy', { FunctionName: Fn })).Policy).toContain('events.amazonaws.com');
    expect((await call('logs', 'DescribeLogGroups', {})).logGroups[0].retentionInDays).toBe(7);

    const second = await deploy(
      resources('bbb', { runtime: 'nodejs24.x', statement: 'ssm:PutParameter', batch: 7 }),
      outputs,
    );
    expect(second.outputs).toEqual(first.outputs);
    expect(codePaths).toEqual(['/assets/aaa', '/assets/bbb']);
    expect((await configuration()).Runtime).toBe('nodejs24.x');
    expect(await call('lambda', 'GetEventSourceMapping', { UUID: Mapping })).toMatchObject({ BatchSize: 7 });
    const { EventSourceMappingArn: Resource } = await call('lambda', 'GetEventSourceMapping', { UUID: Mapping });
    expect((await call('lambda', 'ListTags', { Resource })).Tags).toMatchObject({ batch: '7' });
    expect((await call('ssm', 'GetParameter', { Name: '/demo/p' })).Parameter.Value).toBe('bbb');
    expect((await call('events', 'ListTargetsByRule', { Rule })).Targets).toMatchObject([{ Input: '{"code":"bbb"}' }]);
    const { PolicyDocument } = await call('iam', 'GetRolePolicy', { RoleName: Role, PolicyName: 'DefaultPolicy' });
    expect(decodeURIComponent(PolicyDocument)).toContain('ssm:PutParameter');

    await destroy();
    await expect(configuration()).rejects.toThrow('Function not found');
    await expect(call('iam', 'GetRole', { RoleName: Role })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await expect(call('ssm', 'GetParameter', { Name: '/demo/p' })).rejects.toMatchObject({ code: 'ParameterNotFound' });
    expect((await call('events', 'ListRules', {})).Rules).toEqual([]);
    expect((await call('logs', 'DescribeLogGroups', {})).logGroups).toEqual([]);
  });

  it('takes inline code', async () => {
    const { deploy, codePaths } = deployment();
    const { Role } = resources('aaa');
    const Properties = {
      Code: { ZipFile: 'exports.handler = 1' },
      Handler: 'index.handler',
      Runtime: 'nodejs22.x',
      Role: att('Role', 'Arn'),
    };
    await deploy({ Role, Fn: { Type: 'AWS::Lambda::Function', Properties } });
    expect(codePaths).toEqual(['inline']);
  });

  it('does not adopt an existing parameter or queue', async () => {
    const { deploy, call } = deployment();
    await call('ssm', 'PutParameter', { Name: '/mine', Type: 'String', Value: 'x' });
    await call('sqs', 'CreateQueue', { QueueName: 'mine' });
    await expect(
      deploy({ P: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/mine', Type: 'String', Value: 'y' } } }),
    ).rejects.toThrow('AlreadyExists');
    await expect(deploy({ Q: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'mine' } } })).rejects.toThrow(
      'mine already exists',
    );
    expect((await call('ssm', 'GetParameter', { Name: '/mine' })).Parameter.Value).toBe('x');
  });
});

describe('model package groups', () => {
  const group = (properties: object) => ({
    Group: {
      Type: 'AWS::SageMaker::ModelPackageGroup',
      Properties: { ModelPackageGroupName: 'Iris', ...properties },
    },
  });
  const policy = resourcePolicy('sagemaker:ListModelPackages', '*');
  const Iris = { ModelPackageGroupName: 'Iris' };

  it('are created with a policy and tags, updated in place, and deleted', async () => {
    const { deploy, destroy, call } = deployment();
    const { outputs } = await deploy(group({ ModelPackageGroupPolicy: policy }), { Arn: { Value: ref('Group') } });
    expect(outputs.Arn).toBe('arn:aws:sagemaker:us-east-1:000000000000:model-package-group/Iris');
    const { ResourcePolicy } = await call('sagemaker', 'GetModelPackageGroupPolicy', Iris);
    expect(JSON.parse(ResourcePolicy)).toEqual(policy);

    await deploy(group({ Tags: [{ Key: 'team', Value: 'iris' }] }));
    await expect(call('sagemaker', 'GetModelPackageGroupPolicy', Iris)).rejects.toThrow('not have a resource policy');
    const tags = await call('sagemaker', 'ListTags', { ResourceArn: outputs.Arn });
    expect(tags.Tags).toContainEqual({ Key: 'team', Value: 'iris' });
    await destroy();
    await expect(call('sagemaker', 'DescribeModelPackageGroup', Iris)).rejects.toThrow('does not exist');
  });

  it('that were deleted by hand count as deleted', async () => {
    const { deploy, destroy, call } = deployment();
    await deploy(group({}));
    await call('sagemaker', 'DeleteModelPackageGroup', Iris);
    await destroy();
  });
});

describe('SageMaker endpoints', () => {
  const resources = (image: string, more: { config?: object; endpoint?: object } = {}) => ({
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          ...lambdaTrust,
          Statement: [{ ...lambdaTrust.Statement[0], Principal: { Service: 'sagemaker.amazonaws.com' } }],
        },
      },
    },
    Model: {
      Type: 'AWS::SageMaker::Model',
      Properties: { ExecutionRoleArn: att('Role', 'Arn'), PrimaryContainer: { Image: image } },
    },
    Config: {
      Type: 'AWS::SageMaker::EndpointConfig',
      Properties: {
        // Ref is the ARN, but the API takes the name.
        ProductionVariants: [
          {
            VariantName: 'v',
            ModelName: ref('Model'),
            InstanceType: 'ml.m5.large',
            InitialInstanceCount: 1,
            InitialVariantWeight: 1,
          },
        ],
        ...more.config,
      },
    },
    Endpoint: {
      Type: 'AWS::SageMaker::Endpoint',
      Properties: { EndpointName: 'My-Endpoint', EndpointConfigName: ref('Config'), ...more.endpoint },
    },
  });
  const outputs = {
    Endpoint: { Value: ref('Endpoint') },
    Name: { Value: att('Endpoint', 'EndpointName') },
    Config: { Value: att('Config', 'EndpointConfigName') },
    Model: { Value: att('Model', 'ModelName') },
  };

  it('are InService at the end; a new image replaces model and config and updates the endpoint', async () => {
    const { deploy, destroy, call } = deployment();
    const describeEndpoint = () => call('sagemaker', 'DescribeEndpoint', { EndpointName: 'My-Endpoint' });
    const first = await deploy(resources('one'), outputs);
    expect(first.outputs).toMatchObject({
      Endpoint: 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/my-endpoint',
      Name: 'My-Endpoint',
      Model: expect.stringMatching(/^Model-[0-9A-Z]{12}$/),
    });
    expect(await describeEndpoint()).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: first.outputs.Config,
    });

    const second = await deploy(resources('two'), outputs);
    expect(second.outputs.Config).not.toBe(first.outputs.Config);
    expect(await describeEndpoint()).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: second.outputs.Config,
    });
    expect((await call('sagemaker', 'ListModels')).Models).toMatchObject([{ ModelName: second.outputs.Model }]);
    expect((await call('sagemaker', 'ListEndpointConfigs')).EndpointConfigs).toHaveLength(1);

    await destroy();
    await expect(describeEndpoint()).rejects.toThrow('Could not find endpoint');
  });

  it("that do not come up fail the stack with SageMaker's reason, and are deleted", async () => {
    const { deploy, call, verdicts } = deployment();
    verdicts.judge = () => ({ reason: 'did not pass the ping health check' });
    await expect(deploy(resources('one'))).rejects.toThrow(
      /ROLLBACK_COMPLETE\. Endpoint \(AWS::SageMaker::Endpoint\) CREATE_FAILED: did not pass the ping health check/,
    );
    expect((await call('sagemaker', 'ListEndpoints')).Endpoints).toEqual([]);
  });

  it('whose update is refused roll the stack back', async () => {
    const { deploy, call, verdicts } = deployment();
    const first = await deploy(resources('one'), outputs);
    verdicts.judge = () => ({ reason: 'broken' });
    await expect(deploy(resources('two'), outputs)).rejects.toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      message: expect.stringContaining('Endpoint (AWS::SageMaker::Endpoint) UPDATE_FAILED: broken'),
    });
    const endpoint = await call('sagemaker', 'DescribeEndpoint', { EndpointName: 'My-Endpoint' });
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: first.outputs.Config });
    expect((await call('sagemaker', 'ListEndpointConfigs')).EndpointConfigs).toHaveLength(1);
    verdicts.judge = () => ({ healthyAfterMs: 1 });
    expect((await deploy(resources('two'), outputs)).status).toBe('UPDATE_COMPLETE');
  });

  it('are rolled back by another update when a later resource fails', async () => {
    const { deploy, call } = deployment();
    const first = await deploy(resources('one'), outputs);
    const Bad = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: -1 }, DependsOn: 'Endpoint' };
    await expect(deploy({ ...resources('two'), Bad }, outputs)).rejects.toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
    });
    const endpoint = await call('sagemaker', 'DescribeEndpoint', { EndpointName: 'My-Endpoint' });
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: first.outputs.Config });
  });

  it('fail with a message of their own when SageMaker gives no reason', async () => {
    const { deploy, sagemaker } = deployment();
    await deploy(resources('one'));
    sagemaker.faults.nextUpdate('My-Endpoint', { kind: 'refuse', reason: '' });
    await expect(deploy(resources('two'))).rejects.toThrow(
      /is InService with endpoint configuration .*\. SageMaker gave no reason/,
    );
  });

  it('that another client is updating fail the deployment, which rolls back once they are idle', async () => {
    const { deploy, sagemaker, clock } = deployment();
    await deploy(resources('one'));
    sagemaker.faults.forceStatus('My-Endpoint', 'Updating');
    clock.schedule(60_000, () => sagemaker.faults.forceStatus('My-Endpoint', 'InService'));
    await expect(deploy(resources('two'))).rejects.toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      message: expect.stringContaining('Cannot update in-progress endpoint'),
    });
  });

  it('are not updated for changes of tags and Retain options', async () => {
    const { deploy, call } = deployment();
    const first = await deploy(resources('one'), outputs);
    const endpoint = { Tags: [{ Key: 'a', Value: 'b' }], RetainAllVariantProperties: true };
    const second = await deploy(resources('one', { endpoint }), outputs);
    expect(second.outputs).toEqual(first.outputs);
    expect((await call('sagemaker', 'ListTags', { ResourceArn: first.outputs.Endpoint })).Tags).toEqual(endpoint.Tags);
  });

  it('cannot be replaced under a name that the template sets', async () => {
    const { deploy } = deployment();
    const config = (count: number) => ({
      config: { EndpointConfigName: 'fixed', DataCaptureConfig: { InitialSamplingPercentage: count } },
    });
    await deploy(resources('one', config(1)));
    await expect(deploy(resources('one', config(2)))).rejects.toThrow(
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. ' +
        'Rename fixed and update the stack again.',
    );
  });
});

describe('keys', () => {
  const outputs = {
    Key: { Value: ref('Key') },
    Arn: { Value: att('Key', 'Arn') },
    Alias: { Value: ref('Alias') },
  };
  const resources = (properties: object, target = 'Key') => ({
    Key: { Type: 'AWS::KMS::Key', Properties: properties },
    Other: { Type: 'AWS::KMS::Key', Properties: {} },
    Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/a', TargetKeyId: ref(target) } },
  });

  it('are created with their alias, updated in place, and scheduled for deletion', async () => {
    const { deploy, destroy, call } = deployment();
    const first = (await deploy(resources({ Description: 'd', Enabled: 'false' }), outputs)).outputs;
    expect(first).toMatchObject({
      Arn: `arn:aws:kms:us-east-1:000000000000:key/${first.Key}`,
      Alias: 'alias/a',
    });
    const state = async (KeyId: string | undefined) =>
      (await call('kms', 'DescribeKey', { KeyId })).KeyMetadata as { KeyId: string; KeyState: string };
    expect(await state('alias/a')).toMatchObject({ KeyId: first.Key, Description: 'd', KeyState: 'Disabled' });
    const KeyPolicy = { Statement: { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' } };
    const second = (await deploy(resources({ KeyPolicy }, 'Other'), outputs)).outputs;
    expect(second).toEqual(first);
    expect(await state(first.Key)).toMatchObject({ KeyState: 'Enabled' });
    expect((await state('alias/a')).KeyId).not.toBe(first.Key);
    await destroy();
    expect(await state(first.Key)).toMatchObject({ KeyState: 'PendingDeletion' });
    await expect(state('alias/a')).rejects.toMatchObject({ code: 'NotFoundException' });
  });

  it('that were scheduled for deletion by hand count as deleted', async () => {
    const { deploy, destroy, call } = deployment();
    const { Key: KeyId } = (await deploy(resources({}), outputs)).outputs;
    await call('kms', 'ScheduleKeyDeletion', { KeyId });
    await destroy();
  });

  it('need a valid policy', async () => {
    const { deploy } = deployment();
    await expect(deploy(resources({ KeyPolicy: {} }))).rejects.toThrow('Statement cannot be empty');
  });
});

describe('types that are only recorded', () => {
  it('can be referred to', async () => {
    const { deploy, destroy } = deployment();
    const { outputs } = await deploy(
      {
        Meta: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'x' } },
        Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: {} },
        Dashboard: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: '{}' } },
        Target: {
          Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
          Properties: { ResourceId: 'endpoint/e/variant/v', ScalableDimension: 'd', ServiceNamespace: 'sagemaker' },
        },
        Scaling: {
          Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
          Properties: { PolicyName: 'p', ScalingTargetId: ref('Target') },
        },
      },
      {
        Alarm: { Value: att('Alarm', 'Arn') },
        Dashboard: { Value: ref('Dashboard') },
        Target: { Value: ref('Target') },
      },
    );
    expect(outputs).toEqual({
      Alarm: expect.stringMatching(/^arn:aws:cloudwatch:us-east-1:000000000000:alarm:demo-Alarm-/),
      Dashboard: expect.stringMatching(/^demo-Dashboard-/),
      Target: 'endpoint/e/variant/v|d|sagemaker',
    });
    await destroy();
  });
});
