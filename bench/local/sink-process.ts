/*
 * The least that a multipart upload and a download need of a server: node:http, every byte read and dropped, zeros
 * sent. What the client itself costs can't be less than against this.
 */
import { createServer } from 'node:http';
import { serveParent } from '../support/serve.ts';

const ZEROS = Buffer.alloc(1024 * 1024);
let size = 0;

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://sink');
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') {
    const [, from = '0', to = String(size - 1)] = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? '') ?? [];
    const length = Number(to) + 1 - Number(from);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'content-length': length,
      'content-range': `bytes ${from}-${to}/${size}`,
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      etag: '"0"',
    });
    for (let left = method === 'GET' ? length : 0; left > 0; left -= ZEROS.length) {
      const room = response.write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
      if (!room) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end();
    return;
  }
  let read = 0;
  for await (const chunk of request) read += (chunk as Buffer).length;
  if (method === 'PUT') {
    size += url.searchParams.has('partNumber') ? read : 0;
    response.writeHead(200, { etag: '"0"', 'content-length': 0 }).end();
    return;
  }
  const isStart = url.searchParams.has('uploads');
  if (isStart) size = 0;
  const [root, content] = isStart
    ? ['InitiateMultipartUploadResult', '<UploadId>1</UploadId>']
    : ['CompleteMultipartUploadResult', '<ETag>"0"</ETag>'];
  const body = `<?xml version="1.0"?><${root}><Bucket>bench</Bucket><Key>model</Key>${content}</${root}>`;
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
});
serveParent(server);
