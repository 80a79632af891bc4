import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface RawRequest {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly body?: Iterable<Buffer> | string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** A complete response. */
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends one request without an SDK: in the form of SigV4, with an unsigned payload. */
export async function sendRaw(
  url: string,
  { service, method, path, body = '', headers = {} }: RawRequest,
): Promise<RawResponse> {
  const outgoing = request(new URL(path, url), {
    method,
    agent: false,
    headers: {
      'x-amz-date': '20260101T000000Z',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${'0'.repeat(64)}`,
      ...headers,
    },
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  await Promise.all([
    answered,
    pipeline(Readable.from(typeof body === 'string' ? [Buffer.from(body)] : body), outgoing),
  ]);
  const [answer] = await answered;
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}
