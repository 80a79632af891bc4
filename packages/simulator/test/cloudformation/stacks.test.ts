// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its variables so
import { describe, expect, it } from 'vitest';
import { harness, thing } from './harness.ts';

describe('creating a stack', () => {
  it('creates resources in the order of their references and of DependsOn', async () => {
    const h = harness();
    const result = await h.run(
      h.deploy({
        C: thing({ Value: { 'Fn::Sub': '${B.Arn}' } }),
        B: thing({ Value: { 'Fn::Join': ['', [{ Ref: 'A' }]] } }),
        D: thing({}, { DependsOn: ['C'] }),
        A: thing({ Name: 'a' }),
      }),
    );
    expect(result.status).toBe('CREATE_COMPLETE');
    expect(h.log).toEqual(['create A', 'create B', 'create C', 'create D']);
    expect(h.things.get('thing:a')).toBeDefined();
    expect(result.resources.map(({ logicalId }) => logicalId)).toEqual(['A', 'B', 'C', 'D']);
  });

  it('runs independent resources at the same time', async () => {
    const h = harness();
    const start = h.clock.now();
    await h.run(h.deploy({ A: thing({ DelayMs: 1000 }), B: thing({ DelayMs: 1000 }) }));
    expect(h.clock.now() - start).toBe(1000);
  });

  it("writes CloudFormation's history", async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Name: 'a' }) }));
    expect(
      h.events.map(({ logicalId, status, reason, physicalId }) => [logicalId, status, reason, physicalId]),
    ).toEqual([
      ['demo', 'CREATE_IN_PROGRESS', 'User Initiated', expect.stringMatching(/^arn:aws:cloudformation:/)],
      ['A', 'CREATE_IN_PROGRESS', undefined, ''],
      ['A', 'CREATE_IN_PROGRESS', 'Resource creation Initiated', 'thing:a'],
      ['A', 'CREATE_COMPLETE', undefined, 'thing:a'],
      ['demo', 'CREATE_COMPLETE', undefined, expect.any(String)],
    ]);
  });

  it('names resources <stack>-<logicalId>-<random>', async () => {
    const h = harness();
    await h.run(h.deploy({ MyThing: thing() }));
    expect([...h.things.keys()]).toEqual([expect.stringMatching(/^thing:demo-MyThing-[0-9A-Z]{12}$/)]);
  });

  it('resolves outputs, also of nested attributes', async () => {
    const h = harness();
    const { outputs } = await h.run(
      h.deploy(
        { A: thing({ Name: 'a', Value: 7 }) },
        {
          Outputs: {
            Id: { Value: { Ref: 'A' } },
            Deep: { Value: { 'Fn::GetAtt': 'A.Nested.Deep' } },
            Seven: { Value: { 'Fn::GetAtt': ['A', 'Value'] } },
          },
        },
      ),
    );
    expect(outputs).toEqual({ Id: 'thing:a', Deep: 'deep', Seven: '7' });
  });

  it('omits resources and outputs whose condition does not hold', async () => {
    const h = harness();
    const result = await h.run(
      h.deploy(
        {
          A: thing({}, { Condition: 'No' }),
          B: thing({ Value: { 'Fn::If': ['No', { Ref: 'A' }, 'x'] } }, { DependsOn: 'A' }),
        },
        { Conditions: { No: { 'Fn::Equals': ['a', 'b'] } }, Outputs: { O: { Value: { Ref: 'A' }, Condition: 'No' } } },
      ),
    );
    expect(h.log).toEqual(['create B']);
    expect(result.outputs).toEqual({});
  });

  it('deletes everything in reverse order when one resource fails, and reports which and why', async () => {
    const h = harness();
    const failing = h.run(
      h.deploy({
        A: thing(),
        B: thing({ Value: { Ref: 'A' } }),
        C: thing({ Value: { Ref: 'B' }, Fail: 'create' }),
        D: thing({ Value: { Ref: 'C' } }),
      }),
    );
    await expect(failing).rejects.toThrow(
      'Stack demo is ROLLBACK_COMPLETE. ' +
        'C (Test::Thing) CREATE_FAILED: Resource handler returned message: "C is refused"',
    );
    expect(h.log).toEqual(['create A', 'create B', 'create C', 'delete B', 'delete A']);
    expect(h.things.size).toBe(0);
    expect(h.events.find(({ status }) => status === 'ROLLBACK_IN_PROGRESS')?.reason).toBe(
      'The following resource(s) failed to create: [C]. Rollback requested by user.',
    );
    expect(h.history().slice(-2)).toEqual(['A DELETE_COMPLETE', 'demo ROLLBACK_COMPLETE']);
  });

  it('deletes a resource that existed when its creation failed', async () => {
    const h = harness();
    await expect(h.run(h.deploy({ A: thing({ Fail: 'created' }) }))).rejects.toThrow('A broke');
    expect(h.things.size).toBe(0);
  });

  it('fails if the name exists', async () => {
    const h = harness();
    await expect(
      h.run(h.deploy({ A: thing({ Name: 'x' }), B: thing({ Name: 'x' }, { DependsOn: 'A' }) })),
    ).rejects.toThrow(/thing:x already exists.*HandlerErrorCode: AlreadyExists/);
  });

  it('ends in ROLLBACK_FAILED when a resource cannot be deleted, and deletes the others', async () => {
    const h = harness();
    await expect(
      h.run(
        h.deploy({ A: thing({ Fail: 'delete' }), B: thing(), C: thing({ Fail: 'create' }, { DependsOn: ['A', 'B'] }) }),
      ),
    ).rejects.toMatchObject({ status: 'ROLLBACK_FAILED' });
    expect(h.things.size).toBe(1);
  });

  it('keeps Retain resources when it rolls back, but not RetainExceptOnCreate', async () => {
    const h = harness();
    await expect(
      h.run(
        h.deploy({
          A: thing({ Name: 'a' }, { DeletionPolicy: 'Retain' }),
          B: thing({ Name: 'b' }, { DeletionPolicy: 'RetainExceptOnCreate' }),
          C: thing({ Fail: 'create' }, { DependsOn: ['A', 'B'] }),
        }),
      ),
    ).rejects.toThrow();
    expect([...h.things.keys()]).toEqual(['thing:a']);
    expect(h.history()).toContain('A DELETE_SKIPPED');
  });

  it('is possible again after a rollback, as with cdk deploy', async () => {
    const h = harness();
    await expect(h.run(h.deploy({ A: thing({ Fail: 'create' }) }))).rejects.toThrow();
    expect((await h.run(h.deploy({ A: thing() }))).status).toBe('CREATE_COMPLETE');
  });
});

describe('a template is refused before a resource is created', () => {
  it.each<[string, object, object, string | RegExp]>([
    [
      'circle',
      { A: thing({ Value: { Ref: 'B' } }), B: thing({ Value: { Ref: 'C' } }), C: thing({}, { DependsOn: 'A' }) },
      {},
      'Circular dependency between resources: [A, B, C]',
    ],
    ['itself', { A: thing({ Value: { Ref: 'A' } }) }, {}, 'Circular dependency between resources: [A]'],
    [
      'unknown Ref',
      { A: thing({ Value: { Ref: 'Nobody' } }) },
      {},
      'Unresolved resource dependencies [Nobody] in the Resources block',
    ],
    [
      'DependsOn that names no resource',
      { A: thing({}, { DependsOn: 5 }) },
      {},
      'Every DependsOn value must be a string',
    ],
    [
      'a function that is not supported',
      { A: thing({ Value: { 'Fn::Join': ['', [{ 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }]] } }) },
      {},
      'does not support the function Fn::Cidr',
    ],
    ['unknown DependsOn', { A: thing({}, { DependsOn: 'Nobody' }) }, {}, 'Unresolved resource dependencies [Nobody]'],
    [
      'unknown output',
      { A: thing() },
      { Outputs: { O: { Value: { Ref: 'Nobody' } } } },
      /^Template format error: .* in the Outputs block/,
    ],
    [
      'output of a resource without its condition',
      { A: thing({}, { Condition: 'Never' }) },
      { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } }, Outputs: { O: { Value: { Ref: 'A' } } } },
      /^Unresolved resource dependencies \[A\] in the Outputs block/,
    ],
    [
      'unsupported type',
      { A: thing(), Part: { Type: 'AWS::SageMaker::InferenceComponent' } },
      {},
      'so deploys nothing. demo: AWS::SageMaker::InferenceComponent (Part).',
    ],
    ['empty', {}, {}, 'At least one Resources member must be defined'],
    ['odd id', { 'A-B': thing() }, {}, 'Resource name A-B is non alphanumeric'],
    ['no type', { A: {} }, {}, 'must contain a Type member'],
    ['Ref to no text', { A: thing({ Value: { Ref: [{}] } }) }, {}, 'every Ref object requires a single String value'],
    ['If without a condition', { A: thing({ Value: { 'Fn::If': [{}, 1, 2] } }) }, {}, 'the name of a condition'],
    ['condition that is no text', { A: thing({}, { Condition: {} }) }, {}, 'Every Condition member must be a string'],
    [
      'condition that names no text',
      { A: thing({}, { Condition: 'C' }) },
      { Conditions: { C: { Condition: [] } } },
      'Every Condition member must be a string',
    ],
    [
      'parameter without a type',
      { A: thing() },
      { Parameters: { P: { Default: 'x' } } },
      'Every Parameters object must contain a Type member',
    ],
    [
      'parameter of an unknown type',
      { A: thing() },
      { Parameters: { P: { Type: -1, Default: 'x' } } },
      'Unrecognized parameter type: -1',
    ],
    [
      'default that is no text',
      { A: thing() },
      { Parameters: { P: { Type: 'String', Default: {} } } },
      'Every Default member must be a string',
    ],
    [
      'allowed values that are no list',
      { A: thing() },
      { Parameters: { P: { Type: 'String', Default: 'x', AllowedValues: {} } } },
      'AllowedValues must be a list',
    ],
    ['transform', { A: thing() }, { Transform: 'AWS::Serverless-2016-10-31' }, 'does not run template transforms'],
  ])('%s', async (_name, resources, more, message) => {
    const h = harness();
    await expect(h.run(h.deploy(resources, more))).rejects.toThrow(message);
    expect(h.log).toEqual([]);
    await expect(h.call('DescribeStacks', { StackName: 'demo' })).rejects.toThrow('Stack with id demo does not exist');
  });
});

describe('dynamic references', () => {
  it('are replaced by SSM parameters, also by a version of one', async () => {
    const h = harness();
    h.service('ssm', { GetParameter: ({ Name }) => ({ Parameter: { Value: `value of ${Name}` } }) });
    const Value = { list: ['a {{resolve:ssm:/p}} b', { 'Fn::Sub': '{{resolve:ssm:${AWS::Region}:2}}' }] };
    await h.run(h.deploy({ A: thing({ Value }) }));
    const [made] = [...h.things.values()];
    expect(made?.properties.Value).toEqual({ list: ['a value of /p b', 'value of us-east-1:2'] });
  });

  it('to a missing parameter are refused in the words of CloudFormation', async () => {
    const h = harness();
    const missing = 'Unable to fetch parameters [/p] from parameter store for this account.';
    await expect(h.run(h.deploy({ A: thing({ Value: '{{resolve:ssm:/p}}' }) }))).rejects.toThrow(`: ${missing}`);
    const Looked = { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/p' };
    const given = h.run(h.deploy({ A: thing({ Value: { Ref: 'Looked' } }) }, { Parameters: { Looked } }));
    await expect(given).rejects.toMatchObject({ code: 'ValidationError', message: missing });
  });

  it.each(['ssm-secure:/p', 'secretsmanager:s'])(
    'to %s are refused before a resource is created',
    async (reference) => {
      const h = harness();
      const refused = h.run(h.deploy({ A: thing(), B: thing({ Value: `{{resolve:${reference}}}` }) }));
      await expect(refused).rejects.toThrow(`not {{resolve:${reference}}} of B`);
      expect(h.things.size).toBe(0);
    },
  );
});

describe('updating a stack', () => {
  it('updates only the changed resources and those that refer to them', async () => {
    const h = harness();
    await h.run(
      h.deploy({
        A: thing({ Value: 1 }),
        B: thing({ Value: { 'Fn::GetAtt': 'A.Value' } }),
        C: thing({ Value: { Ref: 'A' } }),
      }),
    );
    h.log.length = 0;
    const result = await h.run(
      h.deploy({
        A: thing({ Value: 2 }),
        B: thing({ Value: { 'Fn::GetAtt': 'A.Value' } }),
        C: thing({ Value: { Ref: 'A' } }),
      }),
    );
    expect(result.status).toBe('UPDATE_COMPLETE');
    expect(h.log).toEqual(['update A', 'update B']);
  });

  it('replaces: the new one first, then those that refer to it, the old one last', async () => {
    const h = harness();
    const template = (kind: string) => ({ A: thing({ Kind: kind }), B: thing({ Value: { Ref: 'A' } }) });
    await h.run(h.deploy(template('x')));
    const [old] = [...h.things.keys()];
    h.log.length = 0;
    h.events.length = 0;
    await h.run(h.deploy(template('y')));
    expect(h.log).toEqual(['create A', 'update B', 'delete A']);
    expect(h.things.has(old ?? '')).toBe(false);
    const b = [...h.things.values()].find(({ id }) => id.includes('-B-'));
    expect(h.things.has(String(b?.properties.Value))).toBe(true);
    expect(h.history()).toEqual([
      'demo UPDATE_IN_PROGRESS',
      'A UPDATE_IN_PROGRESS',
      'A UPDATE_IN_PROGRESS',
      'A UPDATE_COMPLETE',
      'B UPDATE_IN_PROGRESS',
      'B UPDATE_COMPLETE',
      'demo UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'A DELETE_IN_PROGRESS',
      'A DELETE_COMPLETE',
      'demo UPDATE_COMPLETE',
    ]);
    expect(h.events.find(({ status }) => status === 'DELETE_COMPLETE')?.physicalId).toBe(old);
  });

  it('adds and removes resources; removes them in reverse order at the end', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing(), B: thing({ Value: { Ref: 'A' } }), K: thing() }));
    h.log.length = 0;
    const { resources } = await h.run(h.deploy({ K: thing(), N: thing() }));
    expect(h.log).toEqual(['create N', 'delete B', 'delete A']);
    expect(resources.map(({ logicalId }) => logicalId).sort()).toEqual(['K', 'N']);
  });

  it('keeps retained resources, whether replaced or removed', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Kind: 'x' }), B: thing({}, { DeletionPolicy: 'Retain' }) }));
    await h.run(h.deploy({ A: thing({ Kind: 'y' }, { UpdateReplacePolicy: 'Retain' }) }));
    expect(h.things.size).toBe(3);
    expect(h.history().filter((line) => line.endsWith('DELETE_SKIPPED'))).toEqual([
      'B DELETE_SKIPPED',
      'A DELETE_SKIPPED',
    ]);
  });

  it('resolves the policies of resources', async () => {
    const h = harness();
    const more = {
      Parameters: { P: { Type: 'String', Default: 'Retain' }, Q: { Type: 'String', Default: 'AWS::NoValue' } },
      Conditions: { Kept: { 'Fn::Equals': [{ Ref: 'P' }, 'Retain'] } },
    };
    const policies = {
      DeletionPolicy: { 'Fn::If': ['Kept', 'Retain', 'Delete'] },
      UpdateReplacePolicy: { Ref: 'P' },
    };
    await h.run(h.deploy({ A: thing({ Kind: 'x', Name: { Ref: 'Q' } }, policies), B: thing({}, policies) }, more));
    expect([...h.things.keys()]).not.toContain('thing:AWS::NoValue');
    await h.run(h.deploy({ A: thing({ Kind: 'y' }, policies) }, more));
    expect(h.things.size).toBe(3);
  });

  it('refuses to replace a resource under a name that the template sets', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Name: 'mine', Kind: 'x' }) }));
    await expect(h.run(h.deploy({ A: thing({ Name: 'mine', Kind: 'y' }) }))).rejects.toThrow(
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. ' +
        'Rename mine and update the stack again.',
    );
    expect(h.things.get('thing:mine')?.properties.Kind).toBe('x');
    expect((await h.run(h.deploy({ A: thing({ Name: 'other', Kind: 'y' }) }))).status).toBe('UPDATE_COMPLETE');
    expect([...h.things.keys()]).toEqual(['thing:other']);
  });

  it("refuses to change a resource's type", async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }));
    await expect(h.run(h.deploy({ A: { Type: 'AWS::CDK::Metadata' } }))).rejects.toThrow(
      'Update of resource type is not permitted. ' +
        'The new template modifies resource type of the following resources: [A]',
    );
  });

  it("has nothing to do for the same template, tells CloudFormation's callers so, and ignores DependsOn", async () => {
    const h = harness();
    const resources = { A: thing({ Name: 'a' }), B: thing() };
    await h.run(h.deploy(resources));
    h.log.length = 0;
    const again = await h.run(h.deploy({ ...resources, B: thing({}, { DependsOn: 'A' }) }));
    expect(again).toMatchObject({ status: 'CREATE_COMPLETE', changed: false });
    expect(h.log).toEqual([]);
    const TemplateBody = JSON.stringify({ Resources: resources });
    await expect(h.call('UpdateStack', { StackName: 'demo', TemplateBody })).rejects.toThrow(
      'No updates are to be performed.',
    );
  });

  it('is refused while another one is in progress', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }));
    const first = h.deploy({ A: thing({ Value: 1 }), B: thing({ DelayMs: 5000 }) });
    await h.clock.advance(1000);
    await expect(h.deploy({ A: thing({ Value: 2 }) })).rejects.toThrow(
      /^Stack:arn:aws:\S+:stack\/demo\/[-0-9a-f]+ is in UPDATE_IN_PROGRESS state and can not be updated\.$/,
    );
    await expect(h.cfn.destroy('demo')).rejects.toThrow('cannot be deleted while in status UPDATE_IN_PROGRESS');
    expect((await h.run(first)).status).toBe('UPDATE_COMPLETE');
  });

  it('completes even if an old resource cannot be deleted', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Fail: 'delete' }), B: thing() }));
    const { status, resources } = await h.run(h.deploy({ B: thing() }));
    expect(status).toBe('UPDATE_COMPLETE');
    expect(resources.map(({ logicalId }) => logicalId)).toEqual(['B']);
    expect(h.history()).toContain('A DELETE_FAILED');
  });
});

describe('an update that fails', () => {
  const before = {
    A: thing({ Value: 1 }),
    R: thing({ Kind: 'x' }),
    U: thing({ Value: { Ref: 'R' } }),
    Z: thing({ Value: 'z' }, { DependsOn: ['A', 'U'] }),
  };
  const after = {
    A: thing({ Value: 2 }),
    R: thing({ Kind: 'y' }),
    U: thing({ Value: { Ref: 'R' } }),
    N: thing(),
    Z: thing({ Value: 'zz', Fail: 'update' }, { DependsOn: ['A', 'U', 'N'] }),
  };

  it('restores properties in order, then deletes the new resources', async () => {
    const h = harness();
    await h.run(h.deploy(before));
    const ids = [...h.things.keys()].sort();
    const values = [...h.things.values()].map(({ properties }) => properties);
    h.log.length = 0;
    h.events.length = 0;
    await expect(h.run(h.deploy(after))).rejects.toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      event: { logicalId: 'Z', status: 'UPDATE_FAILED' },
      message: expect.stringContaining("Z can't change"),
    });
    expect([...h.things.keys()].sort()).toEqual(ids);
    expect([...h.things.values()].map(({ properties }) => properties)).toEqual(values);
    expect(h.log).toEqual([
      'create N',
      'update A',
      'create R',
      'update U',
      'update Z',
      'update A',
      'update U',
      'update Z',
      'delete N',
      'delete R',
    ]);
    expect(h.history().filter((line) => line.startsWith('demo'))).toEqual([
      'demo UPDATE_IN_PROGRESS',
      'demo UPDATE_ROLLBACK_IN_PROGRESS',
      'demo UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'demo UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(h.events.find(({ status }) => status === 'UPDATE_ROLLBACK_IN_PROGRESS')?.reason).toBe(
      'The following resource(s) failed to update: [Z]. ',
    );
  });

  it('restores a property after those on which it depends', async () => {
    const h = harness();
    const template = (value: number, fail = {}) => ({
      C: thing({ Value: { 'Fn::GetAtt': 'B.Value' }, ...fail }),
      B: thing({ Value: { 'Fn::GetAtt': 'A.Value' } }),
      A: thing({ Value: value, UpdateMs: 100 }),
    });
    await h.run(h.deploy(template(1)));
    await expect(h.run(h.deploy(template(2, { Fail: 'update' })))).rejects.toThrow("C can't change");
    const history = h.history();
    const rollback = history.slice(history.indexOf('demo UPDATE_ROLLBACK_IN_PROGRESS') + 1);
    expect(rollback.slice(0, 6)).toEqual([
      'A UPDATE_IN_PROGRESS',
      'A UPDATE_COMPLETE',
      'B UPDATE_IN_PROGRESS',
      'B UPDATE_COMPLETE',
      'C UPDATE_IN_PROGRESS',
      'C UPDATE_COMPLETE',
    ]);
  });

  it('can be followed by one that succeeds', async () => {
    const h = harness();
    await h.run(h.deploy(before));
    await expect(h.run(h.deploy(after))).rejects.toThrow();
    const { Z: _bad, ...good } = after;
    expect((await h.run(h.deploy(good))).status).toBe('UPDATE_COMPLETE');
    expect(h.things.size).toBe(4);
  });

  it('ends in UPDATE_ROLLBACK_FAILED when a resource cannot be restored', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Value: 1, Fail: 'rollback' }), B: thing() }));
    await expect(
      h.run(h.deploy({ A: thing({ Value: 2 }), B: thing({ Fail: 'update' }, { DependsOn: 'A' }) })),
    ).rejects.toMatchObject({ status: 'UPDATE_ROLLBACK_FAILED' });
    await expect(h.run(h.deploy({ A: thing() }))).rejects.toThrow('is in UPDATE_ROLLBACK_FAILED state');
    await h.run(h.cfn.destroy('demo'));
    expect(h.things.size).toBe(0);
  });

  it('deletes a partly created replacement and keeps the old resource', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Kind: 'x' }) }));
    const ids = [...h.things.keys()];
    await expect(h.run(h.deploy({ A: thing({ Kind: 'y', Fail: 'created' }) }))).rejects.toThrow('A broke');
    expect([...h.things.keys()]).toEqual(ids);
    const { StackResources } = await h.call('DescribeStackResources', { StackName: 'demo' });
    expect(StackResources).toMatchObject([{ PhysicalResourceId: ids[0], ResourceStatus: 'UPDATE_COMPLETE' }]);
  });
});

describe('deleting a stack', () => {
  it('deletes the resources in reverse order and frees the name', async () => {
    const h = harness();
    const { stackId } = await h.run(h.deploy({ A: thing(), B: thing({ Value: { Ref: 'A' } }) }));
    h.log.length = 0;
    await h.run(h.cfn.destroy('demo'));
    expect(h.log).toEqual(['delete B', 'delete A']);
    await expect(h.call('DescribeStacks', { StackName: 'demo' })).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Stack with id demo does not exist',
    });
    expect((await h.call('DescribeStacks', { StackName: stackId })).Stacks).toMatchObject([
      { StackStatus: 'DELETE_COMPLETE' },
    ]);
    await h.run(h.cfn.destroy('demo'));
  });

  it('fails when a resource cannot be deleted, keeps its dependencies, and can be repeated', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing(), B: thing({ Value: { Ref: 'A' }, Fail: 'delete' }), C: thing() }));
    await expect(h.run(h.cfn.destroy('demo'))).rejects.toThrow(/Stack demo is DELETE_FAILED. B .*B won't go/);
    expect([...h.things.keys()].map((id) => id.split('-')[1])).toEqual(['A', 'B']);
    await h.call('DeleteStack', { StackName: 'demo', RetainResources: ['B'] });
    await h.clock.advance(0);
    expect([...h.things.keys()].map((id) => id.split('-')[1])).toEqual(['B']);
  });

  it('keeps Retain resources and counts missing ones as deleted', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Name: 'a' }), B: thing({ Name: 'b' }, { DeletionPolicy: 'Retain' }) }));
    h.things.delete('thing:a');
    await h.run(h.cfn.destroy('demo'));
    expect([...h.things.keys()]).toEqual(['thing:b']);
  });
});

describe('exports', () => {
  const exporting = (value: string) => ({ Outputs: { O: { Value: value, Export: { Name: 'shared' } } } });
  const importing = {
    stackName: 'user',
    template: { Resources: { A: thing({ Value: { 'Fn::ImportValue': 'shared' } }) } },
  };

  it('can be imported by other stacks, which protects them', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }, exporting('one')));
    await h.run(h.cfn.deploy(importing));
    expect([...h.things.values()].some(({ properties }) => properties.Value === 'one')).toBe(true);
    await expect(h.run(h.cfn.destroy('demo'))).rejects.toThrow(
      'Export shared cannot be deleted as it is in use by user',
    );
  });

  it('in use can neither be changed nor removed', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }, exporting('one')));
    await h.run(h.cfn.deploy(importing));
    await expect(h.run(h.deploy({ A: thing() }, exporting('two')))).rejects.toThrow(
      'Export shared cannot be updated as it is in use by user',
    );
    await expect(h.run(h.deploy({ A: thing() }))).rejects.toThrow(
      'Export shared cannot be deleted as it is in use by user',
    );
    await h.run(h.cfn.destroy('user'));
    expect((await h.run(h.deploy({ A: thing() }))).status).toBe('UPDATE_COMPLETE');
  });

  it('must exist and be unique', async () => {
    const h = harness();
    await expect(h.run(h.cfn.deploy(importing))).rejects.toThrow('No export named shared found.');
    await h.run(h.deploy({ A: thing() }, exporting('one')));
    await expect(
      h.run(h.cfn.deploy({ stackName: 'other', template: { Resources: { A: thing() }, ...exporting('x') } })),
    ).rejects.toThrow('Export with name shared is already exported by stack demo');
  });
});
