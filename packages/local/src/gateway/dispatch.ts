import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Cloud } from '../core/cloud.ts';
import { escapeXml } from '../core/escape-xml.ts';
import { jsonError, jsonTarget, readJson, writeJson } from './json-protocol.ts';
import { readForm } from './query-form.ts';
import { isQueryService, queryError, queryResponse } from './query-xml.ts';
import { readBody } from './read-body.ts';
import { signingScope } from './signing.ts';

/** What dispatching needs of its surroundings. */
export interface DispatchOptions {
  readonly cloud: Pick<Cloud, 'call'>;
  readonly iam: { callerOf(accessKeyId: string | undefined): Caller };
  /** The services with a REST protocol. A missing one is answered as not simulated. */
  readonly handlers: GatewayHandlers;
  /** Called with each exception that is not an AWS error, which is a bug. The client gets InternalFailure. */
  readonly onError?: (error: unknown) => void;
}

/** Answers a request of a REST protocol. The gateway answers the errors that it throws, in the service's shape. */
export type RestHandler = (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;

export type RestService = 's3' | 'lambda' | 'sagemaker-runtime';

export type GatewayHandlers = Partial<Record<RestService, RestHandler>>;

/** The largest request in the JSON and query protocols. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly requestId: string;
}

interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Finds the service that a request is for, and answers in its protocol. Never rejects. */
export function dispatcher(options: DispatchOptions) {
  return async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    // A client that disconnects is not an error of the gateway.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
    const scope = signingScope(request.headers.authorization, new URLSearchParams(search));
    const caller = options.iam.callerOf(scope?.accessKeyId);
    const exchange: Exchange = { request, response, requestId, caller };
    const target = request.headers['x-amz-target'];
    const service = scope?.service ?? 's3';
    // S3 asks for the body itself, so that the body of a refused upload is never sent.
    if (service !== 's3' && /^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
    if (typeof target === 'string') return await handleJson(options, exchange, target);
    if (isQueryService(service)) return await handleQuery(options, exchange, service);
    if (service === 's3' || service === 'lambda') return await handleRest(options, exchange, service);
    if (service === 'sagemaker' && path.startsWith('/endpoints/')) {
      return await handleRest(options, exchange, 'sagemaker-runtime');
    }
    send(response, { contentType: 'application/json', ...jsonError(notSimulated(service), undefined) });
  };
}

async function handleJson(options: DispatchOptions, { request, response, caller }: Exchange, target: string) {
  let service: string | undefined;
  const contentType = request.headers['content-type']?.split(';')[0] ?? 'application/x-amz-json-1.1';
  try {
    const known = jsonTarget(target);
    service = known.service;
    const input = readJson(await readBody(request, MAX_REQUEST_BYTES), known);
    const output = await options.cloud.call(service, known.operation, input, leavingCaller(caller, response));
    send(response, { status: 200, contentType, body: writeJson(output) });
  } catch (error) {
    send(response, { contentType, ...jsonError(asAwsError(options, error), service) });
  }
}

async function handleQuery(options: DispatchOptions, exchange: Exchange, service: string) {
  const { request, response, caller, requestId } = exchange;
  try {
    const body = await readBody(request, MAX_REQUEST_BYTES);
    const search = request.url?.split('?', 2)[1] ?? '';
    const { action, input } = readForm(body.length > 0 ? body.toString() : search);
    const output = await options.cloud.call(service, action, input, leavingCaller(caller, response));
    send(response, {
      status: 200,
      contentType: 'text/xml',
      body: queryResponse({ service, action, requestId }, output),
    });
  } catch (error) {
    const awsError = asAwsError(options, error);
    const body = queryError(service, awsError, requestId);
    send(response, { status: awsError.status, contentType: 'text/xml', body });
  }
}

async function handleRest(options: DispatchOptions, exchange: Exchange, service: RestService) {
  const { request, response, caller, requestId } = exchange;
  try {
    const handler = options.handlers[service];
    if (!handler) throw notSimulated(service);
    await handler(request, response, caller);
  } catch (error) {
    const awsError = asAwsError(options, error);
    // A response that has begun cannot be replaced. Breaking the connection shows the client that it is incomplete.
    if (response.headersSent) response.destroy();
    else send(response, service === 's3' ? s3Error(request, awsError, requestId) : restError(awsError));
  }
}

/** Any other error is a bug: it is reported, and its text stays out of the response. */
function asAwsError({ onError }: DispatchOptions, error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  onError?.(error);
  return new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500);
}

/** Adds a signal by which an operation that waits learns that the client has disconnected. */
function leavingCaller(caller: Caller, response: ServerResponse): Caller & { readonly signal: AbortSignal } {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return { ...caller, signal: gone.signal };
}

function s3Error(request: IncomingMessage, { code, message, status }: AwsError, requestId: string): Reply {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>` +
    `<RequestId>${escapeXml(requestId)}</RequestId></Error>`;
  return { status, contentType: 'application/xml', body: request.method === 'HEAD' ? '' : body };
}

function restError({ code, message, status, members }: AwsError): Reply {
  const body = JSON.stringify({ ...members, Message: message });
  return { status, contentType: 'application/json', headers: { 'x-amzn-errortype': code }, body };
}

function send(response: ServerResponse, { status, contentType, headers, body }: Reply): void {
  // If the request was refused before it was read, the rest of it would be taken for the next request.
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
