import { describe, expect, it } from 'vitest';
import { harness } from './harness.ts';

/** A resource whose value the test can see. */
const thing = (Value: unknown) => ({ Type: 'Test::Thing', Properties: { Value } });

describe('a resource of a type that is not simulated', () => {
  it('is recorded, and references to it resolve', async () => {
    const h = harness();
    const result = await h.run(
      h.deploy(
        {
          Net: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
          Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news' } },
          Cluster: { Type: 'AWS::ECS::Cluster' },
          User: { Type: 'My::Company::User', Properties: { UserName: 'ada' } },
        },
        {
          Outputs: Object.fromEntries(
            Object.entries({
              vpc: { Ref: 'Net' },
              cidr: { 'Fn::GetAtt': ['Net', 'CidrBlock'] },
              topic: { Ref: 'Topic' },
              topicArn: { 'Fn::GetAtt': ['Topic', 'TopicArn'] },
              topicName: { 'Fn::GetAtt': ['Topic', 'TopicName'] },
              cluster: { 'Fn::GetAtt': ['Cluster', 'Arn'] },
              other: { 'Fn::GetAtt': ['Cluster', 'Endpoint.Port'] },
              entry: { 'Fn::Select': [0, { 'Fn::GetAtt': ['Net', 'Ipv6CidrBlocks'] }] },
              user: { Ref: 'User' },
            }).map(([key, Value]) => [key, { Value }]),
          ),
        },
      ),
    );
    const topic = 'arn:aws:sns:us-east-1:000000000000:news';
    expect(result.outputs).toEqual({
      vpc: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
      cidr: '10.0.0.0/16',
      topic,
      topicArn: topic,
      topicName: 'news',
      cluster: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:cluster\/demo-Cluster-\w+$/),
      other: expect.stringMatching(/^demo-Cluster-\w+\.Endpoint\.Port$/),
      entry: expect.stringMatching(/^vpc-\w+\.Ipv6CidrBlocks$/),
      user: 'ada',
    });
  });

  it('is replaced when its name changes', async () => {
    const h = harness();
    const cluster = (ClusterName: string) => ({ C: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName } } });
    const Outputs = { Ref: { Value: { Ref: 'C' } } };
    await h.run(h.deploy(cluster('one'), { Outputs }));
    expect((await h.run(h.deploy(cluster('two'), { Outputs }))).outputs).toEqual({ Ref: 'two' });
    expect(h.history()).toContain('C DELETE_COMPLETE');
  });

  it('is shown as recorded only, in the events and in the result', async () => {
    const h = harness();
    const { resources } = await h.run(
      h.deploy({ Net: { Type: 'AWS::EC2::VPC' }, Meta: { Type: 'AWS::CDK::Metadata' }, A: thing(1) }),
    );
    expect(resources.filter(({ isRecordOnly }) => isRecordOnly).map(({ logicalId }) => logicalId)).toEqual(['Net']);
    const { StackEvents } = await h.call('DescribeStackEvents', { StackName: 'demo' });
    const done = (StackEvents as { LogicalResourceId: string; ResourceStatus: string; ResourceStatusReason?: string }[])
      .filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE')
      .map(({ LogicalResourceId, ResourceStatusReason }) => [LogicalResourceId, ResourceStatusReason]);
    expect(Object.fromEntries(done)).toMatchObject({ Net: 'Recorded only', A: undefined });
  });
});

describe('a resource whose type decides what is served', () => {
  const part = { Type: 'AWS::SageMaker::InferenceComponent' };

  it('is refused with all others, of all stacks', () => {
    const { cfn } = harness();
    const check = () =>
      cfn.checkTypes([
        { stackName: 'one', template: { Resources: { A: thing(1), P: part } } },
        { stackName: 'two', template: { Resources: { N: { Type: 'AWS::CloudFormation::Stack' }, Q: part } } },
        { stackName: 'three', template: { Resources: { A: thing(1) } } },
      ]);
    expect(check).toThrow(
      'one: AWS::SageMaker::InferenceComponent (P); ' +
        'two: AWS::CloudFormation::Stack (N), AWS::SageMaker::InferenceComponent (Q).',
    );
  });

  it('is left to its condition', async () => {
    const h = harness();
    const template = {
      Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { A: thing(1), P: { ...part, Condition: 'Never' } },
    };
    h.cfn.checkTypes([{ stackName: 'one', template }]);
    await h.run(h.deploy(template.Resources, { Conditions: template.Conditions }));
  });
});
