import {
  modelDataKey,
  revisionPrefix,
  type Slot,
  type SlotData,
  slotDataKey,
  slotRecordKey,
} from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { sourceUriOf, uriOf } from '../policy/source-object.ts';
import type { StagingJob, StagingOutcome } from '../ports.ts';
import type { Client } from './client.ts';
import { type RevisionRecord, readRecord } from './revision-record.ts';
import { type CopySetOptions, copySet, headCopy, type PlannedCopy } from './s3-copy-set.ts';
import { type ObjectAddress, writeText } from './s3-json.ts';

/** The revision that a slot's data holds completely; undefined: none. */
export async function revisionInSlot(client: Client, data: SlotData, slot: Slot): Promise<string | undefined> {
  const found = await readRecord(client, slotAddress(data, slot));
  return found && (await holds(client, data, slot, found.record)) ? found.record.revision : undefined;
}

/** The sources whose copies a slot holds. */
export async function filesInSlot(client: Client, data: SlotData, slot: Slot): Promise<readonly SourceFile[]> {
  return (await readRecord(client, slotAddress(data, slot)))?.record.files ?? [];
}

type SlotJob = Omit<StagingJob, 'files'> & { readonly files: readonly SourceFile[]; readonly writeId: string };

/**
 * Copies a stored revision to a slot. The slot's record names no revision until all of it is copied, and each writer
 * writes its own record first, so a late one cannot complete another's.
 */
export async function fillSlot(client: Client, job: SlotJob, options: CopySetOptions): Promise<StagingOutcome> {
  const { store, data, slot, revision, files, writeId } = job;
  const address = slotAddress(data, slot);
  const before = await readRecord(client, address);
  if (before?.record.revision === revision && (await holds(client, data, slot, before.record)))
    return { kind: 'staged' };
  const needed = sourcesOf(data, files);
  if (needed.length < data.files.length) return { kind: 'missing' };
  const begun: RevisionRecord = { version: 1, files: [], writeId };
  const condition = before ? { IfMatch: before.etag } : ({ IfNoneMatch: '*' } as const);
  const etag = await writeText(client, { ...address, text: JSON.stringify(begun) }, condition);
  if (etag === undefined) return { kind: 'changed' };

  const prefix = revisionPrefix(store, revision);
  const copies = needed.map((source, index): PlannedCopy => {
    const from = { bucket: store.bucket, key: modelDataKey(prefix, files.indexOf(source)) };
    return { from, to: { bucket: data.bucket, key: slotDataKey(data.root, slot, index) }, size: source.size };
  });
  const outcome = await copySet(client, copies, options);
  if (outcome.kind === 'gone') return { kind: 'missing' };
  if (outcome.kind !== 'copied') return outcome;
  const record: RevisionRecord = { version: 1, revision, files: needed, writeId };
  const written = await writeText(client, { ...address, text: JSON.stringify(record) }, { IfMatch: etag });
  if (written !== undefined) return { kind: 'staged' };
  // The reply may have been lost, so that the SDK's second attempt met its own write.
  const after = await readRecord(client, address);
  return { kind: after?.record.writeId === writeId && after.record.revision === revision ? 'staged' : 'changed' };
}

/** The sources that a slot's data is copied from, in the order of its files; fewer where the revision lacks some. */
function sourcesOf(data: SlotData, files: readonly SourceFile[]): SourceFile[] {
  return data.files.flatMap((file) => files.find((source) => sourceUriOf(source) === uriOf(file)) ?? []);
}

/** Whether the slot's objects are those of its record: they may have been deleted since. */
async function holds(
  client: Client,
  { bucket, root, files }: SlotData,
  slot: Slot,
  { revision }: RevisionRecord,
): Promise<boolean> {
  if (revision === undefined) return false;
  const copies = await Promise.all(
    files.map((_, index) => headCopy(client, { bucket, key: slotDataKey(root, slot, index) })),
  );
  return copies.every((copy) => copy?.revision === revision);
}

function slotAddress({ bucket, root }: SlotData, slot: Slot): ObjectAddress {
  return { Bucket: bucket, Key: slotRecordKey(root, slot) };
}
