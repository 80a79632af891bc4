import { escapeXmlWithReferences } from '#simulator/core/escape-xml';
import { notImplemented, S3Error, s3Error } from '#simulator/s3/errors';
import { type ApiModel, apiModel } from '../../wire/api-models.ts';
import { writeElements } from '../../wire/elements.ts';
import {
  checkRefused,
  type HttpExchange,
  operationOf,
  type Protocol,
  type ReplyHead,
  sendHead,
  sendReply,
} from '../../wire/exchange.ts';
import { isInBody, payloadOf, writeBindings } from '../../wire/rest-bindings.ts';
import { findRoute, type RestMatch } from '../../wire/rest-routes.ts';
import { invalidMembers } from '../../wire/validate.ts';
import { xmlDocument } from '../../wire/xml-document.ts';
import { readBlocks } from '../blocks.ts';
import { type Address, parseAddress } from './address.ts';
import { encodeWords } from './encoded-words.ts';
import { checkValidity } from './presigned.ts';
import { readS3Input, rootOf } from './s3-input.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Statuses of success that differ from the model's. */
const STATUSES: Readonly<Record<string, number>> = { PutBucketPolicy: 204, PutBucketTagging: 204 };

/** S3's protocol: REST with XML, streams of objects, and buckets in path or host. */
export const s3Protocol: Protocol = {
  async serve(exchange) {
    const { request } = exchange;
    const address = parseAddress(request.headers.host, request.url ?? '/');
    checkValidity(address.query, exchange.clock.now());
    const model = await apiModel('s3');
    const match = matchOf(exchange, model, address);
    const { name } = operationOf(exchange, model, match.operation.name);
    // What S3 requires is checked with each document, and by the operations, which know S3's many errors.
    const input = await readS3Input(exchange, match, address);
    checkRefused('s3', name, invalidMembers(match.operation.input, input, match.operation.refused).refused);
    await respond(exchange, match, (await exchange.cloud.call<object>('s3', name, input, exchange.caller)) ?? {});
  },
  errorReply(error, { requestId }) {
    const { code, message, status, members } = error;
    const shown: Record<string, unknown> = {
      Code: code === 'InternalFailure' ? 'InternalError' : code,
      Message: message,
      ...members,
      RequestId: requestId,
      HostId: hostIdOf(requestId),
    };
    const elements = Object.entries(shown).map(
      ([name, value]) => `<${name}>${escapeXmlWithReferences(String(value))}</${name}>`,
    );
    const headers = error instanceof S3Error ? error.headers : {};
    return {
      status,
      headers: { ...ownHeaders(requestId), ...headerTexts(headers), 'content-type': 'application/xml' },
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

async function respond(exchange: HttpExchange, match: RestMatch, output: object): Promise<void> {
  const { name, output: schema } = match.operation;
  const bound = writeBindings(schema, output).headers;
  // The SDK's name for a header that is kept as it was received, whether it is a time or not.
  if (bound.expiresstring !== undefined) bound.expires = bound.expiresstring;
  delete bound.expiresstring;
  const headers = { ...ownHeaders(exchange.requestId), ...headerTexts(bound) };
  const status = STATUSES[name] ?? (bound['content-range'] === undefined ? match.status : 206);
  const payload = payloadOf(schema);
  if (payload?.member.isStreaming()) return await sendObject(exchange, { status, headers }, (output as Content).Body);
  const body = bodyOf(match, output);
  if (body !== undefined) {
    const contentType = payload?.member.isStringSchema() ? 'application/json' : 'application/xml';
    sendReply(exchange, { status, headers: { ...headers, 'content-type': contentType }, body });
    return;
  }
  if (name === 'HeadBucket') headers['content-type'] = 'application/xml';
  // The headers of a HEAD response are those of the GET response.
  sendReply(exchange, { status, headers, body: '' });
}

interface Content {
  readonly Body: AsyncIterable<Uint8Array>;
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
  const { name: member, member: payload } = payloadOf(schema) ?? {};
  if (member !== undefined && payload) {
    if (payload.isStringSchema()) return String(values[member] ?? '');
    return document(rootOf(payload), writeElements(payload, (values[member] ?? {}) as object, escapeText));
  }
  if (![...schema.structIterator()].some(([, inBody]) => isInBody(inBody))) return undefined;
  return document(rootOf(schema), writeElements(schema, output, escapeText, isInBody));
}

/** Sends an object, whose length is in the headers. While one chunk is sent, the next one is read. */
async function sendObject(exchange: HttpExchange, head: ReplyHead, body: Content['Body']): Promise<void> {
  const { response } = exchange;
  const gone = new Promise((resolve) => response.once('close', resolve));
  let before: Promise<unknown> = Promise.resolve();
  for await (const chunk of body) {
    await Promise.race([before, gone]);
    if (response.destroyed) return;
    if (!response.headersSent) sendHead(exchange, head);
    before = new Promise((resolve) => {
      response.write(chunk, (error) => {
        readBlocks.give(chunk);
        resolve(error);
      });
    });
  }
  if (!response.headersSent) sendHead(exchange, head);
  response.end();
}

const hostIdOf = (requestId: string): string => Buffer.from(requestId).toString('base64');

/** Those of every response of S3. */
const ownHeaders = (requestId: string): Record<string, string> => ({
  'x-amz-request-id': requestId,
  'x-amz-id-2': hostIdOf(requestId),
  server: 'AmazonS3',
});

/** Texts for headers. User metadata is encoded; in others, S3 writes a space for what a header cannot hold. */
const headerTexts = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.startsWith('x-amz-meta-') ? encodeWords(value) : value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' '),
    ]),
  );
