import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/cloud.ts';
import { escapeXml } from '../core/escape-xml.ts';
import type { GatewayOptions } from './gateway.ts';
import { jsonError, jsonTarget, readJson, writeJson } from './json-protocol.ts';
import { readForm } from './query-form.ts';
import { isQueryService, queryError, queryResponse } from './query-xml.ts';
import { readBody } from './read-body.ts';
import { signingScope } from './signing.ts';

/** Answers a request of a REST protocol. What it throws, the gateway answers in the service's shape. */
export type RestHandler = (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;

export type RestService = 's3' | 'lambda' | 'sagemaker-runtime';

export type GatewayHandlers = Partial<Record<RestService, RestHandler>>;

/** Bytes of a request in the JSON and query protocols. */
const longestRequest = 10 * 1024 * 1024;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly requestId: string;
}

/** Finds the service that a request is for, and answers in its protocol. Never rejects. */
export function dispatcher({ cloud, iam, handlers, onError }: GatewayOptions) {
  /** What isn't an AWS error is a bug; its text stays out of the answer. */
  const asAwsError = (error: unknown): AwsError => {
    if (error instanceof AwsError) return error;
    onError?.(error);
    return new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500);
  };

  const json = async ({ request, response, caller }: Exchange, target: string) => {
    let service: string | undefined;
    const contentType = request.headers['content-type']?.split(';')[0] ?? 'application/x-amz-json-1.1';
    try {
      const known = jsonTarget(target);
      service = known.service;
      const input = readJson(await readBody(request, longestRequest), known);
      const output = await cloud.call(service, known.operation, input, leaving(caller, response));
      send(response, 200, contentType, writeJson(output));
    } catch (error) {
      const { status, headers, body } = jsonError(asAwsError(error), service);
      send(response, status, contentType, body, headers);
    }
  };

  const query = async ({ request, response, caller, requestId }: Exchange, service: string) => {
    try {
      const body = await readBody(request, longestRequest);
      const search = request.url?.split('?', 2)[1] ?? '';
      const { action, input } = readForm(body.length > 0 ? body.toString() : search);
      const output = await cloud.call(service, action, input, leaving(caller, response));
      send(response, 200, 'text/xml', queryResponse(service, action, output, requestId));
    } catch (error) {
      const awsError = asAwsError(error);
      send(response, awsError.status, 'text/xml', queryError(service, awsError, requestId));
    }
  };

  const rest = async ({ request, response, caller, requestId }: Exchange, service: RestService) => {
    try {
      const handler = handlers[service];
      if (!handler) throw notSimulated(service);
      await handler(request, response, caller);
    } catch (error) {
      const awsError = asAwsError(error);
      // Half an answer can't be taken back; a broken connection tells the client that it isn't whole.
      if (response.headersSent) response.destroy();
      else if (service === 's3') sendS3Error(request, response, awsError, requestId);
      else {
        const body = JSON.stringify({ ...awsError.members, Message: awsError.message });
        send(response, awsError.status, 'application/json', body, { 'x-amzn-errortype': awsError.code });
      }
    }
  };

  return async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    // A client that leaves is no error of ours.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
    const scope = signingScope(request.headers.authorization, new URLSearchParams(search));
    const exchange: Exchange = { request, response, requestId, caller: iam.callerOf(scope?.accessKeyId) };
    const target = request.headers['x-amz-target'];
    const service = scope?.service ?? 's3';
    // S3 itself says when it wants the body: a refused upload is then never sent.
    if (service !== 's3' && /^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
    if (typeof target === 'string') return json(exchange, target);
    if (isQueryService(service)) return query(exchange, service);
    if (service === 's3' || service === 'lambda') return rest(exchange, service);
    if (service === 'sagemaker' && path.startsWith('/endpoints/')) return rest(exchange, 'sagemaker-runtime');
    const { status, headers, body } = jsonError(notSimulated(service), undefined);
    send(response, status, 'application/json', body, headers);
  };
}

/** Lets an operation that waits know that its caller has gone. */
function leaving(caller: Caller, response: ServerResponse): Caller & { readonly signal: AbortSignal } {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return { ...caller, signal: gone.signal };
}

function sendS3Error(request: IncomingMessage, response: ServerResponse, error: AwsError, requestId: string): void {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>` +
    `<RequestId>${escapeXml(requestId)}</RequestId></Error>`;
  send(response, error.status, 'application/xml', request.method === 'HEAD' ? '' : body);
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // What is left of a request that was refused unread would be taken for the next one.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.writeHead(status, { ...headers, 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function notSimulated(service: string): AwsError {
  return new AwsError(
    'UnknownOperationException',
    `The local runtime does not simulate the service ${service}, or not in the protocol of this request.`,
    501,
  );
}
