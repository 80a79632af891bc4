import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { modelDataKey, revisionPrefix, revisionRecordKey, uriOf } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { sourceUriOf } from '../policy/source-object.ts';
import type { RevisionStore, StagingJob, StagingOutcome } from '../ports.ts';
import { type Client, isNamed, send } from './client.ts';
import { type RevisionRecord, readRecord } from './revision-record.ts';
import { COPY_LIMITS } from './s3-copy.ts';
import { type CopySetOptions, copySet, type PlannedCopy } from './s3-copy-set.ts';
import { writeText } from './s3-json.ts';
import { filesInSlot, fillSlot, revisionInSlot } from './s3-slots.ts';
import { removeRecord, removeRevision, storedRevisions } from './s3-stored-revisions.ts';

/** Revisions and slot data in S3. `newId` returns a unique text. */
export function s3RevisionStore(client: Client, newId: () => string, limits = COPY_LIMITS): RevisionStore {
  return {
    async observe(data) {
      const [a, b] = await Promise.all([revisionInSlot(client, data, 'a'), revisionInSlot(client, data, 'b')]);
      return { ...(a !== undefined && { a }), ...(b !== undefined && { b }) };
    },
    contents: (data, slot) => filesInSlot(client, data, slot),
    list: (store) => storedRevisions(client, store),
    async stage(job, options) {
      const set = { ...options, limits, revision: job.revision };
      const stored = await storeRevision(client, job, set);
      if (stored.kind !== 'stored') return stored;
      if (stored.isNew && options.isTimeUp()) return { kind: 'unfinished' };
      const filled = await fillSlot(client, { ...job, files: stored.files, writeId: newId() }, set);
      if (filled.kind !== 'missing' || !job.files) return filled;
      // Without its record, the next pass stores it again.
      await removeRecord(client, job.store, job.revision);
      return { kind: 'changed' };
    },
    async abandon({ bucket }, { key, uploadId }) {
      try {
        await send(client, new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
      } catch (error) {
        if (!isNamed(error, 'NoSuchUpload')) throw error;
      }
    },
    async removeOthers(store, kept, isTimeUp) {
      for (const revision of await storedRevisions(client, store)) {
        if (isTimeUp()) return;
        if (!kept.includes(revision)) await removeRevision(client, store, revision);
      }
    },
  };
}

interface StoredRevisionFiles {
  readonly kind: 'stored';
  readonly files: readonly SourceFile[];
  /** This call stored them. */
  readonly isNew: boolean;
}

/** Copies a revision from its sources to the revision store, where it is not there yet. The record is written last. */
async function storeRevision(
  client: Client,
  { store, revision, data, files }: StagingJob,
  options: CopySetOptions,
): Promise<StoredRevisionFiles | StagingOutcome> {
  const address = { Bucket: store.bucket, Key: revisionRecordKey(store, revision) };
  const known = await readRecord(client, address);
  if (known) return { kind: 'stored', files: known.record.files, isNew: false };
  if (!files) return { kind: 'missing' };
  const bySource = data.files.map((file) => files.filter(({ source }) => sourceUriOf(source) === uriOf(file)));
  if (bySource.some((each) => each.length === 0)) return { kind: 'changed' };
  const needed = bySource.flat();
  const prefix = revisionPrefix(store, revision);
  const copies = needed.map(({ source, from }, index): PlannedCopy => {
    const to = { bucket: store.bucket, key: modelDataKey(prefix, index) };
    if (from) return { from, to, size: source.size };
    // Pinned to the ETag, not to the version: copying an old version would succeed and miss newer bytes.
    const { bucket, key, etag, size, version } = source;
    return { from: { bucket, key }, to, etag, size, ...(version !== undefined && { seen: version }) };
  });
  const outcome = await copySet(client, copies, options);
  if (outcome.kind === 'gone') return { kind: 'changed' };
  if (outcome.kind !== 'copied') return outcome;
  const stored = needed.map(({ source }) => source);
  const record: RevisionRecord = { version: 1, revision, files: stored };
  // A record that exists already was written by an earlier pass that ended before it knew.
  await writeText(client, { ...address, text: JSON.stringify(record) }, { IfNoneMatch: '*' });
  return { kind: 'stored', files: stored, isNew: true };
}
