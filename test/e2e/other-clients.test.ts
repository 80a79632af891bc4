import { readFile } from 'node:fs/promises';
import { NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { type RawRequest, sendRaw } from './raw-client.ts';
import { Stage } from './stage.ts';

describe('a client that is not the JavaScript SDK', () => {
  let stage: Stage;
  let bucket: string;
  const object = () => `/${bucket}/${NAMES.modelKey}`;
  const send = (request: RawRequest) => sendRaw(stage.runtime.url, request);
  const putObject = (body: Buffer[], headers: RawRequest['headers']) =>
    send({ service: 's3', method: 'PUT', path: object(), body, headers });
  const bytes = async (name: string) => readFile(await writeTinyModel(stage.folder, name));

  beforeAll(async () => {
    stage = await Stage.open();
    bucket = await stage.deployIris();
  });
  afterAll(() => stage?.close());

  test('uploads with one PUT, and the endpoint serves it', async () => {
    const body = await bytes('put');
    const { status, headers } = await putObject([body], { 'content-length': body.length });
    expect(status).toBe(200);
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    await stage.untilServes('Iris', 'put');
  });

  test('uploads in parts, and the endpoint serves it', async () => {
    const begun = await send({ service: 's3', method: 'POST', path: `${object()}?uploads` });
    const id = encodeURIComponent(/<UploadId>(.+)<\/UploadId>/.exec(begun.text)?.[1] ?? '');
    const body = await bytes('parts');
    const part = await send({
      service: 's3',
      method: 'PUT',
      path: `${object()}?partNumber=1&uploadId=${id}`,
      body: [body],
      headers: { 'content-length': body.length },
    });
    const list = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part>`;
    const done = await send({
      service: 's3',
      method: 'POST',
      path: `${object()}?uploadId=${id}`,
      body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
    });
    expect(done.text).toMatch(/<ETag>(&quot;|")[0-9a-f]{32}-1(&quot;|")<\/ETag>/);
    await stage.untilServes('Iris', 'parts');
  });

  test('invokes the endpoint, even with its name in another case', async () => {
    const { status, text, headers } = await send({
      service: 'sagemaker',
      method: 'POST',
      path: '/endpoints/IRIS/invocations',
      body: '[]',
      headers: { 'content-type': 'application/json' },
    });
    expect([status, JSON.parse(text).name]).toEqual([200, 'parts']);
    expect(headers['x-amzn-invoked-production-variant']).toBe('AllTraffic');
  });

  test('describes the endpoint with the JSON protocol', async () => {
    const { status, text } = await send({
      service: 'sagemaker',
      method: 'POST',
      path: '/',
      body: '{"EndpointName":"Iris"}',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'SageMaker.DescribeEndpoint',
      },
    });
    expect([status, JSON.parse(text).EndpointStatus]).toEqual([200, 'InService']);
  });

  test('gets the same errors as from AWS', async () => {
    const missing = await send({ service: 's3', method: 'GET', path: `/${bucket}/nothing` });
    expect([missing.status, missing.text]).toEqual([404, expect.stringContaining('<Code>NoSuchKey</Code>')]);
    const unknown = await send({
      service: 'sagemaker',
      method: 'POST',
      path: '/endpoints/Rose/invocations',
      body: '[]',
    });
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('Endpoint Rose of account')]);
    const short = await putObject([Buffer.from('no')], {
      'content-length': 2,
      'content-md5': Buffer.alloc(16).toString('base64'),
    });
    expect([short.status, short.text]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
    expect(await stage.answer('Iris')).toBe('parts');
  });
});
