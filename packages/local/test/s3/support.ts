import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { defaultAccount } from '#simulator/core/account';
import { Cloud, root } from '#simulator/core/cloud';
import { seededIds } from '#simulator/core/ids';
import { createS3, type S3Event } from '#simulator/s3/index';
import { startGateway } from '../../src/gateway/gateway.ts';
import { diskBlobs } from '../../src/s3/disk-blobs.ts';
import { systemClock } from '../../src/system.ts';

const owner = root(defaultAccount);

/** A real server over blobs on disk, and clients for it. */
export async function startS3() {
  const folder = mkdtempSync(join(tmpdir(), 's3-test-'));
  const cloud = new Cloud();
  const events: S3Event[] = [];
  const s3 = createS3(
    { account: defaultAccount, clock: systemClock, ids: seededIds(7), cloud },
    { blobs: diskBlobs(folder), emit: (e) => events.push(e) },
  );
  cloud.register(s3.service);
  const gateway = await startGateway({
    port: 0,
    cloud,
    clock: systemClock,
    iam: { callerOf: () => owner },
    ids: seededIds(8),
  });
  const port = Number(new URL(gateway.url).port);
  const clients: S3Client[] = [];
  return {
    events,
    cloud,
    port,
    client(config: S3ClientConfig = {}) {
      const client = new S3Client({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 's' },
        forcePathStyle: true,
        maxAttempts: 1,
        ...config,
      });
      clients.push(client);
      return client;
    },
    raw: (method: string, path: string, options: RawOptions = {}) => rawRequest(port, method, path, options),
    blobFiles: () => readdirSync(folder),
    async stop() {
      for (const client of clients) client.destroy();
      await gateway.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface RawOptions {
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** One request, byte for byte as given. */
function rawRequest(port: number, method: string, path: string, { headers, body }: RawOptions) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const req = http.request({ host: '127.0.0.1', port, method, path, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Resolves once `condition` holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
