import { describe, expect, it } from 'vitest';
import { apiModel } from '../../src/wire/api-models.ts';
import { readJsonDocument, toJson } from '../../src/wire/json.ts';
import { invalidMembers } from '../../src/wire/validate.ts';

async function read(api: 'events' | 'sqs' | 'ssm' | 'sagemaker', operation: string, document: unknown) {
  const model = (await apiModel(api)).operations.get(operation);
  if (!model) throw new Error(`no ${operation}`);
  return readJsonDocument(model.input, Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
}

describe('a JSON document', () => {
  it('becomes typed members, without those that the model does not have', async () => {
    const Entries = [{ Source: 's', Time: 1_767_225_600.5, Detail: null, Other: 1 }];
    expect(await read('events', 'PutEvents', { Entries, Unknown: {} })).toEqual({
      Entries: [{ Source: 's', Time: new Date(1_767_225_600_500) }],
    });
    const MessageAttributes = { bytes: { DataType: 'Binary', BinaryValue: 'AQL/' } };
    expect(await read('sqs', 'SendMessage', { MessageAttributes })).toEqual({
      MessageAttributes: { bytes: { DataType: 'Binary', BinaryValue: Buffer.of(1, 2, 255) } },
    });
    expect(await read('ssm', 'GetParameter', '')).toEqual({});
  });

  it.each([
    [{ Name: 1 }, 'NUMBER_VALUE can not be converted to a String'],
    [{ Name: ['x'] }, 'LIST_VALUE can not be converted to a String'],
    [{ WithDecryption: 'true' }, 'STRING_VALUE can not be converted to a Boolean'],
    ['[]', 'The input must be a JSON object.'],
  ])('with another type is refused: %j', async (document, message) => {
    await expect(read('ssm', 'GetParameter', document)).rejects.toMatchObject({
      code: 'SerializationException',
      message,
    });
  });

  it.each([{ Entries: {} }, { Entries: [null] }, { Entries: [{ Time: true }] }, { Entries: [{ Resources: 'x' }] }])(
    'with another structure is refused: %j',
    async (document) => {
      await expect(read('events', 'PutEvents', document)).rejects.toMatchObject({ code: 'SerializationException' });
    },
  );

  it('has times as epoch seconds, bytes in base64, and only the members of the model', async () => {
    const model = await apiModel('sqs');
    const output = model.operations.get('ReceiveMessage')?.output;
    const value = { Messages: [{ Body: 'b', Secret: 1, MessageAttributes: { a: { BinaryValue: Buffer.of(1) } } }] };
    expect(output && JSON.stringify(toJson(output, value))).toBe(
      '{"Messages":[{"Body":"b","MessageAttributes":{"a":{"BinaryValue":"AQ=="}}}]}',
    );
    const parameter = (await apiModel('ssm')).operations.get('GetParameter')?.output;
    const at = { Parameter: { LastModifiedDate: new Date(1500) } };
    expect(parameter && JSON.stringify(toJson(parameter, at))).toBe('{"Parameter":{"LastModifiedDate":1.5}}');
  });
});

describe('the members that the model requires', () => {
  it('are named with their path', async () => {
    const schema = (await apiModel('sagemaker')).operations.get('CreateEndpointConfig')?.input;
    expect(schema && invalidMembers(schema, { ProductionVariants: [{ VariantName: 'v' }, {}] }).missing).toEqual([
      ['EndpointConfigName'],
      ['ProductionVariants', '2', 'member', 'VariantName'],
    ]);
  });
});
