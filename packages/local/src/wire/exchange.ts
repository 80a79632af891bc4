import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#simulator/core/aws-error';
import type { Clock } from '#simulator/core/clock';
import type { Caller, Cloud } from '#simulator/core/cloud';
import { constraintMessages } from '#simulator/core/constraint';
import { awaitsContinue } from '../gateway/read-body.ts';
import type { ApiModel, OperationModel } from './api-models.ts';
import { type InvalidMembers, invalidMembers } from './validate.ts';

/** The largest request in the JSON and query protocols. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** A request, and what answers it. */
export interface HttpExchange {
  readonly cloud: Pick<Cloud, 'call' | 'find'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Who calls; `signal` is aborted when the client disconnects. */
  readonly caller: Caller & { readonly signal: AbortSignal };
  readonly requestId: string;
  /** The path as sent. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** How a response begins. */
export interface ReplyHead {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | number>>;
}

/** A response that is written at once. */
export interface Reply extends ReplyHead {
  readonly body: string | Uint8Array;
}

/** One of AWS's protocols: reads the request, calls the operation, and writes its output or its error. */
export interface Protocol {
  serve(exchange: HttpExchange): Promise<void>;
  errorReply(error: AwsError, exchange: HttpExchange): Reply;
}

/** Throws UnknownOperationException for an operation that AWS has not, NotImplemented for one that is not here. */
export function operationOf(exchange: HttpExchange, model: ApiModel, name: string): OperationModel {
  const found = model.operations.get(name);
  if (!found) throw new AwsError('UnknownOperationException', `${model.service} has no operation ${name}.`, 404);
  exchange.cloud.find(model.service, name);
  return found;
}

/**
 * Calls an operation. Throws the service's error for an input without a member that the model requires, and
 * NotImplemented for one with a member that the local runtime does not honour.
 */
export async function callOperation(
  exchange: HttpExchange,
  { service, invalidCode = 'ValidationException' }: ApiModel,
  operation: OperationModel,
  input: Record<string, unknown>,
): Promise<object> {
  const { name } = operation;
  const { missing, refused } = invalidMembers(operation.input, input, operation.refused);
  if (missing.length > 0) throw new AwsError(invalidCode, missingMessage(service, missing));
  checkRefused(service, name, refused);
  const sent = service === 'sqs' && name === 'SendMessage' ? withTrace(exchange, input) : input;
  return (await exchange.cloud.call(service, name, sent, exchange.caller)) ?? {};
}

/** SQS takes a message's trace from the request's header, unless the message has its own. */
function withTrace({ request }: HttpExchange, input: Record<string, unknown>): Record<string, unknown> {
  const header = request.headers['x-amzn-trace-id'];
  if (header === undefined) return input;
  return { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: header } }, ...input };
}

/** Throws NotImplemented for the first of the members. */
export function checkRefused(service: string, operation: string, [first]: InvalidMembers['refused']): void {
  if (first === undefined) return;
  const member = first.join('.');
  throw new AwsError(
    'NotImplemented',
    `The local runtime does not implement ${member} of ${service}:${operation}.`,
    501,
  );
}

function missingMessage(service: string, missing: readonly (readonly string[])[]): string {
  if (service === 'sqs') return `The request must contain the parameter ${missing[0]?.join('.')}.`;
  const shown = missing.map((path) => path.map((name) => name.charAt(0).toLowerCase() + name.slice(1)).join('.'));
  return constraintMessages(shown.map((member) => ({ member, value: undefined, rule: 'not be null' })));
}

/** Begins the response. It is written with the first chunk of the body. */
export function sendHead({ request, response, requestId }: HttpExchange, { status, headers }: ReplyHead): void {
  // S3 has a header of its own.
  const flat: (string | number)[] = 'x-amz-request-id' in headers ? [] : ['x-amzn-RequestId', requestId];
  for (const name in headers) flat.push(name, headers[name] as string | number);
  // Such a client can send its next request instead of the body. Others send the rest of the body, which is dropped.
  if (awaitsContinue(request, response) || status === 413) flat.push('connection', 'close');
  else if (!request.complete) request.resume();
  response.writeHead(status, flat as string[]);
}

/** Larger bodies are not copied. */
const MAX_COPIED_BYTES = 16 * 1024;

/** Answers and ends the response. To HEAD, and with a status that has no body, only with the headers. */
export function sendReply(exchange: HttpExchange, { status, headers, body }: Reply): void {
  const { request, response } = exchange;
  const isEmpty = status === 204 || status === 304;
  if (isEmpty || request.method === 'HEAD') {
    const { 'content-type': _type, ...others } = headers;
    sendHead(exchange, { status, headers: isEmpty ? others : headers });
    response.end();
    return;
  }
  sendHead(exchange, { status, headers: { ...headers, 'content-length': Buffer.byteLength(body) } });
  // With a string, head and body are one write.
  if (typeof body === 'string' || body.length > MAX_COPIED_BYTES) response.end(body);
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1');
}
