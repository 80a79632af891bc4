import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { defaultAccount } from '../../src/core/account.ts';
import { AwsError } from '../../src/core/aws-error.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type Caller, Cloud, type Permission, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import type { PolicyHolder } from '../../src/core/policy-holder.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { createS3, DiskBlobs, MemoryBlobs, type S3Event } from '../../src/s3/index.ts';

const owner = root(defaultAccount);

/** Blobs in memory that count themselves. */
class CountedBlobs extends MemoryBlobs {
  count = 0;

  override async create() {
    const sink = await super.create();
    return {
      ...sink,
      commit: async () => {
        this.count += 1;
        return await sink.commit();
      },
    };
  }

  override async delete(blob: string) {
    this.count -= 1;
    await super.delete(blob);
  }
}

/** S3 in memory and virtual time. */
export function simulatedS3(iam?: PolicyHolder) {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const blobs = new CountedBlobs();
  const events: S3Event[] = [];
  const s3 = createS3(
    { account: defaultAccount, clock, ids: seededIds(1), cloud },
    { blobs, emit: (e) => events.push(e), ...(iam && { iam }) },
  );
  cloud.register(s3.service);
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of AWS's shapes
  const call = (operation: string, input: object, caller: Caller = owner): Promise<any> =>
    cloud.call('s3', operation, input, caller);
  return { clock, cloud, blobs, events, call, s3 };
}

/** The content of an object's body. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Lets a caller do only what `allowed` lists, as `action resource`. */
export function allowOnly(cloud: Cloud, allowed: string[]): { asked: Permission[]; caller: Caller } {
  const asked: Permission[] = [];
  cloud.authorizeWith((caller, permission) => {
    if (!caller.roleArn) return;
    asked.push(permission);
    if (!allowed.includes(`${permission.action} ${permission.resource}`)) {
      throw new AwsError('AccessDenied', `${permission.action} on ${permission.resource}`, 403);
    }
  });
  return { asked, caller: { arn: 'arn:aws:sts::0:assumed-role/r/s', roleArn: 'arn:aws:iam::0:role/r' } };
}

/** A real server over blobs on disk, and clients for it. */
export async function startS3() {
  const folder = mkdtempSync(join(tmpdir(), 's3-test-'));
  const cloud = new Cloud();
  const events: S3Event[] = [];
  const s3 = createS3(
    { account: defaultAccount, clock: systemClock, ids: seededIds(7), cloud },
    { blobs: new DiskBlobs(folder), emit: (e) => events.push(e) },
  );
  cloud.register(s3.service);
  const gateway = await startGateway({ port: 0, cloud, iam: { callerOf: () => owner }, ids: seededIds(8) });
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
