// biome-ignore-all lint/suspicious/noExplicitAny: AWS's shapes
import { describe, expect, it } from 'vitest';
import { type Harness, harness, thing } from './harness.ts';

const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}';

async function changesOf(h: Harness, template: object, more: object = {}): Promise<any> {
  const names = { StackName: 'demo', ChangeSetName: 'one' };
  await h.call('CreateChangeSet', { ...names, TemplateBody: JSON.stringify(template), ...more });
  const plain = await h.call('DescribeChangeSet', names);
  const valued = await h.call('DescribeChangeSet', { ...names, IncludePropertyValues: true });
  const byId = ({ Changes }: any) =>
    Object.fromEntries(Changes.map(({ ResourceChange }: any) => [ResourceChange.LogicalResourceId, ResourceChange]));
  return { plain: byId(plain), valued: byId(valued), reason: valued.StatusReason };
}

/** `ChangeSource Evaluation CausingEntity Attribute.Name` of each detail. */
const details = ({ Details }: any) =>
  Details.map(({ ChangeSource, Evaluation, CausingEntity, Target: { Attribute, Name } }: any) =>
    [ChangeSource, Evaluation, CausingEntity ?? '-', [Attribute, Name].filter(Boolean).join('.')].join(' '),
  );

describe('the expected changes of a deployment', () => {
  it('are additions and removals, with the policy', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing(), B: thing({ Value: { Ref: 'A' } }, { DeletionPolicy: 'Retain' }) }));
    const { plain, valued } = await changesOf(h, { Resources: { A: thing(), C: thing({ Value: 1 }) } });
    const none = { Scope: [], Details: [] };
    expect(plain).toMatchObject({
      B: { Action: 'Remove', PolicyAction: 'Retain', ...none },
      C: { Action: 'Add', ...none },
    });
    expect(Object.keys(plain)).toHaveLength(2);
    expect(valued.B.BeforeContext).toBe(JSON.stringify({ Properties: { Value: UNKNOWN } }));
    expect(valued.C.AfterContext).toBe(JSON.stringify({ Properties: { Value: '1' } }));
  });

  it('follow from the values of parameters, mappings and pseudo parameters', async () => {
    const h = harness();
    const template = (name: string, size: number) => ({
      Parameters: { P: { Type: 'String', Default: 'x' } },
      Mappings: { Sizes: { all: { size } } },
      Resources: {
        A: thing({ Kind: { Ref: 'P' }, Value: { 'Fn::FindInMap': ['Sizes', 'all', 'size'] } }),
        B: thing({ Value: { Ref: name } }),
        C: thing({ Value: { Ref: 'P' } }, { Metadata: { of: { Ref: 'P' } } }),
      },
    });
    const { Resources, ...more } = template('AWS::Region', 1);
    await h.run(h.deploy(Resources, more));
    const Parameters = [{ ParameterKey: 'P', ParameterValue: 'y' }];
    const { plain, valued } = await changesOf(h, template('AWS::AccountId', 2), { Parameters });
    expect(plain.A).toMatchObject({ Replacement: 'True', PolicyAction: 'ReplaceAndDelete', Scope: ['Properties'] });
    expect(details(plain.A)).toEqual([
      'ParameterReference Static P Properties.Kind',
      'DirectModification Dynamic - Properties.Kind',
      'DirectModification Static - Properties.Value',
    ]);
    expect(details(plain.B)).toEqual(['DirectModification Static - Properties.Value']);
    expect(plain.B).not.toHaveProperty('PolicyAction');
    expect(plain.C).toMatchObject({ Replacement: 'False', Scope: ['Metadata', 'Properties'] });
    expect(valued.A.Details[0].Target).toEqual({
      Attribute: 'Properties',
      Name: 'Kind',
      RequiresRecreation: 'Always',
      Path: '/Properties/Kind',
      BeforeValue: 'x',
      AfterValue: 'y',
      AttributeChangeType: 'Modify',
    });
    expect(JSON.parse(valued.B.BeforeContext)).toEqual({ Properties: { Value: 'us-east-1' } });
    expect(JSON.parse(valued.B.AfterContext)).toEqual({ Properties: { Value: '000000000000' } });
  });

  it('reach the resources that refer to one that is replaced', async () => {
    const h = harness();
    const template = (Kind: string) => ({
      A: thing({ Kind, Name: `a-${Kind}` }),
      B: thing({ Value: { 'Fn::Join': [' ', ['of', { Ref: 'A' }]] } }),
      C: thing({ Value: { 'Fn::GetAtt': ['A', 'Arn'] } }),
    });
    await h.run(h.deploy(template('x')));
    const { plain, valued } = await changesOf(h, { Resources: template('y') });
    expect(details(plain.B)).toEqual(['ResourceReference Static A Properties.Value']);
    expect(details(plain.C)).toEqual(['ResourceAttribute Static A.Arn Properties.Value']);
    expect(details(valued.C)).toEqual([
      'ResourceAttribute Static A.Arn Properties.Value',
      'DirectModification Dynamic - Properties.Value',
    ]);
    expect(JSON.parse(valued.B.BeforeContext)).toEqual({ Properties: { Value: 'of thing:a-x' } });
    expect(JSON.parse(valued.B.AfterContext)).toEqual({ Properties: { Value: UNKNOWN } });
  });

  it('may reach the attributes of one that is updated in place', async () => {
    const h = harness();
    const template = (Value: number) => ({
      A: thing({ Value }),
      B: thing({ Value: { 'Fn::GetAtt': ['A', 'Value'] } }),
      C: thing({ Kind: { 'Fn::GetAtt': ['A', 'Arn'] } }),
      D: thing({ Value: { Ref: 'A' } }),
    });
    await h.run(h.deploy(template(1)));
    const { plain, valued } = await changesOf(h, { Resources: template(2) });
    expect(Object.keys(plain)).toEqual(['A', 'B', 'C']);
    expect(details(plain.B)).toEqual(['ResourceAttribute Dynamic A.Value Properties.Value']);
    expect(plain.C.Replacement).toBe('Conditional');
    expect(Object.keys(valued)).toEqual(['A']);
  });

  it('are none where only the type of a value differs', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing({ Value: 1 }), B: thing() }));
    const { plain } = await changesOf(h, { Resources: { A: thing({ Value: '1' }), B: thing({ Value: true }) } });
    expect(Object.keys(plain)).toEqual(['B']);
  });

  it('say what could not be resolved', async () => {
    const h = harness();
    await h.run(h.deploy({ A: thing() }));
    const { valued, reason } = await changesOf(h, {
      Resources: { A: thing(), B: thing({ Value: { 'Fn::ImportValue': 'none' } }) },
    });
    expect(JSON.parse(valued.B.AfterContext)).toEqual({ Properties: { Value: UNKNOWN } });
    expect(reason).toMatch(/^\[WARN\] .* for resource \[B\] because: No export named none$/);
  });
});
