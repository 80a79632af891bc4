import type { Client } from '@freshpoint/engine/adapters/client';
import { asSdkError } from '@freshpoint/simulation/worlds/sdk-error';
import { defaultAccount } from '@freshpoint/simulator/core/account';
import { Cloud, root } from '@freshpoint/simulator/core/cloud';
import { seededIds } from '@freshpoint/simulator/core/ids';
import { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';
import { createS3, MemoryBlobs } from '@freshpoint/simulator/s3/index';

/** The local runtime's S3, in memory, behind a client such as the adapters use. */
export function s3InMemory() {
  const cloud = new Cloud();
  const clock = new VirtualClock();
  const deps = { account: defaultAccount, clock, ids: seededIds(1), cloud };
  cloud.register(createS3(deps, { blobs: new MemoryBlobs(), emit: () => undefined }).service);
  /** Names of the calls, in order. */
  const sent: string[] = [];
  /** Called before each call of the client. */
  const hooks: { before?: (operation: string, input: { Key?: string; Range?: string }) => Promise<void> | void } = {};
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  const call = (operation: string, input: object): Promise<any> =>
    cloud.call('s3', operation, input, root(defaultAccount));
  const client: Client = {
    async send(command) {
      const operation = command.constructor.name.replace(/Command$/, '');
      sent.push(operation);
      await hooks.before?.(operation, command.input);
      try {
        return await call(operation, command.input);
      } catch (error) {
        throw asSdkError(error);
      }
    },
  };
  const put = async (bucket: string, key: string, body: string | Uint8Array) =>
    (await call('PutObject', { Bucket: bucket, Key: key, Body: Buffer.from(body) })).ETag.replaceAll('"', '') as string;
  const get = async (bucket: string, key: string): Promise<string | undefined> => {
    const output = await call('GetObject', { Bucket: bucket, Key: key }).catch(() => undefined);
    if (!output) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of output.Body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const versioned = (bucket: string) =>
    call('PutBucketVersioning', { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } });
  return { client, clock, sent, hooks, call, put, get, versioned };
}
