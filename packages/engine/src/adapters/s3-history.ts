import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { historyPrefix } from '@freshpoint/cdk/contract';
import { historyRecordName, type ListedRecord, parseHistoryRecord } from '../policy/history.ts';
import type { EndpointHistory } from '../ports.ts';
import { type Client, pages, send } from './client.ts';
import { readText, writeText } from './s3-json.ts';

/** Records that are read at once. */
const PARALLEL_READS = 10;

/** An object of the history. */
interface StoredRecord {
  readonly key: string;
  readonly writtenAt: number;
}

/** History in S3: one immutable object per record. */
export function s3History(client: Client): EndpointHistory {
  return {
    async append(store, record) {
      const Key = `${historyPrefix(store)}${historyRecordName(record)}`;
      const address = { Bucket: store.bucket, Key };
      const text = JSON.stringify(record);
      const etag = await writeText(client, { ...address, text }, { IfNoneMatch: '*' });
      if (etag !== undefined) return undefined;
      const { LastModified } = await send(client, new HeadObjectCommand(address));
      return LastModified?.getTime() ?? 0;
    },
    async list(store, limit) {
      const stored = await objectsBelow(client, store.bucket, historyPrefix(store));
      const records: ListedRecord[] = [];
      const newest = stored.slice(-limit).reverse();
      for (let from = 0; from < newest.length; from += PARALLEL_READS) {
        const found = newest.slice(from, from + PARALLEL_READS).map(async ({ key, writtenAt }) => {
          const object = await readText(client, { Bucket: store.bucket, Key: key });
          return parseHistoryRecord(object?.text).map((record) => ({ ...record, writtenAt }));
        });
        records.push(...(await Promise.all(found)).flat());
      }
      return records;
    },
  };
}

async function objectsBelow(client: Client, bucket: string, prefix: string): Promise<StoredRecord[]> {
  const stored: StoredRecord[] = [];
  const found = pages(
    (ContinuationToken: string | undefined) =>
      send(client, new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken })),
    ({ NextContinuationToken }) => NextContinuationToken,
  );
  for await (const { Contents = [] } of found) {
    for (const { Key = '', LastModified } of Contents) {
      stored.push({ key: Key, writtenAt: LastModified?.getTime() ?? 0 });
    }
  }
  return stored;
}
