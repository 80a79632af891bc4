import { escapeXmlWithReferences } from '#simulator/core/escape-xml';
import { notImplemented, S3Error, s3Error } from '#simulator/s3/errors';
import { type ApiModel, apiModel } from '../../wire/api-models.ts';
import { writeElements } from '../../wire/elements.ts';
import {
  checkRefused,
  type HttpExchange,
  operationOf,
  type Protocol,
  refusedIn,
  sendReply,
} from '../../wire/exchange.ts';
import { isInBody, payloadOf, writeBindings } from '../../wire/rest-bindings.ts';
import { findRoute, type RestMatch } from '../../wire/rest-routes.ts';
import { streamTo } from '../../wire/stream.ts';
import { invalidMembers } from '../../wire/validate.ts';
import { xmlDocument } from '../../wire/xml-document.ts';
import { type Address, parseAddress } from './address.ts';
import { readS3Input, rootOf } from './s3-input.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Statuses of success that differ from the model's. */
const STATUSES: Readonly<Record<string, number>> = { PutBucketPolicy: 204, PutBucketTagging: 204 };

/** S3's protocol: REST with XML, streams of objects, and buckets in path or host. */
export const s3Protocol: Protocol = {
  async serve(exchange) {
    const { request, response, requestId } = exchange;
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('x-amz-id-2', Buffer.from(requestId).toString('base64'));
    response.setHeader('server', 'AmazonS3');
    const address = parseAddress(request.headers.host, request.url ?? '/');
    const model = await apiModel('s3');
    const match = matchOf(exchange, model, address);
    const { name } = operationOf(exchange, model, match.operation.name);
    // What S3 requires is checked with each document, and by the operations, which know S3's many errors.
    const input = await readS3Input(exchange, match, address);
    checkRefused('s3', name, invalidMembers(match.operation.input, input, refusedIn('s3', name)).refused);
    await respond(exchange, match, (await exchange.cloud.call<object>('s3', name, input, exchange.caller)) ?? {});
  },
  errorReply(error, { request, requestId }) {
    const { code, message, status, members } = error;
    const shown: Record<string, unknown> = {
      Code: code === 'InternalFailure' ? 'InternalError' : code,
      Message: message,
      ...members,
      Resource: (request.url ?? '/').split('?', 1).join('').slice(0, 4096),
      RequestId: requestId,
    };
    const elements = Object.entries(shown).map(
      ([name, value]) => `<${name}>${escapeXmlWithReferences(String(value))}</${name}>`,
    );
    const headers = error instanceof S3Error ? error.headers : {};
    return {
      status,
      contentType: 'application/xml',
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)])),
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join('')}</Error>`,
    };
  },
};

function matchOf({ request }: HttpExchange, model: ApiModel, { bucket, key, query }: Address): RestMatch {
  const { method = 'GET', headers } = request;
  const segments = key === undefined ? [] : [key];
  const found = findRoute(model, { method, segments, outerLabels: bucket === undefined ? 0 : 1, query, headers });
  if (found) return found;
  if (method === 'POST') throw notImplemented('uploads by HTML form (POST Object)');
  const ResourceType = bucket === undefined ? 'SERVICE' : key === undefined ? 'BUCKET' : 'OBJECT';
  throw s3Error('MethodNotAllowed', { Method: method, ResourceType });
}

async function respond({ request, response }: HttpExchange, match: RestMatch, output: object): Promise<void> {
  const { name, output: schema } = match.operation;
  const { headers } = writeBindings(schema, output);
  // The SDK's name for a header that is kept as it was received, whether it is a time or not.
  if (headers.expiresstring !== undefined) headers.expires = headers.expiresstring;
  delete headers.expiresstring;
  for (const [header, value] of Object.entries(headers)) response.setHeader(header, headerText(value));
  response.statusCode = STATUSES[name] ?? (headers['content-range'] === undefined ? match.status : 206);
  const payload = payloadOf(schema);
  if (payload?.[1].isStreaming()) return await streamTo(response, (output as { Body: AsyncIterable<Uint8Array> }).Body);
  const body = bodyOf(match, output);
  if (body !== undefined) {
    const contentType = payload?.[1].isStringSchema() ? 'application/json' : 'application/xml';
    sendReply(response, { status: response.statusCode, contentType, body });
    return;
  }
  if (name === 'HeadBucket') response.setHeader('content-type', 'application/xml');
  // A HEAD response has the length of the GET response.
  if (request.method !== 'HEAD' && response.statusCode !== 204) response.setHeader('content-length', 0);
  response.end();
}

/** The text of the body; undefined if the operation has none. */
function bodyOf({ operation: { name, output: schema } }: RestMatch, output: object): string | undefined {
  const values = output as Record<string, unknown>;
  const document = (root: string, content: string) => xmlDocument(root, NAMESPACE, content);
  const escapeText = escapeXmlWithReferences;
  // The model does not say that the root is the member itself.
  if (name === 'GetBucketLocation') {
    return document('LocationConstraint', escapeText(String(values.LocationConstraint ?? '')));
  }
  const [member, payload] = payloadOf(schema) ?? [];
  if (member !== undefined && payload) {
    if (payload.isStringSchema()) return String(values[member] ?? '');
    return document(rootOf(payload), writeElements(payload, (values[member] ?? {}) as object, escapeText));
  }
  if (![...schema.structIterator()].some(([, inBody]) => isInBody(inBody))) return undefined;
  return document(rootOf(schema), writeElements(schema, output, escapeText, isInBody));
}

/** Text for a header; encoded by RFC 2047, as S3 does, if a header cannot hold it. */
const headerText = (value: string): string =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
