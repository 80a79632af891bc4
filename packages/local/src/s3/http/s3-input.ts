import type { NormalizedSchema } from '@smithy/core/schema';
import { invalidArgument, s3Error } from '#simulator/s3/errors';
import { fromToken } from '#simulator/s3/operations/paging';
import { REQUEST_DETAILS, type RequestDetails } from '#simulator/s3/request-details';
import { MalformedElement, readElements } from '../../wire/elements.ts';
import type { HttpExchange } from '../../wire/exchange.ts';
import { payloadOf, readBindings } from '../../wire/rest-bindings.ts';
import type { RestMatch } from '../../wire/rest-routes.ts';
import { invalidMembers } from '../../wire/validate.ts';
import { parseXml } from '../../wire/xml-document.ts';
import type { Address } from './address.ts';
import { readDocument } from './document-body.ts';
import { decodeWords } from './encoded-words.ts';
import { openBody, passingBody, receivedBody } from './request-body.ts';

type S3Input = Record<string, unknown> & { [REQUEST_DETAILS]?: RequestDetails };

/** Reads the input of an operation. The body of an upload is left to be read by the operation. */
export async function readS3Input(
  exchange: HttpExchange,
  { operation, labels }: RestMatch,
  { bucket = '', query }: Address,
): Promise<S3Input> {
  const { request, response, requestId } = exchange;
  // The signer of a URL can put any header into its query.
  const hoisted = [...query]
    .filter(([name]) => /^x-amz-|^if-(none-)?match$/i.test(name))
    .map(([name, value]) => [name.toLowerCase(), value]);
  const headers = { ...Object.fromEntries(hoisted), ...request.headers };
  if (bucket !== '') checkParameters(query);
  const bound = { labels: { ...labels, Bucket: bucket }, headers, query };
  const input: S3Input = readBindings(operation.input, bound, malformed);
  if ('Metadata' in input) input.Metadata = decodedMetadata(input.Metadata as Record<string, string>);
  if ('Expires' in input) input.Expires = headers.expires;
  if ('ContentEncoding' in input) input.ContentEncoding = storedEncoding(headers['content-encoding']);
  const details = { requestId, sourceIp: (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '') };
  input[REQUEST_DETAILS] = details;
  const { name, member: payload } = payloadOf(operation.input) ?? {};
  if (name === undefined || !payload) return input;

  const body = openBody(request, (payload.isStreaming() ? passingBody : receivedBody)(request, response));
  if (payload.isStreaming()) {
    const { stream, length, ...claims } = body;
    if (length === undefined) throw s3Error('MissingContentLength');
    return { ...input, [name]: stream, ContentLength: length, [REQUEST_DETAILS]: { ...details, ...claims } };
  }
  // CompleteMultipartUpload's checksum headers apply to the object, not to the request.
  const checked = operation.name === 'CompleteMultipartUpload' ? 'all but the checksum' : 'all';
  const document = await readDocument(body, headers, checked);
  if (payload.isStringSchema()) return { ...input, [name]: document };
  if (document === '' && ['CreateBucket', 'CompleteMultipartUpload'].includes(operation.name)) return input;
  try {
    return { ...input, [name]: readXml(payload, document) };
  } catch (malformed) {
    return { ...input, [REQUEST_DETAILS]: { ...details, malformed: malformed as Error } };
  }
}

function readXml(schema: NormalizedSchema, document: string): Record<string, unknown> {
  try {
    const value = readElements(schema, parseXml(rootOf(schema), document));
    // An empty set of tags can also be absent.
    const missing = invalidMembers(schema, value).missing.filter((path) => path.join() !== 'TagSet');
    if (missing.length > 0) throw s3Error('MalformedXML');
    return value;
  } catch (error) {
    throw error instanceof MalformedElement ? s3Error('MalformedXML') : error;
  }
}

/** The name of the root of a document. */
export const rootOf = (schema: NormalizedSchema): string =>
  (schema.getMergedTraits().xmlName as string | undefined) ?? schema.getName() ?? '';

/** RFC 9110: a condition with an invalid date is ignored. */
function malformed(name: string, text: string, member: NormalizedSchema): undefined {
  if (member.isTimestampSchema()) return undefined;
  const what = member.isNumericSchema() ? 'not an integer or within integer range' : 'is not valid';
  throw invalidArgument(`Provided ${name} ${what}`, name, text);
}

/** Throws InvalidArgument for parameters that are empty, or texts for headers that cannot hold them. */
function checkParameters(query: URLSearchParams): void {
  if (query.get('continuation-token') === '') fromToken('');
  if (query.get('encoding-type') === '') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type');
  }
  for (const [name, value] of query) {
    if (name.startsWith('response-') && /[^\0-\xff]/.test(value)) {
      throw invalidArgument('Header value cannot be represented using ISO-8859-1.', name, value);
    }
  }
}

const decodedMetadata = (metadata: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, decodeWords(value)]));

/** Without `aws-chunked`, which is the encoding of the request. */
function storedEncoding(header: string | undefined): string | undefined {
  const kept = (header ?? '').split(',').filter((encoding) => encoding.trim().toLowerCase() !== 'aws-chunked');
  return kept.join(',').trim() || undefined;
}
