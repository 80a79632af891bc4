import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { ModelResponse } from '../../src/model-hosts/model-response.ts';

let server: Server;
let pool: Pool;
afterEach(async () => {
  await pool.destroy();
  server.closeAllConnections();
  server.close();
});

/** Sends a request to a server that answers like this. */
async function ask(answer: RequestListener, signal = new AbortController().signal) {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const response = new ModelResponse(signal);
  pool.dispatch({ method: 'POST', path: '/', body: 'x' }, response);
  return response.answer('primary');
}

const drainedOf = async (body: Buffer | Readable) => {
  const chunks: Buffer[] = [];
  for await (const chunk of body as Readable) chunks.push(chunk);
  return Buffer.concat(chunks);
};

describe('the response of a model server', () => {
  it('is whole when it comes in one piece', async () => {
    const answer = await ask((_, response) => response.setHeader('set-cookie', ['a', 'b']).end('all'));
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('all'), container: 'primary' });
    expect(answer.headers).toMatchObject({ 'content-length': '3', 'set-cookie': 'a, b' });
  });

  it('is a stream when the rest comes later', async () => {
    const more = Promise.withResolvers<void>();
    const { body } = await ask((_, response) => {
      response.write('first ');
      void more.promise.then(() => response.end('second'));
    });
    expect(body).toBeInstanceOf(Readable);
    more.resolve();
    expect(String(await drainedOf(body))).toBe('first second');
  });

  it('of any size arrives as it was sent, however slowly it is read', async () => {
    const sent = Buffer.alloc(5_000_000, 'model ');
    const { body } = await ask((_, response) => response.end(sent));
    await new Promise(setImmediate);
    expect((await drainedOf(body)).equals(sent)).toBe(true);
  });

  it('that breaks off is an error of its reader', async () => {
    const { body } = await ask((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half');
      setImmediate(() => response.destroy());
    });
    await expect(drainedOf(body)).rejects.toThrow();
  });

  it('is given up at once when its caller is gone, and the connection with it', async () => {
    const caller = new AbortController();
    let socket: Socket | undefined;
    const answered = ask((request) => {
      socket = request.socket;
      caller.abort(new Error('gone'));
    }, caller.signal);
    await expect(answered).rejects.toThrow('gone');
    if (socket && !socket.destroyed) await once(socket, 'close');
  });

  it('is not waited for when its caller has gone before', async () => {
    await expect(ask(() => undefined, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });

  it('closes the connection when its stream is closed early', async () => {
    let closed: Promise<unknown> | undefined;
    const { body } = await ask((request, response) => {
      closed = once(request.socket, 'close');
      response.write('first');
    });
    (body as Readable).destroy();
    await closed;
  });
});
