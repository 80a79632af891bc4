import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type EndpointStore, historyPrefix } from '@freshpoint/cdk/contract';
import { type HistoryRecord, historyRecordName, type ListedRecord, parseHistoryRecord } from '../policy/history.ts';
import type { EndpointHistory } from '../ports.ts';
import { type Client, isNamed, pages, send } from './client.ts';
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
      const text = JSON.stringify(record);
      // A record that exists already was published before a pass ended early.
      return (await writeText(client, { ...addressOf(store, record), text }, { IfNoneMatch: '*' })) !== undefined;
    },
    async has(store, record) {
      try {
        await send(client, new HeadObjectCommand(addressOf(store, record)));
        return true;
      } catch (error) {
        if (isNamed(error, 'NotFound', 'NoSuchKey')) return false;
        throw error;
      }
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

function addressOf(store: EndpointStore, record: HistoryRecord) {
  return { Bucket: store.bucket, Key: `${historyPrefix(store)}${historyRecordName(record)}` };
}
