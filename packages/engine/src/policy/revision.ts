import { createHash } from 'node:crypto';
import { type SourceSpec, uriOf } from '@freshpoint/cdk/contract';
import type { ListingProgress } from './listing.ts';
import type { SourceFile, SourcesView } from './observation.ts';
import type { SourceFault } from './pointer.ts';
import { digestLine, type SourceObject, sourceUriOf } from './source-object.ts';

/** How much of a revision people see, in hex digits. */
const SHORT_REVISION_DIGITS = 12;

/** A revision as people see it. */
export function shortRevision(revision: string): string {
  return revision.slice(0, SHORT_REVISION_DIGITS);
}

/** An ETag without its quotes. */
export function unquoteETag(etag: string): string {
  return etag.replaceAll('"', '');
}

/** What the sources that are not listed only have. */
export interface FoundSources {
  /** The objects that they name by their keys, and those that they chose. */
  readonly objects: readonly SourceObject[];
  /** Sources that name nothing that could be served. */
  readonly faults: readonly SourceFault[];
}

/**
 * The revision of the objects that were listed, and of those that the sources name by their keys or chose: sha256 over
 * the digest of the listing, then the sorted (uri, checksum or else ETag, size, source that chose it) of these objects.
 * An object that several sources name counts once. Where a source has no object, the revision is a digest of the
 * existing objects, of the missing sources and of what is at fault.
 */
export function revisionOf(
  sources: readonly SourceSpec[],
  listed: ListingProgress,
  { objects, faults }: FoundSources,
): SourcesView {
  const named = [...new Map(objects.map((object) => [sourceUriOf(object), object])).entries()]
    .toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([, object]) => object);
  const uris = new Set([...named.map(sourceUriOf), ...faults.map(({ uri }) => uri)]);
  const isMissing = (source: SourceSpec) =>
    'prefix' in source || 'folder' in source
      ? listed.missing.includes(uriOf(source))
      : !('marker' in source) && !uris.has(uriOf(source));
  const missing = sources.filter(isMissing).map(uriOf);
  if (named.length === 0 && faults.length === 0 && listed.digest === '') return { kind: 'missing', uris: missing };

  const digest = createHash('sha256');
  if (listed.digest !== '') digest.update(`${listed.digest}\n`);
  for (const object of named) digest.update(digestLine(object));
  for (const uri of missing.toSorted()) digest.update(`missing ${uri}\n`);
  for (const { uri, etag } of faults.toSorted((one, other) => (one.uri < other.uri ? -1 : 1)))
    digest.update(`fault ${JSON.stringify([uri, etag])}\n`);
  const revision = digest.digest('hex');
  const newest = [...named, ...faults].reduce(
    (latest, { lastModified }) => Math.max(latest, lastModified),
    listed.newest,
  );
  if (missing.length + faults.length > 0) {
    const messages = faults.map(({ message }) => message);
    return { kind: 'missing', uris: missing, ...(faults.length > 0 && { faults: messages }), revision, newest };
  }
  return {
    kind: 'complete',
    revision,
    newest,
    objects: listed.objects + named.length,
    size: named.reduce((sum, { size }) => sum + size, listed.size),
    files: [...named.map(fileOf), ...(listed.files ?? [])],
  };
}

function fileOf({ lastModified: _, ...object }: SourceObject): SourceFile {
  return object;
}
