import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** An answer, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** One request as an AWS client of no SDK sends it: signed by the shape of SigV4, the payload not covered. */
export async function raw(
  url: string,
  service: string,
  method: string,
  path: string,
  body: Iterable<Buffer> | string = '',
  headers: Readonly<Record<string, string | number>> = {},
): Promise<RawAnswer> {
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
