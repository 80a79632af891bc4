import { AwsError } from '#simulator/core/aws-error';
import { readBody } from '../gateway/read-body.ts';
import { type ApiName, apiModel } from './api-models.ts';
import {
  callOperation,
  type HttpExchange,
  operationOf,
  type Protocol,
  type Reply,
  type ReplyHead,
  sendHead,
  sendReply,
} from './exchange.ts';
import { readJsonDocument, toJson } from './json.ts';
import { bindsHeader, isInBody, payloadOf, readBindings, writeBindings } from './rest-bindings.ts';
import { findRoute, type RestMatch, segmentsOf } from './rest-routes.ts';
import { drained, isStream, sendStream } from './stream.ts';

const JSON_TYPE = 'application/json';

/** AWS's REST protocol with JSON documents. */
export function restJsonProtocol(api: ApiName, maxRequestBytes: number): Protocol {
  return {
    async serve(exchange) {
      const model = await apiModel(api);
      const { request, path, query } = exchange;
      const method = request.method ?? 'GET';
      const target = { method, segments: segmentsOf(path).map(decode), query, headers: request.headers };
      const found = findRoute(model, target);
      if (!found) {
        throw new AwsError('UnknownOperationException', `${model.service} has no operation ${method} ${path}.`, 404);
      }
      const operation = operationOf(exchange, model, found.operation.name);
      const tooLarge = () => {
        const message = `Request must be smaller than ${maxRequestBytes} bytes for the ${operation.name} operation`;
        return new AwsError('RequestEntityTooLargeException', message, 413);
      };
      const body = await readBody(request, maxRequestBytes, tooLarge);
      const input = readInput(exchange, found, body);
      await respond(exchange, found, await callOperation(exchange, model, operation, input));
    },
    errorReply,
  };
}

function readInput({ request, query }: HttpExchange, { operation, labels }: RestMatch, body: Buffer) {
  const bound = readBindings(operation.input, { labels, headers: request.headers, query }, (name, text) => {
    throw new AwsError('SerializationException', `${JSON.stringify(text)} is no value of ${name}`);
  });
  const payload = payloadOf(operation.input);
  if (payload) {
    bound[payload.name] = body;
    return bound;
  }
  const document = readJsonDocument(operation.input, body);
  for (const [name, member] of operation.input.structIterator()) if (!isInBody(member)) delete document[name];
  return { ...document, ...bound };
}

async function respond(exchange: HttpExchange, match: RestMatch, output: object): Promise<void> {
  const { output: schema } = match.operation;
  const { headers, status = match.status } = writeBindings(schema, output);
  const payload = payloadOf(schema);
  if (!payload) {
    headers['content-type'] = JSON_TYPE;
    const body = status === 204 ? '' : JSON.stringify(toJson(schema, output) ?? {});
    sendReply(exchange, { status, headers, body });
    return;
  }
  const body = (output as Record<string, unknown>)[payload.name];
  if (payload.member.isStructSchema()) await sendEvents(exchange, { status, headers }, body);
  else if (isStream(body)) await sendStream(exchange, { status, headers }, body);
  else {
    if (!bindsHeader(schema, 'content-type')) headers['content-type'] = JSON_TYPE;
    sendReply(exchange, { status, headers, body: body instanceof Uint8Array ? body : '' });
  }
}

/** Sends each chunk at once, as an event of SageMaker's response streams. */
async function sendEvents(exchange: HttpExchange, { status, headers }: ReplyHead, body: unknown): Promise<void> {
  const { response } = exchange;
  const { EventStreamCodec } = await import('@smithy/core/event-streams');
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes).toString(),
    (text) => Buffer.from(text),
  );
  sendHead(exchange, { status, headers: { ...headers, 'content-type': 'application/vnd.amazon.eventstream' } });
  for await (const chunk of isStream(body) ? body : [body as Uint8Array]) {
    if (response.destroyed) return;
    if (!response.write(codec.encode({ headers: PAYLOAD_PART, body: chunk }))) await drained(response);
  }
  response.end();
}

const PAYLOAD_PART = {
  ':event-type': { type: 'string', value: 'PayloadPart' },
  ':content-type': { type: 'string', value: 'application/octet-stream' },
  ':message-type': { type: 'string', value: 'event' },
} as const;

function errorReply({ code, message, status, members }: AwsError): Reply {
  const body = JSON.stringify({ ...members, Message: message, message });
  return { status, headers: { 'content-type': JSON_TYPE, 'x-amzn-errortype': code }, body };
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new AwsError('ValidationException', `Malformed path: ${segment}`, 400, { cause: error });
  }
}
