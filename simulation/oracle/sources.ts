import { createHash } from 'node:crypto';
import { archiveKeys, type SourceKeys } from '../worlds/layout.ts';
import { packageSource } from '../worlds/source-names.ts';
import type { World } from '../worlds/world.ts';
import { readNamed } from './chosen-objects.ts';
import { type DanglingPointer, type FoundObject, foundBelow } from './found-objects.ts';

/** The objects that are stored at the models' sources at one moment. */
export interface SourceSnapshot {
  /** Epoch ms of the change. */
  readonly at: number;
  /** Absent: an object is missing. */
  readonly revision?: string;
  /** LastModified of the newest, by S3's clock. */
  readonly newest: number;
  /** ETag of the bytes by the source's URI. */
  readonly etags: ReadonlyMap<string, string>;
  readonly objects: readonly FoundObject[];
  /** While an object is missing: the revision of the others, by which the controller refuses it. */
  readonly partialRevision?: string;
  /** When the controller first saw it, according to its state. */
  seenAt?: number;
  /** Since when the state has it, epoch ms. */
  knownAt?: number;
}

/** Reads the truth independently: what the controller computes is compared with this. */
export function readSources(world: World, sources: SourceKeys): SourceSnapshot {
  const { prefix, marker } = sources;
  const listed = prefix === undefined ? [] : foundBelow(world, prefix).filter(({ key }) => key !== marker);
  const named = archiveKeys(sources).flatMap((name) => readNamed(world, name) ?? []);
  const objects = named.flatMap((found) => (found.key === undefined ? [] : found));
  const faults = named.flatMap((found) => (found.key === undefined ? found : []));
  return snapshotOf(world, sources, [...objects, ...listed], faults);
}

/** The sources, if they have these objects. */
export function snapshotOf(
  world: World,
  sources: SourceKeys,
  objects: readonly FoundObject[],
  faults: readonly DanglingPointer[] = [],
): SourceSnapshot {
  const { prefix } = sources;
  const names = archiveKeys(sources);
  const named = sorted(objects.filter(({ name }) => names.includes(name)));
  const listed = sorted(objects.filter(({ name }) => !names.includes(name)));
  const found = [...named, ...listed];
  const known = new Set([...named, ...faults].map(({ name }) => name));
  const missing = names.filter((name) => !known.has(name));
  if (prefix !== undefined && listed.length === 0) missing.push(`${prefix}*`);
  const isComplete = missing.length + faults.length === 0;
  const digest = createHash('sha256');
  if (listed.length > 0) digest.update(`${chainOf(listed.map((object) => lineOf(world, object)))}\n`);
  for (const object of named) digest.update(lineOf(world, object));
  for (const name of missing.toSorted()) digest.update(`missing ${sourceUri(world, name)}\n`);
  for (const { name, etag } of sorted(faults)) {
    digest.update(`fault ${JSON.stringify([sourceUri(world, name), unquoted(etag)])}\n`);
  }
  const revision = digest.digest('hex');
  return {
    at: world.clock.now(),
    ...(isComplete ? { revision } : { partialRevision: revision }),
    newest: Math.max(0, ...[...found, ...faults].map(({ modified }) => modified)),
    etags: new Map(found.map(({ name, etag }) => [sourceUri(world, name), world.wholeEtag(etag)])),
    objects: found,
  };
}

/** What a revision's digest has of one object. */
function lineOf(world: World, { name, key, etag, checksum, size }: FoundObject): string {
  const chosenBy = name === key ? [] : [sourceUri(world, name)];
  return `${JSON.stringify([sourceUri(world, key), checksum ?? unquoted(etag), size, ...chosenBy])}\n`;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

/** URI of the object at a key of the sources' bucket; packages are named as they are. */
export function sourceUri({ bucket }: World, name: string): string {
  return name.startsWith(packageSource('')) ? name : `s3://${bucket}/${name}`;
}

/** The reverse of `sourceUri`. */
export function sourceName(world: World, uri: string): string {
  const bucket = sourceUri(world, '');
  return uri.startsWith(bucket) ? uri.slice(bucket.length) : uri;
}

/** The digest of a listing: each object is hashed with all before it. */
function chainOf(lines: readonly string[]): string {
  return lines.reduce(
    (before, line) =>
      createHash('sha256')
        .update(before + line)
        .digest('hex'),
    '',
  );
}

function sorted<T extends { readonly name: string }>(found: readonly T[]): T[] {
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
