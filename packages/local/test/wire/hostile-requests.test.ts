import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalRuntime, startLocalRuntime } from '../../src/runtime.ts';
import { type ApiName, apiModel, type OperationModel } from '../../src/wire/api-models.ts';

const VALUES = [null, 5, -1, true, '', 'x', '\u0000', 'x'.repeat(5_000), [], {}, [null], [[]], [{}], { a: null }, '{'];
const TARGETS: Partial<Record<string, string>> = {
  sqs: 'AmazonSQS',
  ssm: 'AmazonSSM',
  events: 'AWSEvents',
  sagemaker: 'SageMaker',
  logs: 'Logs_20140328',
  kms: 'TrentService',
};

let folder: string;
let runtime: LocalRuntime;
let problems: unknown[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-requests-'));
  problems = [];
  runtime = await startLocalRuntime({
    stateDir: join(folder, 'state'),
    onProblem: (problem) => problems.push(problem),
  });
});
afterAll(async () => {
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Sent {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Sends a request as it stands; resolves with the status. */
function send({ service, method = 'POST', path = '/', headers = {}, body = '' }: Sent): Promise<number> {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/${service}/aws4_request, Signature=0`;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = { method, path, headers: { authorization, ...length, ...headers } };
    const request = httpRequest(runtime.url, options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject).end(body);
  });
}

/** Requests of an operation, each with all members set to one of the values, and one that is no document. */
function requestsOf(service: string, { name, input, traits }: OperationModel): Sent[] {
  const members = [...input.structIterator()].map(([member]) => member);
  const target = name.startsWith('InvokeEndpoint') ? undefined : TARGETS[service];
  const all = (value: unknown) => JSON.stringify(Object.fromEntries(members.map((member) => [member, value])));
  if (target !== undefined) {
    const headers = { 'x-amz-target': `${target}.${name}` };
    return [...VALUES.map((value) => all(value)), '[]', '{'].map((body) => ({ service, headers, body }));
  }
  const [method = 'POST', uri] = (traits.http as string[] | undefined) ?? [];
  if (uri === undefined) {
    return ['', '=', '=x', '.member.1=', '.member.1.Key=x', '.entry.1=x', '.1.2=x'].map((suffix) => ({
      service,
      body: [`Action=${name}`, ...members.map((member) => member + suffix)].join('&'),
    }));
  }
  const paths = ['a', '%00', '%zz', 'arn%3Aaws'].map((label) => uri.replaceAll(/\{[^}]+\}/g, label));
  const search = uri.includes('?') ? '&' : '?';
  return paths.flatMap((path) => [
    { service, method, path, body: method === 'GET' ? '' : '{' },
    { service, method, path: `${path}${search}MaxItems=x`, body: method === 'GET' ? '' : all([null]) },
  ]);
}

describe('a hostile request', () => {
  it.each([
    'cloudformation',
    'events',
    'iam',
    'kms',
    'lambda',
    'logs',
    'sagemaker',
    'sagemaker-runtime',
    'sqs',
    'ssm',
    'sts',
  ] satisfies ApiName[])('of %s never causes an internal error', async (api) => {
    const { service, operations } = await apiModel(api);
    const implemented = [...operations.values()].filter(({ name }) =>
      runtime.cloud.operations()[service]?.includes(name),
    );
    expect(implemented.length).toBeGreaterThan(0);
    for (const operation of implemented) {
      for (const request of requestsOf(service, operation)) {
        const status = await send(request);
        expect([status === 500, problems], JSON.stringify(request).slice(0, 500)).toEqual([false, []]);
      }
    }
  });

  it.each(['/bucket', '/bucket/key'])('of S3 at %s never causes an internal error', async (path) => {
    await send({ service: 's3', method: 'PUT', path: '/bucket' });
    await send({ service: 's3', method: 'PUT', path: '/bucket/key', body: 'x' });
    const { operations } = await apiModel('s3');
    for (const { traits, input } of operations.values()) {
      const [method = '', uri = ''] = traits.http as string[];
      const names = [...input.structIterator()].map(([, member]) => member.getMergedTraits());
      const query = names.flatMap(({ httpQuery }) => (httpQuery ? [`${httpQuery}=-1`] : []));
      const headers = names.flatMap(({ httpHeader }) =>
        httpHeader && !/content-/i.test(httpHeader) ? [httpHeader] : [],
      );
      for (const value of ['x', '-1']) {
        for (const body of ['', '<', '<Tagging><TagSet>x</TagSet></Tagging>', '{}']) {
          const search = [uri.split('?')[1], ...(value === 'x' ? [] : query)].filter(Boolean).join('&');
          const sent = {
            service: 's3',
            method,
            path: `${path}?${search}`,
            headers: value === 'x' ? {} : Object.fromEntries(headers.map((name) => [name, value])),
            body,
          };
          expect([(await send(sent)) === 500, problems], JSON.stringify(sent)).toEqual([false, []]);
        }
      }
    }
  });
});
