import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, Deps } from '../../core/cloud.ts';
import { drained } from '../../gateway/drained.ts';
import type { ObjectBody } from '../object-body.ts';
import { REQUEST_DETAILS, type RequestDetails } from '../request-details.ts';
import { type Address, parseAddress } from './address.ts';
import { readDocument } from './document-body.ts';
import { sendError } from './error-response.ts';
import { readMembers, writeMembers } from './members.ts';
import { awaitsContinue, openBody, requireLength } from './request-body.ts';
import { findRoute, type Route } from './routes.ts';
import { fromXml, textXml, toXml } from './xml-shape.ts';

/** The HTTP edge: turns requests into operations' inputs and outputs into responses. */
export function createEdge(deps: Deps) {
  return async (req: IncomingMessage, res: ServerResponse, caller: Caller): Promise<void> => {
    const requestId = deps.ids.hex(16).toUpperCase();
    res.setHeader('x-amz-request-id', requestId);
    res.setHeader('x-amz-id-2', deps.ids.hex(32));
    res.setHeader('server', 'AmazonS3');
    // Without a listener, a client that disconnects during the response would crash the process.
    res.on('error', () => undefined);
    try {
      const address = parseAddress(req.headers.host, req.url ?? '/');
      const route = findRoute(req, address);
      const input = await readInput({ req, res, requestId }, route, address);
      const output = (await deps.cloud.call('s3', route.operation, input, caller)) as object | undefined;
      await respond(req, res, route, output ?? {});
    } catch (error) {
      if (awaitsContinue(req) && !res.headersSent) res.setHeader('connection', 'close');
      sendError(req, res, error, requestId);
    }
  };
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
}

async function readInput(
  { req, res, requestId }: Exchange,
  route: Route,
  { bucket, key, query }: Address,
): Promise<Record<string, unknown>> {
  const members = readMembers(req, query);
  const input: Record<string, unknown> & { [REQUEST_DETAILS]?: RequestDetails } = {
    ...members,
    ...(bucket === undefined ? {} : { Bucket: bucket }),
    ...(key === undefined ? {} : { Key: key }),
  };
  const details = { requestId, sourceIp: (req.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '') };
  input[REQUEST_DETAILS] = details;
  if (route.request === undefined) return input;

  const body = openBody(req, res);
  if (route.request === 'stream') {
    requireLength(body);
    input.Body = body.stream;
    input.ContentLength = body.length;
    input[REQUEST_DETAILS] = {
      ...details,
      ...(body.payloadSha256 === undefined ? {} : { payloadSha256: body.payloadSha256 }),
      ...(body.trailer ? { trailer: body.trailer } : {}),
    };
    return input;
  }
  // CompleteMultipartUpload's checksum headers apply to the object, not to the request.
  const claims = route.operation === 'CompleteMultipartUpload' ? { ContentMD5: members.ContentMD5 } : members;
  const document = await readDocument(body, claims);
  if ('text' in route.request) return { ...input, [route.request.text]: document };
  const { root, shape, member, optional } = route.request;
  if (document === '' && optional) return input;
  const parsed = fromXml(root, shape, document);
  return member === undefined ? Object.assign(input, parsed) : Object.assign(input, { [member]: parsed });
}

async function respond(req: IncomingMessage, res: ServerResponse, route: Route, output: object): Promise<void> {
  const { response } = route;
  const partial = 'ContentRange' in output;
  res.statusCode = route.status ?? (partial ? 206 : 200);
  const shown = response && typeof response === 'object' ? response : undefined;
  const inXml = (member: string) =>
    shown !== undefined &&
    ('text' in shown
      ? member === shown.text
      : shown.member === undefined
        ? Object.hasOwn(shown.shape, member)
        : member === shown.member);
  writeMembers(res, output, inXml);
  if (response === 'stream') {
    await stream(res, (output as { Body: ObjectBody }).Body);
    return;
  }
  if (shown === undefined) {
    // A HEAD response has the length of the GET response.
    if (req.method !== 'HEAD' && res.statusCode !== 204) res.setHeader('content-length', 0);
    res.end();
    return;
  }
  const values = output as Record<string, unknown>;
  let body: string;
  if ('text' in shown) {
    const value = String(values[shown.text] ?? '');
    const isXml = shown.text === 'LocationConstraint';
    body = isXml ? textXml(shown.text, value) : value;
    res.setHeader('content-type', isXml ? 'application/xml' : 'application/json');
  } else {
    body = toXml(shown.root, shown.shape, shown.member === undefined ? output : (values[shown.member] as object));
    res.setHeader('content-type', 'application/xml');
  }
  res.setHeader('content-length', Buffer.byteLength(body));
  res.end(body);
}

async function stream(res: ServerResponse, body: ObjectBody): Promise<void> {
  try {
    for await (const chunk of body) {
      if (res.destroyed) return;
      if (!res.write(chunk)) await drained(res);
    }
    res.end();
  } finally {
    body.destroy();
  }
}
