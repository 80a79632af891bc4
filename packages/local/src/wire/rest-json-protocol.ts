import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '#simulator/core/aws-error';
import { readBody } from '../gateway/read-body.ts';
import { type ApiName, apiModel } from './api-models.ts';
import { eventMessage } from './event-stream.ts';
import { callOperation, type HttpExchange, operationOf, type Protocol, type Reply, sendReply } from './exchange.ts';
import { readJsonDocument, toJson } from './json.ts';
import { isInBody, payloadOf, readBindings, writeBindings } from './rest-bindings.ts';
import { findRoute, type RestMatch, segmentsOf } from './rest-routes.ts';
import { isStream, streamTo } from './stream.ts';

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
      const body = await readBody(request, maxRequestBytes);
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
  if (payload) return { ...bound, [payload[0]]: body };
  const document = readJsonDocument(operation.input, body);
  for (const [name, member] of operation.input.structIterator()) if (!isInBody(member)) delete document[name];
  return { ...document, ...bound };
}

async function respond({ response }: HttpExchange, match: RestMatch, output: object): Promise<void> {
  const { output: schema } = match.operation;
  const { headers, status = match.status } = writeBindings(schema, output);
  const [name, member] = payloadOf(schema) ?? [];
  if (name === undefined) {
    const body = status === 204 ? '' : JSON.stringify(toJson(schema, output) ?? {});
    sendReply(response, { status, contentType: JSON_TYPE, headers, body });
    return;
  }
  const body = (output as Record<string, unknown>)[name];
  if (!isStream(body)) {
    sendReply(response, { status, contentType: JSON_TYPE, headers, body: body instanceof Uint8Array ? body : '' });
    return;
  }
  response.statusCode = status;
  for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
  if (!member?.isStructSchema()) return await streamTo(response, body);
  response.setHeader('content-type', 'application/vnd.amazon.eventstream');
  await pipeline(Readable.from(eventsOf(body), { objectMode: false }), response);
}

/** Each chunk as an event of SageMaker's response streams. */
async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const headers = {
    ':event-type': 'PayloadPart',
    ':content-type': 'application/octet-stream',
    ':message-type': 'event',
  };
  for await (const chunk of chunks) yield eventMessage(headers, chunk);
}

function errorReply({ code, message, status, members }: AwsError): Reply {
  const body = JSON.stringify({ ...members, Message: message, message });
  return { status, contentType: JSON_TYPE, headers: { 'x-amzn-errortype': code }, body };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new AwsError('ValidationException', `Malformed path: ${segment}`, 400, { cause: error });
  }
}
