import { describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import { endpointAccount } from '../src/endpoints/account.ts';
import { ID, R1, R2, R3, record } from './records.ts';

describe('endpointAccount', () => {
  const clients = (answer: (name: string, input: { readonly NextToken?: string }) => unknown) => {
    const client = {
      async send(command: { constructor: { name: string }; input: { readonly NextToken?: string } }) {
        const result = answer(command.constructor.name, command.input);
        if (result instanceof Error) throw result;
        return result;
      },
    };
    return endpointAccount({ ssm: client, sqs: client });
  };

  test('reads a history of several pages: newest first, each record once, other values skipped', async () => {
    const values = [
      '{"version":1}',
      'not json',
      JSON.stringify(record(R1)),
      JSON.stringify(record(R2)),
      JSON.stringify(record(R2)),
    ];
    const pages = [values.slice(0, 3), values.slice(3)];
    const found = await clients((_, { NextToken = '0' }) => ({
      Parameters: pages[Number(NextToken)]?.map((Value) => ({ Value })),
      NextToken: NextToken === '0' ? '1' : undefined,
    })).history(ID);
    expect(found.map(({ revision }) => revision)).toEqual([R2, R1]);
  });

  test('lists the available endpoints when one is missing', async () => {
    const there = clients((name) =>
      name === 'GetParametersCommand'
        ? { Parameters: [] }
        : { Parameters: [{ Name: '/freshpoint/A/B/spec' }, { Name: '/freshpoint/A/B/state' }] },
    );
    await expect(there.read('X/Y')).rejects.toThrow('There is no endpoint "X/Y". Available endpoints: A/B.');
  });

  test('sorts a history by version, in any order of arrival', async () => {
    const versions = [record(R2), record(R3), record(R1)].map((each, index) => ({
      Value: JSON.stringify(each),
      Version: [3, 4, 2][index],
    }));
    const found = await clients(() => ({ Parameters: versions })).history(ID);
    expect(found.map(({ revision }) => revision)).toEqual([R3, R2, R1]);
  });

  test('names a missing endpoint even without permission to list endpoints', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const there = clients((name) => (name === 'GetParametersCommand' ? {} : denied));
    await expect(there.read('X/Y')).rejects.toThrow(
      'There is no endpoint "X/Y". ssm:GetParametersByPath (/freshpoint) was denied: no.',
    );
  });

  const history = 'ssm:GetParameterHistory (/freshpoint/Iris/Endpoint/history)';
  test.each<[string, object, string]>([
    [
      'a missing permission',
      { name: 'AccessDeniedException', message: 'not authorized' },
      `${history} was denied: not authorized. Check the credentials and their permissions.`,
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
      'an unreachable service',
      { message: '', code: 'ECONNREFUSED' },
      `${history} got no response: ECONNREFUSED. Check AWS_ENDPOINT_URL, AWS_REGION and the network.`,
    ],
    [
      'an invalid address',
      { name: 'TypeError', message: 'Invalid URL', code: 'ERR_INVALID_URL' },
      `${history}: Invalid URL. Check AWS_ENDPOINT_URL, e.g. http://127.0.0.1:4580.`,
    ],
    [
      'a stack without a history parameter',
      { name: 'ParameterNotFound', message: '', $metadata: {} },
      `${history}: the parameter does not exist. Deploy the stack again.`,
    ],
    [
      'any other error of the service',
      { name: 'ThrottlingException', message: 'Rate exceeded', $metadata: {} },
      `${history} failed: ThrottlingException: Rate exceeded.`,
    ],
  ])('says what was called and what to do: %s', async (_, properties, expected) => {
    const error = Object.assign(new Error(), properties);
    const rejected = await clients(() => error)
      .history(ID)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(CommandFailure);
    expect((rejected as CommandFailure).message).toBe(expected);
  });

  test('reports an unreadable state as a CommandFailure', async () => {
    const Parameters = [{ Name: '/freshpoint/Iris/Endpoint/state', Value: '{"version":2}' }];
    const rejected = await clients(() => ({ Parameters }))
      .read(ID)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(CommandFailure);
    expect((rejected as CommandFailure).message).toContain('SSM parameter /freshpoint/Iris/Endpoint/state: expected');
  });

  test('passes on an error that is a bug', async () => {
    await expect(clients(() => new TypeError('undefined')).history(ID)).rejects.toThrow(TypeError);
  });
});
