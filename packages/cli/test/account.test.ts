import { describe, expect, test } from 'vitest';
import { endpointAccount } from '../src/endpoints/account.ts';
import { Failure } from '../src/failure.ts';
import { ID, R1, R2, R3, record } from './records.ts';

describe('the account', () => {
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  const clients = (answer: (name: string, input: any) => unknown) => {
    const client = {
      async send(command: { constructor: { name: string }; input: unknown }) {
        const result = answer(command.constructor.name, command.input);
        if (result instanceof Error) throw result;
        return result;
      },
    };
    return endpointAccount({ ssm: client, sqs: client });
  };

  test('reads a history of several pages: newest first, each once, and nothing that is no record', async () => {
    const values = [
      '{"version":1}',
      'not json',
      JSON.stringify(record(R1)),
      JSON.stringify(record(R2)),
      JSON.stringify(record(R2)),
    ];
    const pages = [values.slice(0, 3), values.slice(3)];
    const found = await clients((_, { NextToken = '0' }) => ({
      Parameters: pages[Number(NextToken)]!.map((Value) => ({ Value })),
      NextToken: NextToken === '0' ? '1' : undefined,
    })).history(ID);
    expect(found.map(({ revision }) => revision)).toEqual([R2, R1]);
  });

  test('an endpoint that is not there: which ones are', async () => {
    const there = clients((name) =>
      name === 'GetParametersCommand'
        ? { Parameters: [] }
        : { Parameters: [{ Name: '/freshpoint/A/B/spec' }, { Name: '/freshpoint/A/B/state' }] },
    );
    await expect(there.read('X/Y')).rejects.toThrow('There is no endpoint "X/Y". There are: A/B.');
  });

  test('orders a history by its versions, in whatever order they come', async () => {
    const versions = [record(R2), record(R3), record(R1)].map((each, index) => ({
      Value: JSON.stringify(each),
      Version: [3, 4, 2][index],
    }));
    const found = await clients(() => ({ Parameters: versions })).history(ID);
    expect(found.map(({ revision }) => revision)).toEqual([R3, R2, R1]);
  });

  test('an endpoint that is not there is told of also to whom may not list them', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const there = clients((name) => (name === 'GetParametersCommand' ? {} : denied));
    await expect(there.read('X/Y')).rejects.toThrow(
      'There is no endpoint "X/Y". ssm:GetParametersByPath (/freshpoint) was refused: no.',
    );
  });

  const history = 'ssm:GetParameterHistory (/freshpoint/Iris/Endpoint/history)';
  test.each<[string, object, string]>([
    [
      'a missing permission',
      { name: 'AccessDeniedException', message: 'not authorized' },
      `${history} was refused: not authorized. Look at the credentials and what they are allowed.`,
    ],
    [
      'missing credentials',
      { name: 'CredentialsProviderError', message: 'Could not load credentials' },
      `${history}: Could not load credentials. Set AWS_REGION and credentials, as for the AWS CLI.`,
    ],
    [
      'a missing region',
      { message: 'Region is missing' },
      `${history}: Region is missing. Set AWS_REGION and credentials, as for the AWS CLI.`,
    ],
    [
      'nobody there',
      { message: '', code: 'ECONNREFUSED' },
      `${history} got no answer: ECONNREFUSED. Look at AWS_ENDPOINT_URL, AWS_REGION and the network.`,
    ],
    [
      'an address that is none',
      { name: 'TypeError', message: 'Invalid URL', code: 'ERR_INVALID_URL' },
      `${history}: Invalid URL. Look at AWS_ENDPOINT_URL, e.g. http://127.0.0.1:4580.`,
    ],
    [
      'a stack from before there was a history',
      { name: 'ParameterNotFound', message: '', $metadata: {} },
      `${history}: there is no such parameter. Deploy the stack again.`,
    ],
    [
      'any other answer',
      { name: 'ThrottlingException', message: 'Rate exceeded', $metadata: {} },
      `${history} failed: ThrottlingException: Rate exceeded.`,
    ],
  ])('says what was asked, and what to do: %s', async (_, properties, expected) => {
    const error = Object.assign(new Error(), properties);
    const rejected = await clients(() => error)
      .history(ID)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(Failure);
    expect((rejected as Failure).message).toBe(expected);
  });

  test('a state that can not be read is no bug', async () => {
    const Parameters = [{ Name: '/freshpoint/Iris/Endpoint/state', Value: '{"version":2}' }];
    const rejected = await clients(() => ({ Parameters }))
      .read(ID)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(Failure);
    expect((rejected as Failure).message).toContain('SSM parameter /freshpoint/Iris/Endpoint/state: expected');
  });

  test('a bug stays one', async () => {
    await expect(clients(() => new TypeError('undefined')).history(ID)).rejects.toThrow(TypeError);
  });
});
