// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its variables so
import { describe, expect, it } from 'vitest';
import { resolve } from '../../src/cloudformation/intrinsics.ts';
import { resolveParameters } from '../../src/cloudformation/parameters.ts';
import { prepareTemplate } from '../../src/cloudformation/prepared-template.ts';
import { checkTemplate } from '../../src/cloudformation/template.ts';
import { scopeOf } from '../../src/cloudformation/template-scope.ts';

const pseudo = {
  accountId: '111122223333',
  region: 'eu-west-1',
  partition: 'aws',
  stackName: 'demo',
  stackId: 'arn:stack',
};

const template = checkTemplate({
  Parameters: {
    Env: { Type: 'String', Default: 'prod' },
    Count: { Type: 'Number', Default: '3' },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b,c' },
    Looked: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/my/param' },
  },
  Mappings: { Sizes: { prod: { memory: 512, list: ['x', 'y'] } } },
  Conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Env' }, 'prod'] },
    IsThree: { 'Fn::Equals': [{ Ref: 'Count' }, '3'] },
    Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsThree' }] },
    Never: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Either: { 'Fn::Or': [{ Condition: 'Never' }, { Condition: 'IsThree' }] },
  },
  Resources: { Bucket: { Type: 'AWS::S3::Bucket' } },
});

async function evaluate(value: unknown): Promise<unknown> {
  const parameters = await resolveParameters(template.Parameters ?? {}, {}, async (name) => `value of ${name}`);
  const prepared = prepareTemplate(template, '', parameters, pseudo);
  return resolve(
    value,
    scopeOf(prepared, {
      ref: (name) => `ref:${name}`,
      getAtt: (id, attribute) => (attribute === 'List' ? ['one', 'two'] : `att:${id}:${attribute}`),
      stackOutput: (stack, name) => `output:${stack}.${name}`,
      importValue: (name) => `import:${name}`,
    }),
  );
}

describe('intrinsic functions', () => {
  it.each<[string, unknown, unknown]>([
    ['GetStackOutput', { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Bucket' } }, 'output:Data.Bucket'],
    ['plain data', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['an object with several keys is data', { Ref: 'A', b: 1 }, { Ref: 'A', b: 1 }],
    ['an IAM Condition is data', { Condition: { Bool: { a: 'b' } } }, { Condition: { Bool: { a: 'b' } } }],
    ['Ref of a resource', { Ref: 'Bucket' }, 'ref:Bucket'],
    ['Ref of a parameter', { Ref: 'Env' }, 'prod'],
    ['Ref of a number parameter', { Ref: 'Count' }, 3],
    ['Ref of a list parameter', { Ref: 'Zones' }, ['a', 'b', 'c']],
    ['Ref of an SSM parameter', { Ref: 'Looked' }, 'value of /my/param'],
    ['AWS::AccountId', { Ref: 'AWS::AccountId' }, '111122223333'],
    ['AWS::Region', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['AWS::Partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['AWS::StackName', { Ref: 'AWS::StackName' }, 'demo'],
    ['AWS::StackId', { Ref: 'AWS::StackId' }, 'arn:stack'],
    ['AWS::URLSuffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['AWS::NotificationARNs', { Ref: 'AWS::NotificationARNs' }, []],
    ['AWS::NoValue takes a property away', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue takes a list element away', ['a', { Ref: 'AWS::NoValue' }, 'b'], ['a', 'b']],
    ['GetAtt as list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'att:Bucket:Arn'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Bucket.Arn' }, 'att:Bucket:Arn'],
    ['GetAtt of a nested attribute as text', { 'Fn::GetAtt': 'Bucket.A.B' }, 'att:Bucket:A.B'],
    ['GetAtt of a nested attribute as list', { 'Fn::GetAtt': ['Bucket', 'A.B'] }, 'att:Bucket:A.B'],
    ['GetAtt with Ref as attribute', { 'Fn::GetAtt': ['Bucket', { Ref: 'Env' }] }, 'att:Bucket:prod'],
    ['Sub', { 'Fn::Sub': '${Env}-${AWS::Region}/${Bucket}/${Bucket.Arn}' }, 'prod-eu-west-1/ref:Bucket/att:Bucket:Arn'],
    ['Sub keeps literals', { 'Fn::Sub': '${!Env} ${Env} $x $' }, '${Env} prod $x $'],
    ['Sub with variables', { 'Fn::Sub': ['${a}${Env}', { a: { Ref: 'Count' } }] }, '3prod'],
    ['Sub variable over a resource attribute', { 'Fn::Sub': ['${Bucket.Arn}', { 'Bucket.Arn': 'mine' }] }, 'mine'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Env' }, 3]] }, 'a-prod-3'],
    ['Join of a function', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b,c'],
    ['Join leaves AWS::NoValue out', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::NoValue' }]] }, 'a'],
    ['Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Select from a function', { 'Fn::Select': [0, { 'Fn::GetAtt': ['X', 'List'] }] }, 'one'],
    ['Split', { 'Fn::Split': ['|', 'a|b|'] }, ['a', 'b', '']],
    ['If', { 'Fn::If': ['IsProd', 'yes', { Ref: 'Nobody' }] }, 'yes'],
    ['If with And', { 'Fn::If': ['Both', 'yes', 'no'] }, 'yes'],
    ['If with Not', { 'Fn::If': ['Never', 'yes', 'no'] }, 'no'],
    ['If with Or', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['If with AWS::NoValue', { a: { 'Fn::If': ['Never', 1, { Ref: 'AWS::NoValue' }] } }, {}],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Env' }, 'memory'] }, 512],
    ['FindInMap of a list', { 'Fn::FindInMap': ['Sizes', 'prod', 'list'] }, ['x', 'y']],
    ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': '${Env}-vpc' } }, 'import:prod-vpc'],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['GetAZs', { 'Fn::GetAZs': '' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
    ['the key __proto__ is data', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ])('%s', async (_name, value, expected) => {
    expect(await evaluate(value)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [{ 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, 'does not support the function Fn::Cidr'],
    [{ 'Fn::Transform': { Name: 'AWS::Include' } }, 'does not support the function Fn::Transform'],
    [{ 'Fn::GetStackOutput': { StackName: 'A', OutputName: 'B', Region: 'us-east-2' } }, 'is one account in eu-west-1'],
    [{ 'Fn::GetStackOutput': 'A.B' }, 'Fn::GetStackOutput takes an object'],
    [{ 'Fn::Nonsense': 1 }, 'does not support the function Fn::Nonsense'],
    [{ 'Fn::constructor': 1 }, 'does not support the function'],
    [
      { 'Fn::Select': [5, ['a']] },
      'Fn::Select requires a list argument with two elements: an integer index and a list',
    ],
    [{ 'Fn::Select': [5, { 'Fn::Split': [',', 'a'] }] }, 'cannot select nonexistent value at index 5'],
    [{ 'Fn::Split': ['', 'a'] }, '(2) a string to be split or a function that returns a string to be split.'],
    [{ 'Fn::FindInMap': ['Sizes', 'dev', 'memory'] }, 'Unable to get mapping for Sizes::dev::memory'],
    [{ 'Fn::If': ['Unknown', 1, 2] }, 'Unresolved condition dependency Unknown'],
    [{ 'Fn::Join': ['-', 'text'] }, 'every Fn::Join object requires two parameters'],
    [{ 'Fn::GetAtt': 'NoDot' }, 'two non-empty parameters, the resource name and the resource attribute'],
    [{ 'Fn::Sub': ['${a}', { a: { b: 1 } }] }, 'Fn::Sub needs text'],
  ])('%j is refused', async (value, message) => {
    await expect(evaluate(value)).rejects.toThrow(message);
  });
});

describe('parameters', () => {
  it('of type Number show the text that was given', async () => {
    const { values } = await resolveParameters({ N: { Type: 'Number' } }, { N: '1000.0' }, async () => '');
    expect(values.get('N')).toBe('1000.0');
  });
  const read = async () => '';
  it('without value or default are named', async () => {
    await expect(resolveParameters({ A: {}, B: {} }, {}, read)).rejects.toThrow('Parameters: [A, B] must have values');
  });
  it('that the template lacks are refused', async () => {
    await expect(resolveParameters({}, { X: '1' }, read)).rejects.toThrow(
      'Parameters: [X] do not exist in the template',
    );
  });
  it('must be among the allowed values', async () => {
    const definitions = { A: { AllowedValues: ['x', 'y'] } };
    await expect(resolveParameters(definitions, { A: 'z' }, read)).rejects.toThrow("'A' must be one of AllowedValues");
  });
  it('must match the allowed pattern as a whole', async () => {
    const definitions = { A: { AllowedPattern: '[a-z]+' } };
    await expect(resolveParameters(definitions, { A: 'ab1' }, read)).rejects.toThrow('does not match pattern');
  });
  it.each(['(', '(a+)+'])(
    'are refused with a pattern that is malformed or takes too long: %s',
    async (AllowedPattern) => {
      const given = { A: `${'a'.repeat(40)}b` };
      await expect(resolveParameters({ A: { AllowedPattern } }, given, read)).rejects.toThrow(
        "Template format error: Parameter 'A' AllowedPattern",
      );
    },
  );
});

describe('conditions', () => {
  it('that need each other are refused', async () => {
    const circular = checkTemplate({
      Conditions: { A: { Condition: 'B' }, B: { Condition: 'A' } },
      Resources: { R: { Type: 'T', Condition: 'A' } },
    });
    const parameters = await resolveParameters({}, {}, async () => '');
    expect(() => prepareTemplate(circular, '', parameters, pseudo)).toThrow('circular condition dependency');
  });
  it('cannot refer to resources', async () => {
    const bad = checkTemplate({
      Conditions: { A: { 'Fn::Equals': [{ Ref: 'R' }, 'x'] } },
      Resources: { R: { Type: 'T' }, S: { Type: 'T', Condition: 'A' } },
    });
    const parameters = await resolveParameters({}, {}, async () => '');
    expect(() => prepareTemplate(bad, '', parameters, pseudo)).toThrow('Unresolved dependencies [R]');
  });
});
