import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createCustomResponses } from '#simulator/cloudformation/index';
import { seededIds } from '#simulator/core/ids';
import { CUSTOM_RESPONSE_PATH, handleCustomResponse } from '../../src/gateway/custom-responses.ts';

describe('a response address', () => {
  const start = async () => {
    const server = createServer((req, res) => handleCustomResponse({ responses, origin }, req, res));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ids = seededIds(1);
    const responses = createCustomResponses(() => origin + CUSTOM_RESPONSE_PATH + ids.hex(40));
    return { origin, responses, stop: () => server.close() };
  };
  const put = async (url: string, body: string) => (await fetch(url, { method: 'PUT', body })).status;

  it('takes one PUT', async () => {
    const { responses, stop } = await start();
    const { url, response } = responses.create();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_freshpoint\/cfn-response\/[0-9a-f]{40}$/);
    expect(await put(url, '{"Status":"SUCCESS","PhysicalResourceId":"x","Data":{"a":1}}')).toBe(200);
    expect(await response).toEqual({ Status: 'SUCCESS', Reason: undefined, PhysicalResourceId: 'x', Data: { a: 1 } });
    expect(await put(url, '{"Status":"FAILED"}')).toBe(404);
    stop();
  });

  it('refuses other methods and unknown tokens', async () => {
    const { origin, responses, stop } = await start();
    const { url, close } = responses.create();
    expect((await fetch(url)).status).toBe(405);
    expect(await put(`${origin}${CUSTOM_RESPONSE_PATH}guess`, '{}')).toBe(404);
    close();
    expect(await put(url, '{}')).toBe(404);
    stop();
  });

  it.each([
    ['not JSON', 'Invalid JSON'],
    ['"text"', 'Invalid Status'],
    ['{"Status":"MAYBE"}', 'Invalid Status'],
    [JSON.stringify({ Status: 'SUCCESS', Data: 'x'.repeat(5000) }), 'Response object is too long.'],
  ])('makes %s a failure', async (body, reason) => {
    const { responses, stop } = await start();
    const { url, response } = responses.create();
    await put(url, body);
    expect(await response).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining(reason) });
    stop();
  });
});
