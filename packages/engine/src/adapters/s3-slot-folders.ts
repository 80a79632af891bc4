import { createHash } from 'node:crypto';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Slot, type SlotData, slotDataFolder } from '@freshpoint/cdk/contract';
import { unquoteETag } from '../policy/revision.ts';
import { type Client, pages, send } from './client.ts';
import { removeObjects } from './s3-stored-revisions.ts';

/** Keys that one DeleteObjects accepts. */
const MAX_REMOVED_KEYS = 1000;

/** A digest of what each folder of a slot has, by the index of its source. */
export type FolderDigests = Readonly<Record<number, string>>;

/**
 * Removes what the slot's folders have besides the copies, of which `etags` has the ETags by key. Undefined: a folder
 * does not have exactly the copies.
 */
export async function pruneFolders(
  client: Client,
  { bucket, root, files }: SlotData,
  slot: Slot,
  etags: ReadonlyMap<string, string>,
): Promise<FolderDigests | undefined> {
  const digests: Record<number, string> = {};
  for (const [index, file] of files.entries()) {
    if (!('folder' in file)) continue;
    const folder = slotDataFolder(root, slot, index);
    const listed = await listFolder(client, bucket, folder);
    const foreign = listed.filter(({ key }) => !etags.has(key)).map(({ key }) => key);
    for (let at = 0; at < foreign.length; at += MAX_REMOVED_KEYS) {
      await removeObjects(client, bucket, foreign.slice(at, at + MAX_REMOVED_KEYS));
    }
    const copies = listed.filter(({ key }) => etags.has(key));
    const expected = [...etags.keys()].filter((key) => key.startsWith(folder));
    if (copies.length < expected.length || copies.some(({ key, etag }) => etags.get(key) !== etag)) return undefined;
    digests[index] = digestOf(copies);
  }
  return digests;
}

/** Digest of what one of a slot's folders has now. */
export async function folderDigest(client: Client, bucket: string, folder: string): Promise<string> {
  return digestOf(await listFolder(client, bucket, folder));
}

interface FolderObject {
  readonly key: string;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

async function listFolder(client: Client, Bucket: string, Prefix: string): Promise<FolderObject[]> {
  const objects: FolderObject[] = [];
  const listed = pages(
    (ContinuationToken: string | undefined) =>
      send(client, new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken })),
    ({ NextContinuationToken }) => NextContinuationToken,
  );
  for await (const { Contents = [] } of listed) {
    for (const { Key = '', ETag = '', Size = 0 } of Contents) {
      objects.push({ key: Key, etag: unquoteETag(ETag), size: Size });
    }
  }
  return objects;
}

function digestOf(objects: readonly FolderObject[]): string {
  const digest = createHash('sha256');
  for (const { key, etag, size } of objects) digest.update(`${JSON.stringify([key, etag, size])}\n`);
  return digest.digest('hex');
}
