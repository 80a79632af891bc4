import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const Bucket = 'memory-bucket';
const size = 320 * 1024 ** 2;
const chunk = Buffer.alloc(1024 ** 2, 'freshpoint');

function* content() {
  for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
}

describe('memory', () => {
  let server: ChildProcess;
  let port: number;
  const peak = async () => {
    server.send('memory');
    const [{ peakKiB }] = (await once(server, 'message')) as [{ peakKiB: number }];
    return peakKiB * 1024;
  };
  beforeAll(async () => {
    server = fork(new URL('./server-process.ts', import.meta.url), {
      execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
    });
    [{ port }] = (await once(server, 'message')) as [{ port: number }];
  });
  afterAll(async () => {
    const gone = once(server, 'exit');
    server.send('stop');
    await gone;
  });

  it('stays bounded while 320 MiB come in by one PUT, by parts, and go out again', async () => {
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket }));
    const before = await peak();

    const put = http.request({ port, method: 'PUT', path: `/${Bucket}/one`, headers: { 'content-length': size } });
    const answered = once(put, 'response') as Promise<[http.IncomingMessage]>;
    await pipeline(Readable.from(content()), put);
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(200);
    const md5 = createHash('md5');
    for (const piece of content()) md5.update(piece);
    expect(answer.headers.etag).toBe(`"${md5.digest('hex')}"`);

    await new Upload({
      client,
      params: { Bucket, Key: 'parts', Body: Readable.from(content()) },
      partSize: 8 * 1024 ** 2,
    }).done();
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'parts' }))).ContentLength).toBe(size);

    let received = 0;
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'parts' }));
    for await (const piece of Body as Readable) received += piece.length;
    expect(received).toBe(size);
    client.destroy();

    expect((await peak()) - before).toBeLessThan(130 * 1024 ** 2);
  });
});
