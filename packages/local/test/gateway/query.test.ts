import { describe, expect, it } from 'vitest';
import { AwsError } from '../../src/core/aws-error.ts';
import { readForm } from '../../src/gateway/query-form.ts';
import { queryError, queryResponse } from '../../src/gateway/query-xml.ts';

const form = (fields: Record<string, string>) => readForm(new URLSearchParams({ Action: 'Do', ...fields }).toString());

describe('a form', () => {
  it('becomes nested objects, lists in the order of their numbers, and maps', () => {
    const { action, input } = form({
      Version: '2010-05-15',
      StackName: 's',
      'Parameters.member.10.ParameterKey': 'c',
      'Parameters.member.2.ParameterKey': 'b',
      'Parameters.member.1.ParameterKey': 'a',
      'Parameters.member.1.UsePreviousValue': 'true',
      'Parameters.member.2.ParameterValue': 'true',
      'Capabilities.member.1': 'CAPABILITY_IAM',
      'Map.entry.1.key': 'k',
      'Map.entry.1.value': 'v',
      DisableRollback: 'false',
      TimeoutInMinutes: '5',
    });
    expect(action).toBe('Do');
    expect(input).toEqual({
      StackName: 's',
      Parameters: [
        { ParameterKey: 'a', UsePreviousValue: true },
        { ParameterKey: 'b', ParameterValue: 'true' },
        { ParameterKey: 'c' },
      ],
      Capabilities: ['CAPABILITY_IAM'],
      Map: { k: 'v' },
      DisableRollback: false,
      TimeoutInMinutes: 5,
    });
  });

  it('has empty lists where a client sends a list without elements', () => {
    expect(form({ StackName: '', Tags: '', Capabilities: '' }).input).toEqual({
      StackName: '',
      Tags: [],
      Capabilities: [],
    });
  });

  it('is safe from hostile names', () => {
    const { input } = form({ '__proto__.polluted': 'x', 'List.member.4294967295': 'y' });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect((input as { List: string[] }).List).toEqual(['y']);
    expect(() => form({ [Array(100).fill('a').join('.')]: 'x' })).toThrow('nested too deeply');
  });

  it('needs an action', () => {
    expect(() => readForm('StackName=s')).toThrow('must contain the parameter Action');
  });
});

describe('an answer in XML', () => {
  it('has lists as members, times in ISO 8601, and no absent members', () => {
    const output = {
      Name: 'a & "b" <c>\r\u0000',
      At: new Date(0),
      Flag: false,
      None: undefined,
      List: [{ A: 1 }, { A: 2 }],
      Empty: [],
    };
    expect(queryResponse({ service: 'sts', action: 'Do', requestId: 'id' }, output)).toBe(
      '<DoResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><DoResult>' +
        '<Name>a &amp; &quot;b&quot; &lt;c&gt;&#xD;\ufffd</Name><At>1970-01-01T00:00:00.000Z</At><Flag>false</Flag>' +
        '<List><member><A>1</A></member><member><A>2</A></member></List><Empty></Empty>' +
        '</DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>',
    );
  });

  it('names the side at fault in an error', () => {
    const error = (status: number) => queryError('cloudformation', new AwsError('Code', 'a<b', status), 'id');
    expect(error(400)).toBe(
      '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">' +
        '<Error><Type>Sender</Type><Code>Code</Code>' +
        '<Message>a&lt;b</Message></Error><RequestId>id</RequestId></ErrorResponse>',
    );
    expect(error(500)).toContain('<Type>Receiver</Type>');
  });
});
