import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../../core/aws-error.ts';
import { escapeXmlWithReferences } from '../../core/escape-xml.ts';
import { S3Error } from '../errors.ts';
import { headerText } from './members.ts';

/** Responds with S3's XML. A response that has begun is cut off, so that the client does not take it as complete. */
export function sendError(req: IncomingMessage, res: ServerResponse, error: unknown, requestId: string): void {
  if (res.headersSent || res.destroyed || req.errored) {
    res.destroy();
    return;
  }
  const known = error instanceof AwsError;
  if (!known) console.error('S3: a request failed unexpectedly', error);
  const status = known ? error.status : 500;
  for (const name of res.getHeaderNames()) {
    if (name !== 'connection' && name !== 'server' && !name.startsWith('x-amz-')) res.removeHeader(name);
  }
  if (error instanceof S3Error) {
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, headerText(value));
  }
  res.statusCode = status;
  if (req.method === 'HEAD' || status === 304) {
    res.end();
    return;
  }
  const members: Record<string, unknown> = {
    Code: known ? error.code : 'InternalError',
    Message: known ? error.message : 'We encountered an internal error. Please try again.',
    ...(known ? error.members : {}),
    Resource: (req.url ?? '/').split('?', 1).join('').slice(0, 4096),
    RequestId: requestId,
  };
  const elements = Object.entries(members).map(
    ([name, value]) => `<${name}>${escapeXmlWithReferences(String(value))}</${name}>`,
  );
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join('')}</Error>`;
  res.setHeader('content-type', 'application/xml');
  res.setHeader('content-length', Buffer.byteLength(body));
  res.end(body);
}
