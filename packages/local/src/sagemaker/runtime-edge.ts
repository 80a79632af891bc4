import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import { drained } from '../gateway/drained.ts';
import { readBody } from '../gateway/read-body.ts';
import { eventMessage } from './event-stream.ts';
import { type InvokeEndpointInput, type InvokeEndpointOutput, MAX_REQUEST_BYTES, tooLarge } from './invocation.ts';

const ROUTE_PATTERN = /^\/endpoints\/([^/?]+)\/(invocations|invocations-response-stream)(?:\?|$)/;

/** Members of InvokeEndpoint's input by the request header that holds them. */
const REQUEST_HEADERS = {
  'content-type': 'ContentType',
  accept: 'Accept',
  'x-amzn-sagemaker-content-type': 'ContentType',
  'x-amzn-sagemaker-accept': 'Accept',
  'x-amzn-sagemaker-custom-attributes': 'CustomAttributes',
  'x-amzn-sagemaker-target-model': 'TargetModel',
  'x-amzn-sagemaker-target-variant': 'TargetVariant',
  'x-amzn-sagemaker-target-container-hostname': 'TargetContainerHostname',
  'x-amzn-sagemaker-inference-id': 'InferenceId',
  'x-amzn-sagemaker-enable-explanations': 'EnableExplanations',
  'x-amzn-sagemaker-inference-component': 'InferenceComponentName',
  'x-amzn-sagemaker-session-id': 'SessionId',
} as const satisfies Record<string, keyof InvokeEndpointInput>;

/** Serves the SageMaker runtime's REST API: invocations, plain and as a response stream. Never rejects. */
export async function handleRuntime(
  deps: Deps,
  req: IncomingMessage,
  res: ServerResponse,
  caller: Caller,
): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  try {
    const [, name, kind] = ROUTE_PATTERN.exec(req.url ?? '') ?? [];
    if (name === undefined || req.method !== 'POST') {
      throw new AwsError(
        'UnknownOperationException',
        `The local runtime does not simulate ${req.method} ${req.url}.`,
        404,
      );
    }
    const input: Record<string, unknown> = { EndpointName: decode(name) };
    for (const [header, member] of Object.entries(REQUEST_HEADERS)) {
      const value = req.headers[header];
      if (typeof value === 'string') input[member] = value;
    }
    // In memory, because another instance can get the request if the first one is gone.
    input.Body = await readBody(req, MAX_REQUEST_BYTES, tooLarge);
    input.signal = gone.signal;
    const output: InvokeEndpointOutput = await deps.cloud.call('sagemaker', 'InvokeEndpoint', input, caller);
    if (kind === 'invocations') await answer(res, output);
    else await answerStream(res, output);
  } catch (error) {
    fail(req, res, error, deps.ids.uuid());
  }
}

/** Holds each chunk back until the next one comes, so that a body of one chunk is sent whole, with its length. */
async function answer(res: ServerResponse, output: InvokeEndpointOutput): Promise<void> {
  res.statusCode = 200;
  for (const [name, value] of Object.entries(headers(output, { contentType: 'Content-Type' }))) {
    res.setHeader(name, value);
  }
  let held: Uint8Array | undefined;
  for await (const chunk of output.Body) {
    if (held !== undefined && !res.write(held)) await drained(res);
    held = chunk;
  }
  res.end(held);
}

async function answerStream(res: ServerResponse, output: InvokeEndpointOutput): Promise<void> {
  res.writeHead(200, {
    ...headers(output, { contentType: 'X-Amzn-SageMaker-Content-Type' }),
    'Content-Type': 'application/vnd.amazon.eventstream',
  });
  const part = { ':event-type': 'PayloadPart', ':content-type': 'application/octet-stream', ':message-type': 'event' };
  const messages = async function* () {
    for await (const chunk of output.Body) yield eventMessage(part, chunk);
  };
  await pipeline(Readable.from(messages(), { objectMode: false }), res);
}

function headers(output: InvokeEndpointOutput, names: { contentType: string }): Record<string, string> {
  const all: Record<string, string | undefined> = {
    [names.contentType]: output.ContentType,
    'x-Amzn-Invoked-Production-Variant': output.InvokedProductionVariant,
    'X-Amzn-SageMaker-Custom-Attributes': output.CustomAttributes,
    'X-Amzn-SageMaker-New-Session-Id': output.NewSessionId,
    'X-Amzn-SageMaker-Closed-Session-Id': output.ClosedSessionId,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function fail(req: IncomingMessage, res: ServerResponse, thrown: unknown, requestId: string): void {
  if (res.headersSent) {
    // The response has begun: only cutting it off shows that it is incomplete.
    res.destroy();
    return;
  }
  const error =
    thrown instanceof AwsError
      ? thrown
      : new AwsError('InternalFailure', 'An internal failure occurred.', 500, { cause: thrown });
  const body = JSON.stringify({ Message: error.message, message: error.message, ...error.members });
  const unread = !req.complete;
  res.writeHead(error.status, {
    'Content-Type': 'application/json',
    'x-amzn-ErrorType': error.code,
    'x-amzn-RequestId': requestId,
    // The rest of the request is not read, so the connection cannot be reused.
    ...(unread && { Connection: 'close' }),
  });
  res.end(body);
  if (unread) req.resume();
}
