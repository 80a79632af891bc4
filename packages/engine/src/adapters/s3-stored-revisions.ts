import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type EndpointStore, revisionPrefix, revisionRecordKey, revisionsPrefix } from '@freshpoint/cdk/contract';
import { type Client, pages, send } from './client.ts';

/** The revisions of which anything is stored. */
export async function storedRevisions(client: Client, store: EndpointStore): Promise<string[]> {
  const prefix = revisionsPrefix(store);
  const revisions: string[] = [];
  const listed = pages(
    (ContinuationToken: string | undefined) =>
      send(
        client,
        new ListObjectsV2Command({ Bucket: store.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken }),
      ),
    ({ NextContinuationToken }) => NextContinuationToken,
  );
  for await (const { CommonPrefixes = [] } of listed) {
    revisions.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)));
  }
  return revisions;
}

/** The record goes first: without it, the rest counts as not stored. */
export async function removeRevision(client: Client, store: EndpointStore, revision: string): Promise<void> {
  await removeRecord(client, store, revision);
  await removeBelow(client, store.bucket, revisionPrefix(store, revision));
}

/** Removes the objects whose keys begin with the prefix. */
export async function removeBelow(client: Client, Bucket: string, Prefix: string): Promise<void> {
  const listed = pages(
    (ContinuationToken: string | undefined) =>
      send(client, new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken })),
    ({ NextContinuationToken }) => NextContinuationToken,
  );
  for await (const { Contents = [] } of listed) {
    await removeObjects(
      client,
      Bucket,
      Contents.flatMap(({ Key }) => Key ?? []),
    );
  }
}

export async function removeObjects(client: Client, Bucket: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const { Errors: [failed] = [] } = await send(client, new DeleteObjectsCommand({ Bucket, Delete }));
  if (failed) throw new Error(`s3:DeleteObject on s3://${Bucket}/${failed.Key} failed: ${failed.Message}`);
}

/** Removes the record of a stored revision: what is left of it counts as not stored. */
export function removeRecord(client: Client, store: EndpointStore, revision: string): Promise<void> {
  return removeObjects(client, store.bucket, [revisionRecordKey(store, revision)]);
}
