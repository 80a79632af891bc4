import type { SourceFile } from '../policy/observation.ts';
import type { Client } from './client.ts';
import { type ObjectAddress, readText } from './s3-json.ts';
import type { FolderDigests } from './s3-slot-folders.ts';

/** The JSON of `revision.json` and `slot.json`. */
export interface RevisionRecord {
  readonly version: 1;
  /** Absent in `slot.json` while the slot's data is being written. */
  readonly revision?: string;
  /** The objects that were copied. In the revision store, the copy of the object at an index is under that index. */
  readonly files: readonly SourceFile[];
  /** In `slot.json`: the keys of the copies of `files`, without the slot's prefix. */
  readonly paths?: readonly string[];
  /** In `slot.json`. */
  readonly folders?: FolderDigests;
  /** In `slot.json`: unique to each writer, so that no two versions of the object have the same ETag. */
  readonly writeId?: string;
}

/** The record and its ETag; undefined: there is no object. */
export async function readRecord(
  client: Client,
  address: ObjectAddress,
): Promise<{ readonly record: RevisionRecord; readonly etag: string } | undefined> {
  const found = await readText(client, address);
  if (!found) return undefined;
  return { record: parseRecord(found.text), etag: found.etag };
}

/** An object that is not a record holds no revision. */
function parseRecord(text: string): RevisionRecord {
  const none: RevisionRecord = { version: 1, files: [] };
  try {
    const parsed = JSON.parse(text) as RevisionRecord | null;
    return parsed?.version === 1 && Array.isArray(parsed.files) ? parsed : none;
  } catch {
    return none;
  }
}
