import { MAX_SMOKE_TEST_SECONDS, type SmokeTestSpec } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { sageMakerSmokeTests } from '../../src/adapters/sagemaker-smoke-tests.ts';
import { LEASE_TTL_MS } from '../../src/policy/lease.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
type Input = any;

const flower: SmokeTestSpec = {
  payload: '5.1,3.5',
  contentType: 'text/csv',
  expect: { kind: 'json', value: { predictions: ['setosa'] } },
};

/** An endpoint that answers with `answer`; `asked` has the requests. */
function endpoint(answer: (input: Input) => string | Error) {
  const asked: Input[] = [];
  const tests = sageMakerSmokeTests({
    async send({ input }) {
      asked.push(input);
      const body = answer(input);
      if (body instanceof Error) throw body;
      return { Body: Buffer.from(body) };
    },
  });
  return { tests, asked };
}

const setosa = '{"predictions":["setosa"],"model":"v1"}';
const failure = (name: string, more = {}) => Object.assign(new Error(`${name} happened`), { name, ...more });

describe('smoke tests', () => {
  test('are sent as declared, and pass when every answer is as expected', async () => {
    const { tests, asked } = endpoint(() => setosa);
    expect(await tests.run('Iris', ['AllTraffic'], [{ ...flower, accept: 'application/json' }])).toEqual({
      kind: 'passed',
    });
    expect(asked).toEqual([
      {
        EndpointName: 'Iris',
        Body: Buffer.from('5.1,3.5'),
        ContentType: 'text/csv',
        Accept: 'application/json',
        TargetVariant: undefined,
      },
    ]);
  });

  test('of several variants are sent to each, and the one that fails is named', async () => {
    const { tests, asked } = endpoint(({ TargetVariant }) =>
      TargetVariant === 'two' ? '{"predictions":["rose"]}' : setosa,
    );
    expect(await tests.run('Iris', ['one', 'two'], [flower])).toEqual({
      kind: 'failed',
      message:
        'Smoke test 1 of 1 on variant two failed: ' +
        'got {"predictions":["rose"]}, expected at least {"predictions":["setosa"]}.',
    });
    expect(asked.map(({ TargetVariant }) => TargetVariant)).toEqual(['one', 'two', 'two']);
  });

  test('fail with what the container answered', async () => {
    const { tests } = endpoint(() =>
      failure('ModelError', { OriginalStatusCode: 500, OriginalMessage: 'no such column' }),
    );
    expect(await tests.run('Iris', ['AllTraffic'], [{ payload: '1', contentType: 'text/csv' }])).toEqual({
      kind: 'failed',
      message: 'Smoke test 1 of 1 failed: got status 500 with no such column, expected any answer with status 200.',
    });
  });

  test.each([
    failure('ThrottlingException'),
    failure('ServiceUnavailable'),
    failure('ModelNotReadyException'),
    // The container hung or was gone, and sent no answer.
    failure('ModelError', { OriginalStatusCode: 0 }),
    failure('ModelError', { OriginalStatusCode: 503 }),
    failure('AccessDeniedException'),
    failure('TimeoutError'),
  ])('are unanswered, not failed, after $name', async (error) => {
    const { tests } = endpoint(() => error);
    expect(await tests.run('Iris', ['AllTraffic'], [flower])).toMatchObject({ kind: 'unanswered' });
  });

  test('fail when one failed and another was not answered', async () => {
    const { tests } = endpoint(({ Body }) => (String(Body) === '1' ? failure('TimeoutError') : 'wrong'));
    const both = [{ ...flower, payload: '1' }, flower];
    expect(await tests.run('Iris', ['AllTraffic'], both)).toMatchObject({ kind: 'failed' });
  });

  test.each<[string, number | undefined, number, [string, number]]>([
    ['pass when the answer is right at the second try', undefined, 1, ['passed', 2]],
    ['fail at the second wrong answer', undefined, 2, ['failed', 2]],
    ['fail at the first one with one try', 1, 1, ['failed', 1]],
    ['pass when the answer is right at the last try', 3, 2, ['passed', 3]],
  ])('%s', async (_, tries, wrong, [kind, requests]) => {
    const { tests, asked } = endpoint(() => (asked.length <= wrong ? 'wrong' : setosa));
    expect(await tests.run('Iris', ['AllTraffic'], [{ ...flower, tries }])).toMatchObject({ kind });
    expect(asked).toHaveLength(requests);
  });

  test('are sent once when there is no answer: the controller repeats them after a pause', async () => {
    const { tests, asked } = endpoint(() => failure('ThrottlingException'));
    await tests.run('Iris', ['AllTraffic'], [{ ...flower, tries: 3 }]);
    expect(asked).toHaveLength(1);
  });

  test('wait for each answer as long as declared, which the lease on the tests covers', async () => {
    const limits: number[] = [];
    const hangs = {
      send: (_: unknown, options?: { readonly abortSignal: AbortSignal }) =>
        Promise.reject(options?.abortSignal.aborted ? failure('TimeoutError') : new Error('not aborted')),
    };
    const tests = sageMakerSmokeTests(hangs, (ms) => {
      limits.push(ms);
      return AbortSignal.abort();
    });
    const view = await tests.run('Iris', ['AllTraffic'], [{ ...flower, timeout: 25 }, flower]);
    expect(limits).toEqual([25_000, 10_000]);
    expect(view).toEqual({ kind: 'unanswered', message: 'Smoke test 1 of 2 was not answered: no answer within 25 s.' });
    expect(MAX_SMOKE_TEST_SECONDS * 1000).toBeLessThan(LEASE_TTL_MS);
  });

  test('show only the beginning of a long answer', async () => {
    const { tests } = endpoint(() => 'x'.repeat(10_000));
    const view = await tests.run('Iris', ['AllTraffic'], [flower]);
    expect(view.kind === 'failed' && view.message.length).toBeLessThan(300);
  });
});
