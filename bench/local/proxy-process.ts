/*
 * The thinnest HTTP proxy with the building blocks that the local runtime has: node:http in front, undici's dispatcher
 * behind, nothing in between. What an invocation costs beyond this is the local runtime's own.
 * Usage: proxy-process.ts <model's url>
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { serveParent } from '../support/serve.ts';

const pool = new Pool(process.argv[2] ?? '', { connections: null, pipelining: 1 });

const server = createServer((request, response) => {
  const sent: Buffer[] = [];
  request.on('data', (chunk: Buffer) => sent.push(chunk));
  request.on('end', () => {
    const received: Buffer[] = [];
    let status = 0;
    let type = '';
    const headers = { 'content-type': request.headers['content-type'] };
    pool.dispatch(
      { method: 'POST', path: '/invocations', headers, body: Buffer.concat(sent), headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, statusCode, { 'content-type': contentType }) {
          status = statusCode;
          type = String(contentType);
        },
        onResponseData: (_controller, chunk) => void received.push(chunk),
        onResponseEnd() {
          const body = Buffer.concat(received);
          response.writeHead(status, ['content-type', type, 'content-length', String(body.length)]);
          response.end(body.toString('latin1'), 'latin1');
        },
        onResponseError: (_controller, error) => void response.destroy(error),
      },
    );
  });
});
serveParent(server);
