import { describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import { endpointAccount } from '../src/endpoints/account.ts';
import { ID, R1, R2, record } from './records.ts';

type Answer = (name: string, input: { readonly Key?: string; readonly ContinuationToken?: string }) => unknown;

const store = { bucket: 'data', prefix: `${ID}/` };
const spec = { version: 1, endpointName: 'Iris', store };

describe('endpointAccount', () => {
  const clients = (answer: Answer) => {
    const client = {
      async send(command: { constructor: { name: string }; input: object }) {
        const result = answer(command.constructor.name, command.input);
        if (result instanceof Error) throw result;
        return result;
      },
    };
    return endpointAccount({ ssm: client, s3: client, sqs: client }, { newId: () => 'id' });
  };
  const stored = (text: string) => ({ Body: [Buffer.from(text)], ETag: '"e"' });
  const specThen =
    (answer: Answer): Answer =>
    (name, input) =>
      name === 'GetParametersCommand'
        ? { Parameters: [{ Name: `/freshpoint/${ID}/spec`, Value: JSON.stringify(spec) }] }
        : answer(name, input);

  test('reads spec and state', async () => {
    const read = await clients(specThen(() => stored('{"version":1}'))).read(ID);
    expect(read).toEqual({ spec: { ...spec, modified: 0 }, state: { version: 1 }, etag: '"e"' });
  });

  test('reads a state that was deleted by hand as one that is still to be rebuilt', async () => {
    const gone = Object.assign(new Error(), { name: 'NoSuchKey' });
    expect(await clients(specThen(() => gone)).read(ID)).toEqual({
      spec: { ...spec, modified: 0 },
      state: { version: 1, lostAt: Number.MAX_SAFE_INTEGER },
    });
  });

  test('reads a history of several pages: newest first, other objects skipped', async () => {
    const texts = ['not json', JSON.stringify(record(R1)), JSON.stringify(record(R2))];
    const keys = texts.map((_, index) => ({ Key: String(index) }));
    const there = clients((name, { Key, ContinuationToken }) => {
      if (name === 'GetObjectCommand') return stored(texts[Number(Key)] ?? '');
      return ContinuationToken
        ? { Contents: keys.slice(1) }
        : { Contents: keys.slice(0, 1), NextContinuationToken: '1' };
    });
    expect((await there.history(store)).map(({ revision }) => revision)).toEqual([R2, R1]);
  });

  test('lists the available endpoints when one is missing', async () => {
    const there = clients((name) =>
      name === 'GetParametersCommand'
        ? { Parameters: [] }
        : { Parameters: [{ Name: '/freshpoint/A/B/spec' }, { Name: '/freshpoint/A/B/other' }] },
    );
    await expect(there.read('X/Y')).rejects.toThrow('There is no endpoint "X/Y". Available endpoints: A/B.');
  });

  test('names a missing endpoint even without permission to list endpoints', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const there = clients((name) => (name === 'GetParametersCommand' ? {} : denied));
    await expect(there.read('X/Y')).rejects.toThrow(
      'There is no endpoint "X/Y". ssm:GetParametersByPath (/freshpoint) was denied: no.',
    );
  });

  const history = 's3:ListBucket and s3:GetObject (s3://data/Iris/Endpoint/history/)';
  test.each<[string, object, string]>([
    [
      'a missing permission',
      { name: 'AccessDenied', message: 'not authorized' },
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
      'a bucket that was deleted',
      { name: 'NoSuchBucket', message: '', $metadata: {} },
      `${history}: the bucket does not exist. Deploy the stack again.`,
    ],
    [
      'any other error of the service',
      { name: 'ThrottlingException', message: 'Rate exceeded', $metadata: {} },
      `${history} failed: ThrottlingException: Rate exceeded.`,
    ],
  ])('says what was called and what to do: %s', async (_, properties, expected) => {
    const error = Object.assign(new Error(), properties);
    const rejected = await clients(() => error)
      .history(store)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(CommandFailure);
    expect((rejected as CommandFailure).message).toBe(expected);
  });

  test('reports an unreadable state as a CommandFailure', async () => {
    const rejected = await clients(specThen(() => stored('{"version":2}')))
      .read(ID)
      .catch((each: unknown) => each);
    expect(rejected).toBeInstanceOf(CommandFailure);
    expect((rejected as CommandFailure).message).toContain('s3://data/Iris/Endpoint/state.json: expected');
  });

  test('passes on an error that is a bug', async () => {
    await expect(clients(() => new TypeError('undefined')).history(store)).rejects.toThrow(TypeError);
  });
});
