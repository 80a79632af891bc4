import { describe, expect, it } from 'vitest';
import type { StackEvent } from '../../src/cloudformation/index.ts';
import { accountInMemory } from './account.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:news';
const att = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
const rule = (Properties: object) => ({ Type: 'AWS::Events::Rule', Properties });
const mapping = (Properties: object) => ({ Type: 'AWS::Lambda::EventSourceMapping', Properties });
const lambda = {
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole'],
    },
  },
  F: {
    Type: 'AWS::Lambda::Function',
    Properties: { Runtime: 'nodejs22.x', Handler: 'i.h', Role: att('Role', 'Arn'), Code: { ZipFile: 'x' } },
  },
};
const target = (Id: string, Arn: unknown) => ({ Id, Arn });

function deployment() {
  const account = accountInMemory();
  const deploy = (Resources: object, Outputs: object = {}, onEvent?: (event: StackEvent) => void) =>
    account.run(account.cfn.deploy({ stackName: 'demo', template: { Resources, Outputs }, onEvent }));
  return { ...account, deploy, destroy: () => account.run(account.cfn.destroy('demo')) };
}

describe('what is not simulated of a simulated type', () => {
  it('are the targets of a rule that are no queues', async () => {
    const { deploy, destroy, call } = deployment();
    const resources = (...more: object[]) => ({
      Q: { Type: 'AWS::SQS::Queue' },
      R: rule({ Name: 'r', EventPattern: { source: ['a'] }, Targets: [target('queue', att('Q', 'Arn')), ...more] }),
    });
    const targets = async () => (await call('events', 'ListTargetsByRule', { Rule: 'r' })).Targets;
    const others = [target('topic', TOPIC), target('fifo', 'arn:aws:sqs:us-east-1:000000000000:q.fifo')];
    const events: StackEvent[] = [];
    await deploy(resources(...others), {}, (event) => events.push(event));
    expect(events.map(({ reason }) => reason)).toContain('Recorded only: target topic, target fifo');
    expect(await targets()).toMatchObject([{ Id: 'queue' }]);
    await deploy(resources());
    expect(await targets()).toMatchObject([{ Id: 'queue' }]);
    await destroy();
  });

  it('are the rules of another event bus', async () => {
    const { deploy, destroy, call } = deployment();
    const { outputs } = await deploy(
      {
        Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'own' } },
        R: rule({ EventBusName: { Ref: 'Bus' }, Name: 'r', EventPattern: { source: ['a'] } }),
      },
      { Ref: { Value: { Ref: 'R' } }, Arn: { Value: att('R', 'Arn') } },
    );
    expect(outputs).toEqual({ Ref: 'own|r', Arn: 'arn:aws:events:us-east-1:000000000000:rule/own/r' });
    expect((await call('events', 'ListRules', {})).Rules).toEqual([]);
    await destroy();
  });

  it('are schedules of cron', async () => {
    const { deploy, destroy, call } = deployment();
    const rules = async () => (await call('events', 'ListRules', {})).Rules;
    const cron = { Name: 'r', ScheduleExpression: 'cron(0 3 * * ? *)' };
    const events: StackEvent[] = [];
    const outputs = { Arn: { Value: att('R', 'Arn') } };
    const deployed = await deploy({ R: rule(cron) }, outputs, (event) => events.push(event));
    expect(deployed.outputs).toEqual({ Arn: 'arn:aws:events:us-east-1:000000000000:rule/r' });
    expect(deployed.resources).toMatchObject([{ logicalId: 'R', isRecordOnly: true }]);
    expect(events.map(({ reason }) => reason)).toContain('Recorded only');
    expect(await rules()).toEqual([]);
    await deploy({ R: rule({ Name: 'r', ScheduleExpression: 'rate(1 day)' }) });
    expect(await rules()).toMatchObject([{ Name: 'r', ScheduleExpression: 'rate(1 day)' }]);
    await deploy({ R: rule(cron) });
    expect(await rules()).toEqual([]);
    // What else the rule has stays.
    await deploy({ R: rule({ ...cron, EventPattern: { source: ['a'] } }) });
    expect(await rules()).toMatchObject([{ EventPattern: '{"source":["a"]}' }]);
    await destroy();
    expect(await rules()).toEqual([]);
  });

  it('are the event source mappings of streams', async () => {
    const { deploy, destroy, call } = deployment();
    const EventSourceArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
    const mapping = (BatchSize: number) => ({
      M: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { FunctionName: 'f', EventSourceArn, BatchSize } },
    });
    await deploy(mapping(1), { Id: { Value: { Ref: 'M' } } });
    await deploy(mapping(2));
    expect((await call('lambda', 'ListEventSourceMappings', {})).EventSourceMappings).toEqual([]);
    await destroy();
  });

  it('are FIFO queues, with their policies and mappings, and mappings with filters', async () => {
    const { deploy, destroy, call } = deployment();
    const Statement = [{ Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' }];
    const resources = (more: object) => ({
      Q: { Type: 'AWS::SQS::Queue' },
      Fifo: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: { Queues: [{ Ref: 'Fifo' }, { Ref: 'Q' }], PolicyDocument: { Version: '2012-10-17', Statement } },
      },
      ...lambda,
      OfFifo: mapping({ EventSourceArn: att('Fifo', 'Arn'), FunctionName: { Ref: 'F' } }),
      M: mapping({ EventSourceArn: att('Q', 'Arn'), FunctionName: { Ref: 'F' }, ...more }),
    });
    const mappings = async () => (await call('lambda', 'ListEventSourceMappings', {})).EventSourceMappings.length;
    const { outputs } = await deploy(resources({}), { Url: { Value: { Ref: 'Fifo' } } });
    expect(outputs.Url).toMatch(/^https:.*\.fifo$/);
    expect((await call('sqs', 'ListQueues', {})).QueueUrls).toHaveLength(1);
    expect(await mappings()).toBe(1);
    await deploy(resources({ FilterCriteria: { Filters: [{ Pattern: '{}' }] } }));
    expect(await mappings()).toBe(0);
    await deploy(resources({}));
    expect(await mappings()).toBe(1);
    await destroy();
  });

  it('are versions and aliases of functions, with their permissions and mappings', async () => {
    const { deploy, destroy, call } = deployment();
    const Alias = { Name: 'live', FunctionName: { Ref: 'F' }, FunctionVersion: att('V', 'Version') };
    const permission = { FunctionName: { Ref: 'A' }, Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
    const resources = {
      ...lambda,
      Q: { Type: 'AWS::SQS::Queue' },
      V: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'F' } } },
      A: { Type: 'AWS::Lambda::Alias', Properties: Alias },
      P: { Type: 'AWS::Lambda::Permission', Properties: permission },
      M: mapping({ EventSourceArn: att('Q', 'Arn'), FunctionName: { Ref: 'A' } }),
    };
    const deployed = await deploy(resources, { Alias: { Value: { Ref: 'A' } } });
    expect(deployed.outputs.Alias).toMatch(/^arn:aws:lambda:us-east-1:000000000000:function:demo-F-.*:live$/);
    const recorded = deployed.resources.filter(({ isRecordOnly }) => isRecordOnly).map(({ logicalId }) => logicalId);
    expect(recorded.sort()).toEqual(['A', 'M', 'P', 'V']);
    expect((await call('lambda', 'ListEventSourceMappings', {})).EventSourceMappings).toEqual([]);
    await destroy();
  });

  it('are notifications of buckets to others than EventBridge', async () => {
    const { deploy, destroy, call } = deployment();
    const notified = (NotificationConfiguration: object, more: object = {}) => ({
      Type: 'Custom::S3BucketNotifications',
      Properties: { ServiceToken: 'x', BucketName: { Ref: 'B' }, NotificationConfiguration, ...more },
    });
    const lambdas = [{ Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: 'arn:aws:lambda:us-east-1:0:function:f' }];
    const QueueConfigurations = [{ Event: 's3:ObjectCreated:*', Queue: 'arn:aws:sqs:us-east-1:000000000000:q' }];
    const configuration = (Bucket: string) => call('s3', 'GetBucketNotificationConfiguration', { Bucket });
    const both = { LambdaFunctionConfigurations: lambdas, EventBridgeConfiguration: {} };
    const B = { Type: 'AWS::S3::Bucket', Properties: { NotificationConfiguration: { QueueConfigurations } } };
    const name = { Name: { Value: { Ref: 'B' } } };
    const { outputs } = await deploy({ B, N: notified(both) }, name);
    expect(await configuration(outputs.Name ?? '')).toEqual({ EventBridgeConfiguration: {} });
    // Those that an app adds to a bucket that it does not own keep EventBridge.
    const others = notified({ LambdaFunctionConfigurations: lambdas }, { Managed: false });
    const { resources } = await deploy({ B, N: notified(both), Others: others }, name);
    expect(resources).toMatchObject([
      { logicalId: 'B', isRecordOnly: false, recordedParts: ['QueueConfigurations'] },
      { logicalId: 'N', isRecordOnly: false, recordedParts: ['LambdaFunctionConfigurations'] },
      { logicalId: 'Others', isRecordOnly: true, recordedParts: [] },
    ]);
    await deploy({ B, N: notified(both) }, name);
    expect(await configuration(outputs.Name ?? '')).toEqual({ EventBridgeConfiguration: {} });
    await destroy();
  });

  it('are properties without effect, also those that an update adds', async () => {
    const { deploy, destroy } = deployment();
    const key = (Properties: object) => ({ K: { Type: 'AWS::KMS::Key', Properties } });
    const events: StackEvent[] = [];
    const seen = (event: StackEvent) => events.push(event);
    expect((await deploy(key({ Description: 'a' }), {}, seen)).resources).toMatchObject([{ recordedParts: [] }]);
    expect(events.filter(({ reason }) => reason?.startsWith('Recorded'))).toEqual([]);
    await deploy(key({ Description: 'a', EnableKeyRotation: true }), {}, seen);
    expect(events.map(({ reason }) => reason)).toContain('Recorded only: EnableKeyRotation');
    await destroy();
  });

  it("are users' and groups' policies", async () => {
    const { deploy, destroy } = deployment();
    const PolicyDocument = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };
    await deploy({
      U: { Type: 'AWS::IAM::User' },
      P: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', PolicyDocument, Users: [{ Ref: 'U' }] } },
    });
    await destroy();
  });
});
