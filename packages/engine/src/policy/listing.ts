import { createHash } from 'node:crypto';
import {
  type FolderSource,
  type NewestSource,
  type PrefixSource,
  type SourceSpec,
  uriOf,
} from '@freshpoint/cdk/contract';
import { digestLine, type SourceObject } from './source-object.ts';

/** A source whose objects are listed. */
export type ListedSource = PrefixSource | NewestSource | FolderSource;

/** An object in a folder, as copies are pinned to it. */
type ListedFile = Omit<SourceObject, 'lastModified'>;

/** How far the prefixes of the sources were listed: enough to continue in another pass. */
export interface ListingProgress {
  /** Index of the prefix that is being listed, in the order of `listedSources`; behind the last one, once all are. */
  readonly prefix: number;
  /** The last key that was listed below it. Absent: none. */
  readonly after?: string;
  /** Digest of the objects so far, each chained to the one before. Empty: there was none. */
  readonly digest: string;
  /** LastModified of the newest object so far, epoch ms. */
  readonly newest: number;
  /** Objects so far. */
  readonly objects: number;
  /** Bytes of the objects so far. */
  readonly size: number;
  /** URIs of the prefixes below which no object was found so far. */
  readonly missing: readonly string[];
  /** The newest objects so far, each with the source that chooses it. They are not counted above. Absent: none. */
  readonly chosen?: readonly SourceObject[];
  /** The objects in folders so far, `MAX_FOLDER_OBJECTS` and one more at most. Absent: there is no folder. */
  readonly files?: readonly ListedFile[];
}

/** Most objects in the folders of an endpoint: a pass must be able to check the copies of all of them. */
export const MAX_FOLDER_OBJECTS = 5000;

/** The sources that are listed, in that order. */
export function listedSources(sources: readonly SourceSpec[]): ListedSource[] {
  const prefixes = sources.filter((source) => 'prefix' in source || 'newestBelow' in source || 'folder' in source);
  return prefixes.toSorted((one, other) => Buffer.compare(Buffer.from(uriOf(one)), Buffer.from(uriOf(other))));
}

/** Below which prefix the objects of a source are. */
export function prefixOf(source: ListedSource): string {
  if ('folder' in source) return source.folder;
  return 'prefix' in source ? source.prefix : source.newestBelow;
}

/** A listing of which nothing was listed yet. */
export function beginListing(sources: readonly SourceSpec[]): ListingProgress {
  return { prefix: 0, digest: '', newest: 0, objects: 0, size: 0, missing: listedSources(sources).map(uriOf) };
}

/** Adds a page of the current prefix, whose keys are in UTF-8 order. `isLast`: no other page follows. */
export function addPage(
  progress: ListingProgress,
  sources: readonly SourceSpec[],
  { objects, isLast }: { readonly objects: readonly SourceObject[]; readonly isLast: boolean },
): ListingProgress {
  const listed = listedSources(sources);
  const source = listed[progress.prefix];
  if (!source) return progress;
  const matching = objects.filter((object) => includes(source, object, sources));
  const others = othersOf(source, sources, listed.slice(0, progress.prefix));
  const isCounted = (object: SourceObject) => !others.some((other) => names(other, object));
  const counted = 'newestBelow' in source ? [] : matching.filter(isCounted);
  const uri = uriOf(source);
  const files = 'folder' in source ? [...(progress.files ?? []), ...filesIn(uri, matching)] : progress.files;
  const chosen = 'newestBelow' in source ? chooseNewest(progress.chosen ?? [], matching, uri) : progress.chosen;
  return {
    ...(isLast
      ? { prefix: progress.prefix + 1 }
      : { prefix: progress.prefix, after: objects.at(-1)?.key ?? progress.after }),
    digest: counted.reduce((before, object) => chain(before, object), progress.digest),
    newest: counted.reduce((newest, { lastModified }) => Math.max(newest, lastModified), progress.newest),
    objects: progress.objects + counted.length,
    size: progress.size + counted.reduce((sum, { size }) => sum + size, 0),
    missing: matching.length > 0 ? progress.missing.filter((each) => each !== uri) : progress.missing,
    ...(chosen && chosen.length > 0 && { chosen }),
    ...(files && { files: files.slice(0, MAX_FOLDER_OBJECTS + 1) }),
  };
}

/** Whether an object belongs to a listed source. In a folder, the marker and pointers are not part of the model. */
function includes(source: ListedSource, object: SourceObject, sources: readonly SourceSpec[]): boolean {
  if (!names(source, object)) return false;
  return (
    !('folder' in source) || !sources.some((each) => ('marker' in each || 'pointer' in each) && names(each, object))
  );
}

/** The sources for which objects count rather than for this one. */
function othersOf(
  source: ListedSource,
  sources: readonly SourceSpec[],
  listedBefore: readonly ListedSource[],
): SourceSpec[] {
  // All of a folder is copied, so what another source chooses from, or a prefix includes, counts there, too.
  if ('folder' in source)
    return [...sources.filter((each) => 'key' in each), ...listedBefore.filter((each) => 'folder' in each)];
  // What a source names by its key, or chooses from, and what was listed below another prefix, counts there.
  return [...sources.filter((each) => !('prefix' in each)), ...listedBefore];
}

/** The objects as files of a folder. */
function filesIn(folder: string, objects: readonly SourceObject[]): ListedFile[] {
  return objects.map(({ lastModified: _, ...object }) => ({ ...object, chosenBy: folder }));
}

/** The chosen objects, with the newest that the source has seen; of two as new, that with the last key. */
function chooseNewest(
  chosen: readonly SourceObject[],
  objects: readonly SourceObject[],
  chosenBy: string,
): readonly SourceObject[] {
  const others = chosen.filter((object) => object.chosenBy !== chosenBy);
  const before = chosen.find((object) => object.chosenBy === chosenBy);
  // Keys are listed in order, so the later object wins a tie.
  const newest = objects.reduce(
    (best, object) => (best && best.lastModified > object.lastModified ? best : object),
    before,
  );
  return newest ? [...others, { ...newest, chosenBy }] : others;
}

/** Each object is hashed with all before it, so the digest depends on no page's size and fits into the state. */
function chain(before: string, object: SourceObject): string {
  return createHash('sha256').update(before).update(digestLine(object)).digest('hex');
}

function names(source: SourceSpec, { bucket, key }: SourceObject): boolean {
  if ('packageGroup' in source || source.bucket !== bucket) return false;
  if ('key' in source) return source.key === key;
  if ('marker' in source) return source.marker === key;
  if ('pointer' in source) return source.pointer === key;
  if ('folder' in source) return key.startsWith(source.folder);
  return key.startsWith(prefixOf(source)) && key.endsWith(source.suffix ?? '');
}
