import {
  HeadObjectCommand,
  type HeadObjectOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsOutput,
} from '@aws-sdk/client-s3';
import { type Slot, type SlotData, slotDataKey } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import type { SlotStore, StagingSource } from '../ports.ts';
import { type Client, isNamed } from './client.ts';
import { COPY_LIMITS, type Copy, copyObject } from './s3-copy.ts';

/** What a place's object says of itself: names of its metadata. */
const REVISION = 'freshpoint-revision';
const SOURCE = 'freshpoint-source';
const ETAG = 'freshpoint-etag';
const VERSION = 'freshpoint-version';

/** One object of a place. */
interface Placed {
  readonly etag: string;
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The slots' places: each object of one says of which revision it is, so what a slot holds needs no other record. */
export function s3SlotStore(client: Client, limits = COPY_LIMITS): SlotStore {
  const head = (bucket: string, key: string, version?: string) => headObject(client, bucket, key, version);
  const place = ({ bucket, root, files }: SlotData, slot: Slot) =>
    Promise.all(files.map((_, index) => head(bucket, slotDataKey(root, slot, index))));

  return {
    async observe(data) {
      const [a, b] = await Promise.all([place(data, 'a'), place(data, 'b')]);
      return { ...revisionIn('a', a), ...revisionIn('b', b) };
    },
    async contents(data, slot) {
      return (await place(data, slot)).flatMap((placed) => (placed ? sourceOf(placed) : []));
    },
    async stage(data, slot, revision, from, options) {
      const { bucket, root } = data;
      const there = await place(data, slot);
      const copies = await copiesFor(client, data, revision, from);
      if (!copies) return { kind: from.kind === 'retained' ? 'not-retained' : 'changed' };
      for (const [index, copy] of copies.entries()) {
        const now = there[index];
        if (now?.metadata[REVISION] === revision) continue;
        const to = { bucket, key: slotDataKey(root, slot, index) };
        const outcome = await copyObject(client, { ...copy, to, over: now?.etag }, { ...options, limits });
        if (outcome.kind === 'gone') return { kind: from.kind === 'retained' ? 'not-retained' : 'changed' };
        if (outcome.kind !== 'copied') return outcome;
        if (options.isTimeUp() && index < copies.length - 1) return { kind: 'unfinished' };
      }
      return { kind: 'staged' };
    },
  };
}

function revisionIn<S extends Slot>(
  slot: S,
  placed: readonly (Placed | undefined)[],
): { readonly [slot in S]?: string } {
  const revision = placed[0]?.metadata[REVISION];
  const isWhole = revision !== undefined && placed.every((each) => each?.metadata[REVISION] === revision);
  return (isWhole ? { [slot]: revision } : {}) as { readonly [slot in S]?: string };
}

type Draft = Omit<Copy, 'to' | 'over'>;

/** A copy per place, in their order; undefined where one has nothing to be made of. */
async function copiesFor(
  client: Client,
  data: SlotData,
  revision: string,
  from: StagingSource,
): Promise<readonly Draft[] | undefined> {
  const { bucket, root, files } = data;
  const drafts = await Promise.all(
    files.map(async (file, index): Promise<Draft | undefined> => {
      if (from.kind === 'sources') {
        const source = from.files.find(({ bucket, key }) => bucket === file.bucket && key === file.key);
        // By its ETag, not by its version: a copy of an older version would succeed, and newer bytes go unnoticed.
        return source && ofSource(source, revision);
      }
      if (from.kind === 'slot') {
        const key = slotDataKey(root, from.slot, index);
        const placed = await headObject(client, bucket, key);
        return placed && ofPlace(placed, { bucket, key }, revision);
      }
      return undefined;
    }),
  );
  const found = from.kind === 'retained' ? await retained(client, data, revision) : drafts;
  return found.every((draft) => draft !== undefined) ? (found as Draft[]) : undefined;
}

function ofSource({ bucket, key, etag, size, version }: SourceFile, revision: string): Draft {
  const metadata = {
    [REVISION]: revision,
    // Metadata holds ASCII.
    [SOURCE]: encodeURI(`s3://${bucket}/${key}`),
    [ETAG]: etag,
    ...(version !== undefined && { [VERSION]: version }),
  };
  return { from: { bucket, key }, etag, size, metadata, ...(version !== undefined && { seen: version }) };
}

function ofPlace({ etag, size, metadata }: Placed, from: Draft['from'], revision: string): Draft {
  return { from, etag, size, metadata: { ...metadata, [REVISION]: revision } };
}

/** Newest versions first, of both slots' places. */
async function retained(
  client: Client,
  { bucket, root, files }: SlotData,
  revision: string,
): Promise<(Draft | undefined)[]> {
  const found: (Draft | undefined)[] = files.map(() => undefined);
  const places = new Map(
    (['a', 'b'] as const).flatMap((slot) => files.map((_, index) => [slotDataKey(root, slot, index), index] as const)),
  );
  let marker: Pick<ListObjectVersionsOutput, 'NextKeyMarker' | 'NextVersionIdMarker'> = {};
  do {
    const page: ListObjectVersionsOutput = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: root,
        KeyMarker: marker.NextKeyMarker,
        VersionIdMarker: marker.NextVersionIdMarker,
      }),
    );
    for (const { Key = '', VersionId } of page.Versions ?? []) {
      const index = places.get(Key);
      if (index === undefined || found[index] || VersionId === undefined) continue;
      const placed = await headObject(client, bucket, Key, VersionId);
      if (placed?.metadata[REVISION] !== revision) continue;
      found[index] = ofPlace(placed, { bucket, key: Key, version: VersionId }, revision);
    }
    marker = page.IsTruncated ? page : {};
  } while (marker.NextKeyMarker !== undefined);
  return found;
}

function sourceOf({ metadata, size }: Placed): SourceFile[] {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(decodeURI(metadata[SOURCE] ?? ''));
  if (!match) return [];
  const version = metadata[VERSION];
  return [
    { bucket: match[1]!, key: match[2]!, etag: metadata[ETAG] ?? '', size, ...(version !== undefined && { version }) },
  ];
}

async function headObject(client: Client, bucket: string, key: string, version?: string): Promise<Placed | undefined> {
  try {
    const {
      ETag = '',
      ContentLength = 0,
      Metadata = {},
    }: HeadObjectOutput = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: version }));
    return { etag: ETag.replaceAll('"', ''), size: ContentLength, metadata: Metadata };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchVersion')) return undefined;
    throw error;
  }
}
