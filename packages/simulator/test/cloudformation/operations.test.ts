// biome-ignore-all lint/suspicious/noExplicitAny: AWS's shapes
import { describe, expect, it } from 'vitest';
import { harness, thing } from './harness.ts';

const template = (resources: object, more: object = {}) => JSON.stringify({ Resources: resources, ...more });

describe('the API', () => {
  it('creates, describes, updates and deletes a stack', async () => {
    const h = harness();
    const { StackId } = await h.call('CreateStack', {
      StackName: 'api',
      TemplateBody: template(
        { A: thing({ Value: { Ref: 'P' } }) },
        {
          Description: 'd',
          Parameters: { P: { Type: 'String', Default: 'x' } },
          Outputs: { O: { Value: { Ref: 'A' } } },
        },
      ),
      Tags: [{ Key: 'k', Value: 'v' }],
      Parameters: [{ ParameterKey: 'P', ParameterValue: 'y' }],
    });
    await h.clock.advance(0);
    const { Stacks } = await h.call('DescribeStacks', { StackName: 'api' });
    expect(Stacks).toMatchObject([
      {
        StackId,
        StackName: 'api',
        StackStatus: 'CREATE_COMPLETE',
        Description: 'd',
        CreationTime: expect.any(Date),
        Parameters: [{ ParameterKey: 'P', ParameterValue: 'y' }],
        Outputs: [{ OutputKey: 'O', OutputValue: expect.stringMatching(/^thing:api-A-/) }],
        Tags: [{ Key: 'k', Value: 'v' }],
      },
    ]);
    await h.call('UpdateStack', {
      StackName: StackId,
      UsePreviousTemplate: 'true',
      Parameters: [{ ParameterKey: 'P', ParameterValue: 'z' }],
    });
    await h.clock.advance(0);
    expect([...h.things.values()][0]?.properties.Value).toBe('z');
    const { StackEvents } = await h.call('DescribeStackEvents', { StackName: 'api' });
    expect(StackEvents[0]).toMatchObject({ LogicalResourceId: 'api', ResourceStatus: 'UPDATE_COMPLETE' });
    const times: number[] = StackEvents.map(({ Timestamp }: { Timestamp: Date }) => Timestamp.getTime());
    expect(times).toEqual([...new Set(times)].sort((a, b) => b - a));
    const { StackResourceSummaries } = await h.call('ListStackResources', { StackName: 'api' });
    expect(StackResourceSummaries).toMatchObject([{ LogicalResourceId: 'A', ResourceStatus: 'UPDATE_COMPLETE' }]);
    expect(JSON.parse((await h.call('GetTemplate', { StackName: 'api' })).TemplateBody).Description).toBe('d');
    await h.call('DeleteStack', { StackName: 'api' });
    await h.clock.advance(0);
    expect((await h.call('ListStacks', {})).StackSummaries).toMatchObject([{ StackStatus: 'DELETE_COMPLETE' }]);
    expect((await h.call('DescribeStacks', {})).Stacks).toEqual([]);
  });

  it('describes no empty parameters and outputs, and the version of a template without one', async () => {
    const h = harness();
    await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A: thing() }) });
    await h.clock.advance(0);
    const [stack] = (await h.call('DescribeStacks', {})).Stacks;
    expect([stack.Parameters, stack.Outputs, stack.Tags]).toEqual([undefined, undefined, []]);
    expect(await h.call('GetTemplateSummary', { StackName: 'api' })).toMatchObject({ Version: '2010-09-09' });
  });

  it('names the events of resources, and gives their properties', async () => {
    const h = harness();
    await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A: thing({ Value: 1 }) }) });
    await h.clock.advance(0);
    await h.call('DeleteStack', { StackName: 'api' });
    await h.clock.advance(0);
    const { StackId, StackEvents } = (await h.call('ListStacks', {})).StackSummaries.map(({ StackId }: any) => ({
      StackId,
      StackEvents: h.call('DescribeStackEvents', { StackName: StackId }),
    }))[0];
    const events = (await StackEvents).StackEvents.filter(({ LogicalResourceId }: any) => LogicalResourceId === 'A');
    expect(StackId).toContain('stack/api/');
    // Clients follow a deployment by the ids.
    expect(new Set(events.map(({ EventId }: any) => EventId)).size).toBe(5);
    for (const { EventId, ResourceStatus, ResourceProperties } of events) {
      expect(EventId).toMatch(new RegExp(`^A-${ResourceStatus}-\\d{4}-`));
      expect(JSON.parse(ResourceProperties)).toEqual({ Value: 1 });
    }
  });

  it('describes deleted stacks, and those that were rolled back, without their change set', async () => {
    const h = harness();
    const names = { StackName: 'api', ChangeSetName: 'one' };
    const TemplateBody = template({ A: thing({ Fail: 'create' }) });
    const { StackId } = await h.call('CreateChangeSet', { ...names, ChangeSetType: 'CREATE', TemplateBody });
    await h.call('ExecuteChangeSet', names);
    await h.clock.advance(0);
    const stack = async () => (await h.call('DescribeStacks', { StackName: StackId })).Stacks[0];
    expect(await stack()).toMatchObject({
      StackStatus: 'ROLLBACK_COMPLETE',
      DeletionTime: expect.any(Date),
      ChangeSetId: undefined,
      EnableTerminationProtection: false,
    });
    await h.call('DeleteStack', { StackName: 'api' });
    await h.clock.advance(0);
    expect(await stack()).toMatchObject({ StackStatus: 'DELETE_COMPLETE', EnableTerminationProtection: undefined });
  });

  it('forgets the change set when a stack is updated without one, but not its capabilities', async () => {
    const h = harness();
    const names = { StackName: 'api', ChangeSetName: 'one' };
    const Capabilities = ['CAPABILITY_IAM'];
    const create = { ...names, ChangeSetType: 'CREATE', Capabilities, TemplateBody: template({ A: thing() }) };
    await h.call('CreateChangeSet', create);
    await h.call('ExecuteChangeSet', names);
    await h.clock.advance(0);
    await h.call('UpdateStack', { StackName: 'api', TemplateBody: template({ A: thing({ Value: 1 }) }) });
    await h.clock.advance(0);
    const [stack] = (await h.call('DescribeStacks', { StackName: 'api' })).Stacks;
    expect([stack.ChangeSetId, stack.Capabilities]).toEqual([undefined, Capabilities]);
  });

  it('describes the metadata of a resource, and refuses one that is not there', async () => {
    const h = harness();
    const A = thing({}, { Metadata: { of: { Ref: 'AWS::StackName' } } });
    await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A, B: thing() }) });
    await h.clock.advance(0);
    const describe = async (LogicalResourceId: string, StackName = 'api') =>
      (await h.call('DescribeStackResource', { StackName, LogicalResourceId })).StackResourceDetail.Metadata;
    expect([await describe('A'), await describe('B')]).toEqual(['{"of":"api"}', '{}']);
    await expect(describe('C')).rejects.toThrow('Resource C does not exist for stack api');
    await expect(describe('A', 'none')).rejects.toThrow("Stack 'none' does not exist");
  });

  it.each<[string, object, object?]>([
    ['Unable to get mapping for M::b::c', { Value: { 'Fn::FindInMap': ['M', 'b', 'c'] } }],
    ['Fn::Select requires a list argument', { Value: { a: [{ 'Fn::Select': [1, ['x']] }] } }],
    ['unresolved condition dependency C in Fn::If', { Value: { 'Fn::If': ['C', 1, 2] } }],
    ['Parameter name a-b is non alphanumeric.', {}, { Parameters: { 'a-b': { Type: 'String' } } }],
    ['Every Mappings member a must be a map', {}, { Mappings: { M: { a: 'b' } } }],
    ['Every Mappings attribute must be a String or a List.', {}, { Mappings: { M: { a: { b: { c: 'd' } } } } }],
    ['Any Resources member must be an object.', {}, { Resources: { A: 'text' } }],
    ['Any Resources member must be an object.', {}, { Resources: '' }],
    ["Invalid template resource property 'Wrong'", {}, { Resources: { A: thing({}, { Wrong: 1 }) } }],
    ["[/Outputs/O/Value] 'null' values are not allowed in templates", {}, { Outputs: { O: { Value: null } } }],
    ["[/Resources/A/Properties/Value/0] 'null' values are not", { Value: [null] }],
    ["Parameter 'N' must be a number.", {}, { Parameters: { N: { Type: 'Number', Default: 'x' } } }],
    ['every Fn::Equals object requires a list of 2', {}, { Conditions: { C: { 'Fn::Equals': ['a'] } } }],
  ])('refuses a template at once: %s', async (message, properties, more = {}) => {
    const h = harness();
    const Mappings = { M: { a: { b: 'c' } } };
    const A = thing(properties, 'Conditions' in more ? { Condition: 'C' } : {});
    const TemplateBody = template({ A }, { Mappings, ...more });
    await expect(h.call('CreateStack', { StackName: 'api', TemplateBody })).rejects.toThrow(message);
  });

  it('refuses a value for a parameter that keeps its own', async () => {
    const h = harness();
    const Parameters = { P: { Type: 'String', Default: 'x' } };
    await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A: thing() }, { Parameters }) });
    await h.clock.advance(0);
    const both = { ParameterKey: 'P', ParameterValue: 'y', UsePreviousValue: true };
    await expect(
      h.call('UpdateStack', { StackName: 'api', UsePreviousTemplate: true, Parameters: [both] }),
    ).rejects.toThrow(/^Invalid input for parameter key P\. Cannot specify usePreviousValue/);
  });

  it('summarizes a template, also that of a stack, as aws cloudformation deploy needs it', async () => {
    const h = harness();
    const Parameters = { P: { Type: 'Number', Default: 1, AllowedValues: [1, 2], Description: 'd', NoEcho: true } };
    const TemplateBody = template({ A: thing(), R: { Type: 'AWS::IAM::Role', Properties: {} } }, { Parameters });
    const parameter = { ParameterKey: 'P', DefaultValue: '1', NoEcho: true, Description: 'd' };
    const Capabilities = ['CAPABILITY_IAM'];
    const summary = await h.call('GetTemplateSummary', { TemplateBody });
    expect(summary).toMatchObject({
      Parameters: [{ ...parameter, ParameterType: 'Number', ParameterConstraints: { AllowedValues: ['1', '2'] } }],
      ResourceTypes: ['Test::Thing', 'AWS::IAM::Role'],
      Capabilities,
    });
    expect(await h.call('ValidateTemplate', { TemplateBody })).toMatchObject({ Parameters: [parameter], Capabilities });
    await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A: thing() }, { Parameters }) });
    await h.clock.advance(0);
    const { Capabilities: none, ...ofStack } = await h.call('GetTemplateSummary', { StackName: 'api' });
    expect([none, ofStack.Parameters, ofStack.ResourceTypes]).toEqual([undefined, summary.Parameters, ['Test::Thing']]);
    await expect(h.call('ValidateTemplate', { TemplateBody: '{}' })).rejects.toMatchObject({ code: 'ValidationError' });
  });

  it('refuses an existing name, an unknown stack and an invalid name', async () => {
    const h = harness();
    const TemplateBody = template({ A: thing() });
    await h.call('CreateStack', { StackName: 'api', TemplateBody });
    await expect(h.call('CreateStack', { StackName: 'api', TemplateBody })).rejects.toMatchObject({
      code: 'AlreadyExistsException',
      message: 'Stack [api] already exists',
    });
    for (const operation of ['UpdateStack', 'DescribeStacks', 'GetTemplate']) {
      await expect(h.call(operation, { StackName: 'none', TemplateBody })).rejects.toMatchObject({
        code: 'ValidationError',
        message: 'Stack with id none does not exist',
        status: 400,
      });
    }
    await expect(h.call('DescribeStackEvents', { StackName: 'none' })).rejects.toThrow('Stack [none] does not exist');
    await expect(h.call('CreateStack', { StackName: '../x', TemplateBody })).rejects.toThrow("'../x' at 'stackName'");
    await h.call('DeleteStack', { StackName: 'none' });
  });

  it("asks for the permission on the stack's ARN", async () => {
    const h = harness();
    const asked: string[] = [];
    h.cloud.authorizeWith((_caller, { action, resource }) => asked.push(`${action} ${resource}`));
    const { StackId } = await h.call('CreateStack', { StackName: 'api', TemplateBody: template({ A: thing() }) });
    await h.call('DescribeStacks', { StackName: 'api' });
    await h.call('DescribeStacks', { StackName: 'none' }).catch(() => undefined);
    expect(asked).toEqual([
      'cloudformation:CreateStack arn:aws:cloudformation:us-east-1:000000000000:stack/api/*',
      `cloudformation:DescribeStacks ${StackId}`,
      'cloudformation:DescribeStacks arn:aws:cloudformation:us-east-1:000000000000:stack/none/*',
    ]);
  });

  it('requires consent to IAM resources', async () => {
    const h = harness();
    const call = (role: object, Capabilities?: string[]) =>
      h.call('CreateStack', {
        StackName: 'api',
        Capabilities,
        TemplateBody: template({ R: { Type: 'AWS::IAM::Role', Properties: role } }),
      });
    await expect(call({})).rejects.toMatchObject({
      code: 'InsufficientCapabilitiesException',
      message: 'Requires capabilities : [CAPABILITY_IAM]',
    });
    await expect(call({ RoleName: 'x' }, ['CAPABILITY_IAM'])).rejects.toThrow('[CAPABILITY_NAMED_IAM]');
  });

  it.each([
    ['https://s3.us-east-1.amazonaws.com/bucket/a/b.json', 'bucket/a/b.json'],
    ['https://bucket.s3.us-east-1.amazonaws.com/k%20x', 'bucket/k x'],
    ['http://127.0.0.1:4566/bucket/a/b', 'bucket/a/b'],
    ['http://bucket.localhost:4566/a', 'bucket/a'],
  ])('reads the template from S3 at %s', async (TemplateURL, expected) => {
    const h = harness();
    h.service('s3', {
      GetObject: ({ Bucket, Key }) => ({
        Body: (async function* () {
          yield Buffer.from(template({ A: thing({ Value: `${Bucket}/${Key}` }) }));
        })(),
      }),
    });
    await h.call('CreateStack', { StackName: 'api', TemplateURL });
    await h.clock.advance(0);
    expect([...h.things.values()][0]?.properties.Value).toBe(expected);
  });

  it.each(['http://127.0.0.1:4566/bucket', 'nonsense'])('refuses %s as the URL of a template', async (TemplateURL) => {
    const created = harness().call('CreateStack', { StackName: 'api', TemplateURL });
    await expect(created).rejects.toThrow('TemplateURL must be a supported URL.');
  });

  it('names what is no domain of S3', async () => {
    const created = harness().call('CreateStack', { StackName: 'api', TemplateURL: 's3://bucket/key' });
    await expect(created).rejects.toThrow('S3 error: Domain name specified in bucket is not a valid S3 domain');
  });

  it('needs the template once', async () => {
    const h = harness();
    await expect(h.call('CreateStack', { StackName: 'a', TemplateBody: '{' })).rejects.toThrow('JSON not well-formed');
    await expect(h.call('CreateStack', { StackName: 'a' })).rejects.toThrow(
      'Either Template URL or Template Body must be specified.',
    );
  });

  it('leaves a failed creation as it is when rollback is disabled', async () => {
    const h = harness();
    await h.call('CreateStack', {
      StackName: 'api',
      DisableRollback: true,
      TemplateBody: template({ A: thing(), B: thing({ Fail: 'create' }, { DependsOn: 'A' }) }),
    });
    await h.clock.advance(0);
    expect((await h.call('DescribeStacks', { StackName: 'api' })).Stacks[0].StackStatus).toBe('CREATE_FAILED');
    expect(h.things.size).toBe(1);
  });

  it('does not delete a protected stack', async () => {
    const h = harness();
    const input = { StackName: 'api', TemplateBody: template({ A: thing() }), EnableTerminationProtection: true };
    await h.call('CreateStack', input);
    await h.clock.advance(0);
    await expect(h.call('DeleteStack', { StackName: 'api' })).rejects.toThrow('TerminationProtection is enabled');
    await h.call('UpdateTerminationProtection', { StackName: 'api', EnableTerminationProtection: false });
    await h.call('DeleteStack', { StackName: 'api' });
  });
});

describe('change sets', () => {
  it('create a stack as cdk deploy does', async () => {
    const h = harness();
    const names = { StackName: 'cs', ChangeSetName: 'deploy-1' };
    const { Id, StackId } = await h.call('CreateChangeSet', {
      ...names,
      ChangeSetType: 'CREATE',
      TemplateBody: template({ A: thing() }),
    });
    expect((await h.call('DescribeStacks', { StackName: 'cs' })).Stacks[0].StackStatus).toBe('REVIEW_IN_PROGRESS');
    expect(await h.call('DescribeChangeSet', names)).toMatchObject({
      ChangeSetId: Id,
      StackId,
      Status: 'CREATE_COMPLETE',
      ExecutionStatus: 'AVAILABLE',
      Changes: [{ Type: 'Resource', ResourceChange: { Action: 'Add', LogicalResourceId: 'A' } }],
    });
    await h.call('ExecuteChangeSet', { ...names, ClientRequestToken: 'token' });
    await h.clock.advance(0);
    const { Stacks } = await h.call('DescribeStacks', { StackName: 'cs' });
    expect(Stacks).toMatchObject([
      { StackStatus: 'CREATE_COMPLETE', ChangeSetId: Id, LastUpdatedTime: expect.any(Date) },
    ]);
    await expect(h.call('ExecuteChangeSet', names)).rejects.toThrow('current execution status of [EXECUTE_COMPLETE]');
  });

  it('put a new stack in REVIEW_IN_PROGRESS, and are no way to create it again', async () => {
    const h = harness();
    const create = (StackName: string, ChangeSetName: string) =>
      h.call('CreateChangeSet', {
        StackName,
        ChangeSetName,
        ChangeSetType: 'CREATE',
        TemplateBody: template({ A: thing() }),
      });
    const { Id, StackId } = await create('cs', 'one');
    const [event] = (await h.call('DescribeStackEvents', { StackName: 'cs' })).StackEvents;
    expect(event).toMatchObject({ ResourceStatus: 'REVIEW_IN_PROGRESS', ResourceStatusReason: 'User Initiated' });
    await expect(h.call('GetTemplateSummary', { StackName: 'cs' })).rejects.toThrow('on REVIEW_IN_PROGRESS stacks.');
    await create(StackId, 'two');
    await h.call('ExecuteChangeSet', { ChangeSetName: Id });
    await h.clock.advance(0);
    await expect(create('cs', 'three')).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Stack [cs] already exists and cannot be created again with the changeSet [three].',
    });
    await h.call('DeleteStack', { StackName: 'cs' });
    await h.clock.advance(0);
    await expect(create(StackId, 'four')).rejects.toThrow('cannot be created again');
  });

  it('are obsolete once the stack is deployed without them', async () => {
    const h = harness();
    const TemplateBody = template({ A: thing() });
    const names = { StackName: 'cs', ChangeSetName: 'one' };
    const { StackId } = await h.call('CreateChangeSet', { ...names, ChangeSetType: 'CREATE', TemplateBody });
    expect(await h.call('CreateStack', { StackName: 'cs', TemplateBody })).toEqual({ StackId });
    await h.clock.advance(0);
    expect((await h.call('DescribeStacks', { StackName: 'cs' })).Stacks).toMatchObject([
      { StackStatus: 'CREATE_COMPLETE' },
    ]);
    expect(await h.call('DescribeChangeSet', names)).toMatchObject({ ExecutionStatus: 'OBSOLETE' });
    await expect(h.call('ExecuteChangeSet', names)).rejects.toThrow('current execution status of [OBSOLETE]');
  });

  it('have a template that GetTemplate returns', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }));
    const names = { StackName: 'demo', ChangeSetName: 'one' };
    const TemplateBody = template({ A: thing({ Value: 1 }) });
    const { Id } = await h.call('CreateChangeSet', { ...names, TemplateBody });
    for (const input of [names, { ChangeSetName: Id }]) {
      expect((await h.call('GetTemplate', input)).TemplateBody).toBe(TemplateBody);
    }
    await expect(h.call('GetTemplate', {})).rejects.toThrow('StackName is required if ChangeSetName is not specified.');
    await expect(h.call('GetTemplate', { ChangeSetName: 'one' })).rejects.toThrow('StackName is a required parameter.');
    await expect(h.call('GetTemplate', { ChangeSetName: `${Id}0` })).rejects.toMatchObject({
      code: 'ChangeSetNotFound',
      status: 404,
    });
  });

  it('hide the values of parameters that have NoEcho', async () => {
    const h = harness();
    await h.call('CreateChangeSet', {
      StackName: 'cs',
      ChangeSetName: 'one',
      ChangeSetType: 'CREATE',
      TemplateBody: template({ A: thing() }, { Parameters: { P: { Type: 'String', NoEcho: true, Default: 'x' } } }),
    });
    const { Parameters } = await h.call('DescribeChangeSet', { StackName: 'cs', ChangeSetName: 'one' });
    expect(Parameters).toEqual([{ ParameterKey: 'P', ParameterValue: '****' }]);
  });

  it('describe their changes, or that there are none', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Kind: 'x' }), B: thing({ Value: 1 }), C: thing() }));
    const update = (name: string, resources: object) =>
      h.call('CreateChangeSet', { StackName: 'demo', ChangeSetName: name, TemplateBody: template(resources) });
    await update('one', { A: thing({ Kind: 'y' }), B: thing({ Value: 2 }), D: thing() });
    const { Changes } = await h.call('DescribeChangeSet', { StackName: 'demo', ChangeSetName: 'one' });
    expect(
      Changes.map(({ ResourceChange: { Action, LogicalResourceId, Replacement } }: any) => [
        Action,
        LogicalResourceId,
        Replacement,
      ]),
    ).toEqual([
      ['Modify', 'A', 'True'],
      ['Modify', 'B', 'False'],
      ['Add', 'D', undefined],
      ['Remove', 'C', undefined],
    ]);
    const { Id } = await update('two', { A: thing({ Kind: 'x' }), B: thing({ Value: 1 }), C: thing() });
    expect(await h.call('DescribeChangeSet', { ChangeSetName: Id })).toMatchObject({
      Status: 'FAILED',
      StatusReason: expect.stringContaining("didn't contain changes"),
    });
    await expect(h.call('ExecuteChangeSet', { ChangeSetName: Id })).rejects.toThrow('current status of [FAILED]');
    await h.call('DeleteChangeSet', { ChangeSetName: Id });
    await expect(h.call('DescribeChangeSet', { StackName: 'demo', ChangeSetName: 'two' })).rejects.toMatchObject({
      code: 'ChangeSetNotFound',
    });
  });

  it('are gone once one of them is executed, which leaves its name to another', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Value: 0 }) }));
    const StackName = 'demo';
    const create = (ChangeSetName: string, Value: number) =>
      h.call('CreateChangeSet', { StackName, ChangeSetName, TemplateBody: template({ A: thing({ Value }) }) });
    const listed = async () =>
      (await h.call('ListChangeSets', { StackName })).Summaries.map(({ ChangeSetName }: any) => ChangeSetName);
    await create('other', 1);
    const first = await create('same', 2);
    const { Tags, Parameters } = await h.call('DescribeChangeSet', { ChangeSetName: first.Id });
    expect([Tags, Parameters]).toEqual([undefined, undefined]);
    await h.call('ExecuteChangeSet', { ChangeSetName: first.Id });
    await h.clock.advance(0);
    expect(await listed()).toEqual([]);
    expect(await h.call('DescribeChangeSet', { ChangeSetName: first.Id })).toMatchObject({
      ExecutionStatus: 'EXECUTE_COMPLETE',
    });
    await create('same', 3);
    expect(await listed()).toEqual(['same']);
    await expect(h.call('DescribeChangeSet', { StackName: 'none', ChangeSetName: 'x' })).rejects.toThrow(
      'Stack [none] does not exist',
    );
  });

  it('are not executed while an operation is in progress', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }));
    const names = { StackName: 'demo', ChangeSetName: 'one' };
    await h.call('CreateChangeSet', { ...names, TemplateBody: template({ A: thing({ Value: 1 }) }) });
    const running = h.deploy({ A: thing(), B: thing({ DelayMs: 1000 }) });
    await h.clock.advance(500);
    await expect(h.call('ExecuteChangeSet', names)).rejects.toThrow(
      'is in UPDATE_IN_PROGRESS state and can not be updated',
    );
    await h.run(running);
  });

  it('leave no stack when the template is refused', async () => {
    const h = harness();
    await expect(
      h.call('CreateChangeSet', {
        StackName: 'cs',
        ChangeSetName: 'x',
        ChangeSetType: 'CREATE',
        TemplateBody: template({ A: { Type: 'AWS::SageMaker::ModelPackage' } }),
      }),
    ).rejects.toThrow('cs: AWS::SageMaker::ModelPackage (A)');
    await expect(h.call('DescribeStacks', { StackName: 'cs' })).rejects.toThrow('does not exist');
  });
});
