import { describe, expect, it } from 'vitest';
import type { StackEvent } from '../../src/cloudformation/index.ts';
import { accountInMemory } from './account.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:news';
const att = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
const rule = (Properties: object) => ({ Type: 'AWS::Events::Rule', Properties });
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
    await deploy(resources(target('topic', TOPIC), target('fifo', 'arn:aws:sqs:us-east-1:000000000000:q.fifo')));
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
