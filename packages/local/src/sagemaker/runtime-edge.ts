import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import { eventMessage } from './event-stream.ts';
import { type InvokeInput, type InvokeOutput, MAX_REQUEST_BYTES, tooLarge } from './invocation.ts';

const ROUTE_PATTERN = /^\/endpoints\/([^/?]+)\/(invocations|invocations-response-stream)(?:\?|$)/;

/** The request headers of the runtime API and the members of InvokeEndpoint's input that they carry. */
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
} as const satisfies Record<string, keyof InvokeInput>;

/** Answers the SageMaker runtime's REST API: invocations, plain and as a response stream. Never rejects. */
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
    const match = ROUTE_PATTERN.exec(req.url ?? '');
    if (!match || req.method !== 'POST') {
      throw new AwsError(
        'UnknownOperationException',
        `The local runtime does not simulate ${req.method} ${req.url}.`,
        404,
      );
    }
    const input: Record<string, unknown> = { EndpointName: decode(match[1]!) };
    for (const [header, member] of Object.entries(REQUEST_HEADERS)) {
      const value = req.headers[header];
      if (typeof value === 'string') input[member] = value;
    }
    input.Body = await readBody(req);
    input.signal = gone.signal;
    const output: InvokeOutput = await deps.cloud.call('sagemaker', 'InvokeEndpoint', input, caller);
    if (match[2] === 'invocations') await answer(res, output);
    else await answerStream(res, output);
  } catch (error) {
    fail(req, res, error, deps.ids.uuid());
  }
}

/** The last chunk is held back until it is known to be the last: most answers then leave in one piece, with their length. */
async function answer(res: ServerResponse, output: InvokeOutput): Promise<void> {
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

/** Resolves when there is room again, or nobody left to write to. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed) {
      resolve();
      return;
    }
    const done = () => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}

async function answerStream(res: ServerResponse, output: InvokeOutput): Promise<void> {
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

function headers(output: InvokeOutput, names: { contentType: string }): Record<string, string> {
  const all: Record<string, string | undefined> = {
    [names.contentType]: output.ContentType,
    'x-Amzn-Invoked-Production-Variant': output.InvokedProductionVariant,
    'X-Amzn-SageMaker-Custom-Attributes': output.CustomAttributes,
    'X-Amzn-SageMaker-New-Session-Id': output.NewSessionId,
    'X-Amzn-SageMaker-Closed-Session-Id': output.ClosedSessionId,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Held in memory: it is bounded, and another instance may have to get it when the first one turns out to be gone. */
async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
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
    // The answer has begun: cutting it short is the only way left to say that it is not whole.
    res.destroy();
    return;
  }
  const error =
    thrown instanceof AwsError
      ? thrown
      : new AwsError('InternalFailure', 'An internal failure occurred.', 500, {}, thrown);
  const body = JSON.stringify({ Message: error.message, message: error.message, ...error.members });
  const unread = !req.complete;
  res.writeHead(error.status, {
    'Content-Type': 'application/json',
    'x-amzn-ErrorType': error.code,
    'x-amzn-RequestId': requestId,
    // What the client still sends is not read, so the connection can't be used again.
    ...(unread && { Connection: 'close' }),
  });
  res.end(body);
  if (unread) req.resume();
}
