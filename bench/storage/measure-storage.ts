import type { Slot } from '@freshpoint/cdk/contract';
import { s3RevisionStore } from '@freshpoint/engine/adapters/s3-revision-store';
import { retainedRevisions, servedLast, withStored } from '@freshpoint/engine/policy/retention';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';

/** What the data bucket holds after many refreshes, and what one of them asks of S3. */
export interface StorageRow {
  readonly retainRevisions: number;
  /** Stored bytes, in copies of the model data. */
  readonly copies: number;
  /** PUT, COPY and LIST requests of one refresh. */
  readonly writes: number;
  /** GET, HEAD and DELETE requests of one refresh. */
  readonly reads: number;
}

const RETAINED = [2, 5, 10];
const REFRESHES = 25;
const ARCHIVE_BYTES = 256 * 1024;
const STORE = { bucket: 'data', prefix: 'Iris/Endpoint/' };
const SOURCE = { bucket: 'models', key: 'model.tar.gz' };
const DATA = { bucket: STORE.bucket, root: `${STORE.prefix}slots/1/`, files: [SOURCE] };
/** Calls at the price of a write. */
const WRITES = new Set(['PutObject', 'CopyObject', 'ListObjectsV2']);

export async function measureStorage(say: (detail: string) => void): Promise<StorageRow[]> {
  const rows: StorageRow[] = [];
  for (const retainRevisions of RETAINED) {
    say(`${retainRevisions} revisions`);
    rows.push(await storageRow(retainRevisions));
  }
  return rows;
}

/** Refreshes one after the other, each to the other slot, with the engine's own adapter and retention. */
async function storageRow(retainRevisions: number): Promise<StorageRow> {
  const s3 = s3InMemory();
  for (const Bucket of [SOURCE.bucket, STORE.bucket]) await s3.call('CreateBucket', { Bucket });
  let number = 0;
  const store = s3RevisionStore(s3.client, () => String(++number));
  let state: EndpointState = { version: 1 };
  const counts = { writes: 0, reads: 0 };
  for (let refresh = 1; refresh <= REFRESHES; refresh++) {
    const revision = String(refresh).padStart(64, '0');
    const slot: Slot = refresh % 2 ? 'a' : 'b';
    const etag = await s3.put(SOURCE.bucket, SOURCE.key, Buffer.alloc(ARCHIVE_BYTES, refresh));
    const source = { ...SOURCE, etag, size: ARCHIVE_BYTES };
    const kept = retainedRevisions(state, revision, { retainRevisions });
    s3.sent.length = 0;
    const options = { isTimeUp: () => false, begun: async () => undefined };
    const job = { store: STORE, data: DATA, slot, revision, files: [{ source }] };
    const { kind } = await store.stage(job, options);
    if (kind !== 'staged') throw new Error(`Refresh ${refresh} ended as ${kind}.`);
    await store.removeOthers(STORE, [...kept, revision], options.isTimeUp);
    counts.writes = s3.sent.filter((operation) => WRITES.has(operation)).length;
    counts.reads = s3.sent.length - counts.writes;
    const serving = { configName: slot, revision, newestSource: refresh, since: refresh };
    state = servedLast({ ...withStored({ ...state, stored: kept }, revision), serving }, revision);
  }
  const { Contents = [] } = await s3.call('ListObjectsV2', { Bucket: STORE.bucket });
  const bytes = (Contents as { Size: number }[]).reduce((sum, { Size }) => sum + Size, 0);
  return { retainRevisions, copies: Math.round((bytes / ARCHIVE_BYTES) * 10) / 10, ...counts };
}
