import { readFile } from 'node:fs/promises';
import { NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { raw } from './raw-client.ts';
import { Stage } from './stage.ts';

describe('a client that is not the JavaScript SDK', () => {
  let stage: Stage;
  let bucket: string;
  const object = () => `/${bucket}/${NAMES.modelKey}`;
  const bytes = async (name: string) => readFile(await writeTinyModel(stage.folder, name));

  beforeAll(async () => {
    stage = await Stage.open();
    bucket = await stage.deployIris();
  });
  afterAll(() => stage?.close());

  test('uploads with one PUT, and the endpoint serves it', async () => {
    const body = await bytes('put');
    const { status, headers } = await raw(stage.runtime.url, 's3', 'PUT', object(), [body], {
      'content-length': body.length,
    });
    expect(status).toBe(200);
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    await stage.untilServes('Iris', 'put');
  });

  test('uploads in parts, and the endpoint serves it', async () => {
    const { url } = stage.runtime;
    const begun = await raw(url, 's3', 'POST', `${object()}?uploads`);
    const id = /<UploadId>(.+)<\/UploadId>/.exec(begun.text)![1]!;
    const body = await bytes('parts');
    const part = await raw(url, 's3', 'PUT', `${object()}?partNumber=1&uploadId=${encodeURIComponent(id)}`, [body], {
      'content-length': body.length,
    });
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    const done = await raw(url, 's3', 'POST', `${object()}?uploadId=${encodeURIComponent(id)}`, list);
    expect(done.text).toMatch(/<ETag>(&quot;|")[0-9a-f]{32}-1(&quot;|")<\/ETag>/);
    await stage.untilServes('Iris', 'parts');
  });

  test('asks the endpoint, also with a name in other case', async () => {
    const { status, text, headers } = await raw(
      stage.runtime.url,
      'sagemaker',
      'POST',
      '/endpoints/IRIS/invocations',
      '[]',
      {
        'content-type': 'application/json',
      },
    );
    expect([status, JSON.parse(text).name]).toEqual([200, 'parts']);
    expect(headers['x-amzn-invoked-production-variant']).toBe('AllTraffic');
  });

  test('describes the endpoint by the JSON protocol', async () => {
    const { status, text } = await raw(stage.runtime.url, 'sagemaker', 'POST', '/', '{"EndpointName":"Iris"}', {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'SageMaker.DescribeEndpoint',
    });
    expect([status, JSON.parse(text).EndpointStatus]).toEqual([200, 'InService']);
  });

  test('gets the errors that AWS gives', async () => {
    const { url } = stage.runtime;
    const missing = await raw(url, 's3', 'GET', `/${bucket}/nothing`);
    expect([missing.status, missing.text]).toEqual([404, expect.stringContaining('<Code>NoSuchKey</Code>')]);
    const unknown = await raw(url, 'sagemaker', 'POST', '/endpoints/Rose/invocations', '[]');
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('Endpoint Rose of account')]);
    const short = await raw(url, 's3', 'PUT', object(), [Buffer.from('no')], {
      'content-length': 2,
      'content-md5': Buffer.alloc(16).toString('base64'),
    });
    expect([short.status, short.text]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
    expect(await stage.answer('Iris')).toBe('parts');
  });
});
