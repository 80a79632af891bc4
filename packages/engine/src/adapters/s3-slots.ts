import {
  modelDataKey,
  revisionPrefix,
  type Slot,
  type SlotData,
  slotDataFolder,
  slotDataKey,
  slotPrefix,
  slotRecordKey,
  uriOf,
} from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { sourceUriOf } from '../policy/source-object.ts';
import type { StagingFile, StagingJob, StagingOutcome } from '../ports.ts';
import type { Client } from './client.ts';
import { type RevisionRecord, readRecord } from './revision-record.ts';
import { type CopySetOptions, copySet, headCopy, type PlannedCopy } from './s3-copy-set.ts';
import { type ObjectAddress, writeText } from './s3-json.ts';
import { folderDigest, pruneFolders } from './s3-slot-folders.ts';

/** The revision that a slot's data holds completely; undefined: none. */
export async function revisionInSlot(client: Client, data: SlotData, slot: Slot): Promise<string | undefined> {
  const found = await readRecord(client, slotAddress(data, slot));
  return found && (await holds(client, data, slot, found.record)) ? found.record.revision : undefined;
}

/** The objects whose copies a slot holds, with the copies. */
export async function filesInSlot(client: Client, data: SlotData, slot: Slot): Promise<readonly StagingFile[]> {
  const { bucket } = data;
  const { files = [], paths = [] } = (await readRecord(client, slotAddress(data, slot)))?.record ?? {};
  const prefix = slotPrefix(data.root, slot);
  return files.map((source, index) => ({ source, from: { bucket, key: `${prefix}${paths[index]}` } }));
}

/** The copy of an object. */
type SlotCopy = PlannedCopy & { readonly file: SourceFile };

type SlotJob = Omit<StagingJob, 'files'> & { readonly files: readonly SourceFile[]; readonly writeId: string };

/**
 * Copies a stored revision to a slot. The slot's record names no revision until all of it is copied, and each writer
 * writes its own record first, so a late one cannot complete another's.
 */
export async function fillSlot(client: Client, job: SlotJob, options: CopySetOptions): Promise<StagingOutcome> {
  const { data, slot, revision, writeId } = job;
  const address = slotAddress(data, slot);
  const before = await readRecord(client, address);
  if (before?.record.revision === revision && (await holds(client, data, slot, before.record)))
    return { kind: 'staged' };
  const copies = copiesOf(job);
  if (!copies) return { kind: 'missing' };
  const begun: RevisionRecord = { version: 1, files: [], writeId };
  const condition = before ? { IfMatch: before.etag } : ({ IfNoneMatch: '*' } as const);
  const etag = await writeText(client, { ...address, text: JSON.stringify(begun) }, condition);
  if (etag === undefined) return { kind: 'changed' };

  const outcome = await copySet(client, copies, options);
  if (outcome.kind === 'gone') return { kind: 'missing' };
  if (outcome.kind !== 'copied') return outcome;
  // What another writer has copied meanwhile must not be removed.
  const hasFolders = data.files.some((file) => 'folder' in file);
  if (hasFolders && (await readRecord(client, address))?.etag !== etag) return { kind: 'changed' };
  const folders = await pruneFolders(client, data, slot, outcome.etags);
  if (!folders) return { kind: 'changed' };
  const paths = copies.map(({ to }) => to.key.slice(slotPrefix(data.root, slot).length));
  const record: RevisionRecord = {
    version: 1,
    revision,
    files: copies.map(({ file }) => file),
    paths,
    folders,
    writeId,
  };
  const written = await writeText(client, { ...address, text: JSON.stringify(record) }, { IfMatch: etag });
  if (written !== undefined) return { kind: 'staged' };
  // The reply may have been lost, so that the SDK's second attempt met its own write.
  const after = await readRecord(client, address);
  return { kind: after?.record.writeId === writeId && after.record.revision === revision ? 'staged' : 'changed' };
}

/** What a slot's data consists of, in the order of its sources. Undefined: the revision lacks a source. */
function copiesOf({ store, data, slot, revision, files }: SlotJob): SlotCopy[] | undefined {
  const prefix = revisionPrefix(store, revision);
  const bySource = data.files.map((source, index) =>
    files.flatMap((file, stored): SlotCopy[] => {
      if (sourceUriOf(file) !== uriOf(source)) return [];
      const from = { bucket: store.bucket, key: modelDataKey(prefix, stored) };
      const key =
        'folder' in source
          ? `${slotDataFolder(data.root, slot, index)}${file.key.slice(source.folder.length)}`
          : slotDataKey(data.root, slot, index);
      return [{ file, from, to: { bucket: data.bucket, key }, size: file.size }];
    }),
  );
  return bySource.some((copies) => copies.length === 0) ? undefined : bySource.flat();
}

/** Whether the slot's objects are those of its record: they may have been deleted since. */
async function holds(
  client: Client,
  { bucket, root, files }: SlotData,
  slot: Slot,
  { revision, folders = {} }: RevisionRecord,
): Promise<boolean> {
  if (revision === undefined) return false;
  const checks = await Promise.all(
    files.map(async (file, index) => {
      if ('folder' in file)
        return (await folderDigest(client, bucket, slotDataFolder(root, slot, index))) === folders[index];
      const copy = await headCopy(client, { bucket, key: slotDataKey(root, slot, index) });
      return copy?.revision === revision;
    }),
  );
  return checks.every(Boolean);
}

function slotAddress({ bucket, root }: SlotData, slot: Slot): ObjectAddress {
  return { Bucket: bucket, Key: slotRecordKey(root, slot) };
}
