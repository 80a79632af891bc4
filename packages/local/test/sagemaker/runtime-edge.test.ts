import {
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { createWorld } from '@freshpoint/simulator/test/sagemaker/world';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '#simulator/core/account';
import { root } from '#simulator/core/cloud';
import type { InvocationResponse } from '#simulator/sagemaker/launcher';
import { startGateway } from '../../src/gateway/gateway.ts';
import { systemClock, systemIds } from '../../src/system.ts';

const MAX_BODY_BYTES = 25 * 1024 * 1024;

let w: ReturnType<typeof createWorld>;
let runtime: Awaited<ReturnType<typeof serveRuntime>>;
beforeEach(async () => {
  w = createWorld();
  await w.ready();
  runtime = await serveRuntime();
});
afterEach(() => runtime.close());

/** The runtime's REST API over HTTP, and the SDK's client for it. */
async function serveRuntime() {
  const iam = { callerOf: () => root(defaultAccount) };
  const gateway = await startGateway({ port: 0, cloud: w.deps.cloud, clock: systemClock, iam, ids: systemIds });
  const { url } = gateway;
  const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
  const client = new SageMakerRuntimeClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    client,
    invocations: `${url}/endpoints/E/invocations`,
    async close() {
      client.destroy();
      await gateway.close();
    },
  };
}

async function invoke(input: Partial<InvokeEndpointCommandInput> = {}) {
  const command = new InvokeEndpointCommand({
    EndpointName: 'E',
    ContentType: 'application/json',
    Body: '{}',
    ...input,
  });
  const output = await runtime.client.send(command);
  return { ...output, text: output.Body.transformToString() };
}

function response(body: string, more: Partial<InvocationResponse> = {}): InvocationResponse {
  const chunks = async function* () {
    yield Buffer.from(body);
  };
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: chunks(), container: 'primary', ...more };
}

describe('an invocation over HTTP', () => {
  it('passes on the headers of the API, both ways', async () => {
    w.behaviour.respond = async ({ headers }) =>
      response(JSON.stringify(headers), {
        headers: {
          'content-type': 'text/x-echo',
          'x-amzn-sagemaker-custom-attributes': 'back',
          'x-amzn-sagemaker-new-session-id': 'new',
        },
      });
    const output = await invoke({
      CustomAttributes: 'a=1',
      InferenceId: 'id',
      SessionId: 's',
      EnableExplanations: '`x`',
      Accept: 'a/b',
    });
    expect(JSON.parse(output.text)).toMatchObject({
      'content-type': 'application/json',
      accept: 'a/b',
      'x-amzn-sagemaker-custom-attributes': 'a=1',
      'x-amzn-sagemaker-inference-id': 'id',
      'x-amzn-sagemaker-session-id': 's',
      'x-amzn-sagemaker-enable-explanations': '`x`',
    });
    expect(output).toMatchObject({ CustomAttributes: 'back', NewSessionId: 'new', ContentType: 'text/x-echo' });
  });

  it("wraps the model's error in SageMaker's message", async () => {
    w.behaviour.respond = async () => response('too small', { status: 500 });
    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
      message:
        'Received server error (500) from primary with message "too small". See ' +
        'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1' +
        '#logEventViewer:group=/aws/sagemaker/Endpoints/E in account 000000000000 for more information.',
      OriginalStatusCode: 500,
      OriginalMessage: 'too small',
      LogStreamArn: expect.stringContaining('log-group:/aws/sagemaker/Endpoints/E'),
    });
  });

  it('of an unknown endpoint is a ValidationError', async () => {
    await expect(invoke({ EndpointName: 'other' })).rejects.toMatchObject({
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
      message: 'Endpoint other of account 000000000000 not found.',
    });
  });

  it('of more than 25 MB is rejected, with or without a Content-Length', async () => {
    w.behaviour.respond = async ({ body }) => response(String(body.byteLength));
    const body = Buffer.alloc(MAX_BODY_BYTES + 1);
    await expect(invoke({ Body: body })).rejects.toMatchObject({ $metadata: { httpStatusCode: 413 } });
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/sagemaker/aws4_request, Signature=0',
    };
    const chunked = await fetch(runtime.invocations, {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit).then(
      ({ status }) => status,
      () => 413,
    );
    expect(chunked).toBe(413);
    const accepted = await fetch(runtime.invocations, { method: 'POST', headers, body: body.subarray(1) });
    expect(await accepted.text()).toBe(String(MAX_BODY_BYTES));
  });

  it('that takes too long fails at the timeout', async () => {
    const asked = Promise.withResolvers<void>();
    w.behaviour.respond = ({ signal }) => {
      asked.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const invoked = expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      OriginalMessage: expect.stringMatching(/^Your invocation timed out/),
    });
    await asked.promise;
    await w.clock.advance(w.times.invocationTimeoutMs);
    await invoked;
  });

  it('comes as a response stream on request', async () => {
    w.behaviour.respond = async () => response('{"version":"v1"}');
    const { Body, ContentType } = await runtime.client.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'E', ContentType: 'application/json', Body: '{}' }),
    );
    let text = '';
    for await (const { PayloadPart } of Body ?? []) text += Buffer.from(PayloadPart?.Bytes ?? []).toString();
    expect(JSON.parse(text)).toEqual({ version: 'v1' });
    expect(ContentType).toBe('application/json');
  });
});
