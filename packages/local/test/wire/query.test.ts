import { describe, expect, it } from 'vitest';
import { escapeXml } from '#simulator/core/escape-xml';
import { apiModel } from '../../src/wire/api-models.ts';
import { readElements, writeElements } from '../../src/wire/elements.ts';
import { readForm } from '../../src/wire/query-form.ts';

const contentOf = (fields: Record<string, string>) =>
  readForm(new URLSearchParams({ Action: 'Do', Version: '2010-05-15', ...fields }).toString()).content;

async function inputOf(api: 'cloudformation' | 'iam' | 'sqs', operation: string, fields: Record<string, string>) {
  const model = (await apiModel(api)).operations.get(operation);
  if (!model) throw new Error(`no ${operation}`);
  return readElements(model.input, contentOf(fields));
}

describe('a form of the query protocol', () => {
  it('becomes typed members, with lists in the order of their numbers', async () => {
    const input = await inputOf('cloudformation', 'CreateStack', {
      StackName: 's',
      'Parameters.member.10.ParameterKey': 'c',
      'Parameters.member.2.ParameterKey': 'b',
      'Parameters.member.1.ParameterKey': 'a',
      'Parameters.member.1.UsePreviousValue': 'true',
      'Parameters.member.2.ParameterValue': 'true',
      'Capabilities.member.1': 'CAPABILITY_IAM',
      DisableRollback: 'false',
      TimeoutInMinutes: '5',
    });
    expect(input).toEqual({
      StackName: 's',
      Parameters: [
        { ParameterKey: 'a', UsePreviousValue: true },
        { ParameterKey: 'b', ParameterValue: 'true' },
        { ParameterKey: 'c' },
      ],
      Capabilities: ['CAPABILITY_IAM'],
      DisableRollback: false,
      TimeoutInMinutes: 5,
    });
  });

  it('has an empty list as a parameter without a value', async () => {
    expect(await inputOf('cloudformation', 'CreateChangeSet', { Tags: '', Capabilities: '' })).toEqual({
      Tags: [],
      Capabilities: [],
    });
    expect(await inputOf('sqs', 'GetQueueAttributes', { AttributeName: '' })).toEqual({ AttributeNames: [] });
  });

  it('has flattened lists and maps under the names that the model gives them', async () => {
    const batch = await inputOf('sqs', 'SendMessageBatch', {
      'SendMessageBatchRequestEntry.1.Id': 'x',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Name': 'bytes',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue': 'AQL/',
    });
    expect(batch).toEqual({
      Entries: [{ Id: 'x', MessageAttributes: { bytes: { BinaryValue: Buffer.of(1, 2, 255) } } }],
    });
    const queue = {
      'Attribute.1.Name': 'DelaySeconds',
      'Attribute.1.Value': '5',
      'Tag.1.Key': 'k',
      'Tag.1.Value': 'v',
    };
    expect(await inputOf('sqs', 'CreateQueue', queue)).toEqual({ Attributes: { DelaySeconds: '5' }, tags: { k: 'v' } });
  });

  it.each([
    ['a number', { MaxItems: 'many' }],
    ['a structure', { 'PathPrefix.member.1': 'x' }],
  ])('is refused if it is malformed: %s', async (_, fields) => {
    await expect(inputOf('iam', 'ListRoles', fields)).rejects.toThrow(/is malformed/);
  });

  it('is safe from hostile names', async () => {
    const input = await inputOf('cloudformation', 'CreateStack', {
      '__proto__.polluted': 'x',
      'Capabilities.member.4294967295': 'y',
    });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(input).toMatchObject({ Capabilities: ['y'] });
    await expect(inputOf('cloudformation', 'CreateStack', { 'Tags.member.1.2.3': 'z' })).rejects.toThrow(/malformed/);
    expect(() => contentOf({ [Array(100).fill('a').join('.')]: 'x' })).toThrow('nested too deeply');
    expect(() => readForm('StackName=s')).toThrow('must contain the parameter Action');
  });
});

describe('an answer in XML', () => {
  it('has lists as members, times in ISO 8601, and only the members of the model', async () => {
    const { output } = (await apiModel('iam')).operations.get('ListRoles') ?? {};
    if (!output) throw new Error('no ListRoles');
    const role = { RoleName: 'a & "b" <c>\r\u0000', CreateDate: new Date(0), MaxSessionDuration: 3600, Secret: 'x' };
    expect(writeElements(output, { Roles: [role, {}], IsTruncated: false, Marker: undefined }, escapeXml)).toBe(
      '<Roles><member><RoleName>a &amp; &quot;b&quot; &lt;c&gt;&#xD;\ufffd</RoleName>' +
        '<CreateDate>1970-01-01T00:00:00.000Z</CreateDate><MaxSessionDuration>3600</MaxSessionDuration></member>' +
        '<member></member></Roles><IsTruncated>false</IsTruncated>',
    );
  });

  it('has maps as entries', async () => {
    const { output } = (await apiModel('sqs')).operations.get('GetQueueAttributes') ?? {};
    if (!output) throw new Error('no GetQueueAttributes');
    expect(writeElements(output, { Attributes: { A: '1', B: '2' } }, escapeXml)).toBe(
      '<Attribute><Name>A</Name><Value>1</Value></Attribute><Attribute><Name>B</Name><Value>2</Value></Attribute>',
    );
  });
});
