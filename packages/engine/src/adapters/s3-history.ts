import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { historyPrefix } from '@freshpoint/cdk/contract';
import { type HistoryRecord, historyRecordName, parseHistoryRecord } from '../policy/history.ts';
import type { EndpointHistory } from '../ports.ts';
import { type Client, pages, send } from './client.ts';
import { readText, writeText } from './s3-json.ts';

/** Records that are read: the newest ones. */
const MAX_READ_RECORDS = 100;
/** Records that are read at once. */
const PARALLEL_READS = 10;

/** History in S3: one immutable object per ended refresh. */
export function s3History(client: Client): EndpointHistory {
  return {
    async append(store, record) {
      const Key = `${historyPrefix(store)}${historyRecordName(record)}`;
      const text = JSON.stringify(record);
      // A record that exists already was published before a pass ended early.
      await writeText(client, { Bucket: store.bucket, Key, text }, { IfNoneMatch: '*' });
    },
    async list(store) {
      const keys = await keysBelow(client, store.bucket, historyPrefix(store));
      const records: HistoryRecord[] = [];
      const newest = keys.slice(-MAX_READ_RECORDS).reverse();
      for (let from = 0; from < newest.length; from += PARALLEL_READS) {
        const texts = newest
          .slice(from, from + PARALLEL_READS)
          .map((Key) => readText(client, { Bucket: store.bucket, Key }));
        for (const found of await Promise.all(texts)) records.push(...parseHistoryRecord(found?.text));
      }
      return records;
    },
  };
}

async function keysBelow(client: Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  const found = pages(
    (ContinuationToken: string | undefined) =>
      send(client, new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken })),
    ({ NextContinuationToken }) => NextContinuationToken,
  );
  for await (const { Contents = [] } of found) keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
  return keys;
}
